import { defineFunction } from 'callplane'

/** Gives each text back, as it lies. */
export const echo = defineFunction({
  name: 'echo',
  input: { text: 'VARCHAR' },
  output: 'VARCHAR',
  format: 'arrow',
  executor: 'main',
  handler: (table) => {
    const texts = table.getChild('text')
    if (texts === null) throw new Error('a call without texts')
    return texts
  },
})
