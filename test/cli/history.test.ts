import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { History, historyPath, isKept } from '../../src/cli/repl/history.ts'
import { directoryWith } from './commandLine.ts'

test('entries are kept over sessions, the newest first, and only for their user', async () => {
  const path = join(directoryWith(), 'state', 'callplane', 'history')
  const history = new History(path)
  expect(await history.load()).toEqual([])
  await history.add('select 1;')
  await history.add('select 2;')
  expect(await new History(path).load()).toEqual(['select 2;', 'select 1;'])
  expect(statSync(path).mode & 0o777).toBe(0o600)
})

test('statements with passwords, and those after a space, are not kept', async () => {
  expect(isKept("create secret s (type s3, secret 'x')")).toBe(false)
  expect(isKept("attach 'host=x password=y' as p")).toBe(false)
  expect(isKept(' select 1')).toBe(false)
  expect(isKept('select secretary from t')).toBe(true)
  const path = join(directoryWith(), 'history')
  await new History(path).add(' select 1')
  expect(await new History(path).load()).toEqual([])
})

test('a long history is cut to its newest entries', async () => {
  const path = join(directoryWith(), 'history')
  writeFileSync(path, Array.from({ length: 2500 }, (_, index) => `select ${index};\n`).join(''))
  const entries = await new History(path).load()
  expect(entries).toHaveLength(1000)
  expect(entries[0]).toBe('select 2499;')
  expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(1001)
})

test('a history that cannot be written is no error', async () => {
  const directory = directoryWith({ file: '' })
  const history = new History(join(directory, 'file', 'history'))
  await history.add('select 1;')
  expect(await history.load()).toEqual([])
})

test('the history lies in the folder for the state of programs, unless it is said', () => {
  expect(historyPath({ CALLPLANE_HISTORY: '/x/h', XDG_STATE_HOME: '/state' })).toBe('/x/h')
  expect(historyPath({ XDG_STATE_HOME: '/state' })).toBe('/state/callplane/history')
  expect(historyPath({})).toMatch(/\.local\/state\/callplane\/history$/)
})
