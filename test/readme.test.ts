import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'

const directory = 'test/.tmp'
const readme = readFileSync('README.md', 'utf8')
const snippets = [...readme.matchAll(/```ts run\n([\s\S]*?)```(?:\s*```text output\n([\s\S]*?)```)?/g)].map(
  ([, code = '', output], index) => ({ number: index + 1, code, output }),
)

afterAll(() => rmSync(directory, { recursive: true, force: true }))

test('README has a snippet that runs', () => {
  expect(snippets.length).toBeGreaterThan(0)
})

test.each(snippets)('README snippet $number prints what it says', ({ number, code, output }) => {
  mkdirSync(directory, { recursive: true })
  const file = `${directory}/readme-${number}.ts`
  writeFileSync(file, code)
  expect(execFileSync(process.execPath, ['--import', 'tsx', file], { encoding: 'utf8' })).toBe(output)
})
