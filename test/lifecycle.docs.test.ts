import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import { openSession, values } from './sessions.ts'

const directory = 'test/.tmp/lifecycle'
const page = readFileSync('docs/calls.md', 'utf8')
const modules = [...page.matchAll(/```ts module\n([\s\S]*?)```/g)].map(([, code = '']) => code)

afterAll(() => rmSync(directory, { recursive: true, force: true }))

test('the function of docs/calls.md that keeps state in a process works', async () => {
  expect(modules).toHaveLength(1)
  mkdirSync(directory, { recursive: true })
  writeFileSync(`${directory}/words.txt`, 'hello\nworld\n')
  const code = modules[0]!.replace("'words.txt'", `'${directory}/words.txt'`)
  writeFileSync(`${directory}/spell.ts`, code)
  const session = await openSession({ functions: [`${directory}/spell.ts`], state: null })
  const result = await session.sql(
    "SELECT spell(word) AS right FROM (VALUES ('hello'), ('wrold'), (NULL)) t(word)",
  )
  expect((await result.toRows()).map(({ right }) => right)).toEqual([true, false, false])
  expect(result.profile.log).toMatchObject([
    { level: 'info', message: 'read the dictionary', fields: '{"words":2}' },
  ])
  expect(await values(session, "SELECT spell('world')")).toEqual([true])
})
