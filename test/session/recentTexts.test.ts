import { expect, test } from 'vitest'
import { RecentTexts } from '../../src/session/recentTexts.ts'

test('a text is made once while it is kept, also for those who ask at once', async () => {
  const texts = new RecentTexts<number>(2)
  let made = 0
  const make = async (): Promise<number> => ++made
  expect(await Promise.all([texts.get('a', make), texts.get('a', make)])).toEqual([1, 1])
  expect(await texts.get('b', make)).toBe(2)
})

test('the text that was used least recently goes first', async () => {
  const texts = new RecentTexts<string>(2)
  const made: string[] = []
  const get = async (text: string): Promise<string> =>
    texts.get(text, async () => {
      made.push(text)
      return text
    })
  for (const text of ['a', 'b', 'a', 'c', 'a', 'b']) await get(text)
  expect(made).toEqual(['a', 'b', 'c', 'b'])
})

test('a failure is not kept, and nothing after clear', async () => {
  const texts = new RecentTexts<number>(2)
  await expect(texts.get('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await texts.get('a', async () => 1)).toBe(1)
  texts.clear()
  expect(await texts.get('a', async () => 2)).toBe(2)
})
