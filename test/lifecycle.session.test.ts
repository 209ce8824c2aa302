import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { Session } from 'callplane'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { values } from './sessions.ts'

const functions = ['test/fixtures/lifecycle/functions.ts']
let folder = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'callplane-lifecycle-'))
  process.env['CALLPLANE_LIFECYCLE'] = join(folder, 'notes')
})
afterEach(() => {
  delete process.env['CALLPLANE_LIFECYCLE']
  rmSync(folder, { recursive: true, force: true })
})

/** What was written down, without the places. */
function notes(): string[] {
  try {
    const lines = readFileSync(join(folder, 'notes'), 'utf8').trim().split('\n')
    return lines.map((line) => line.slice(0, line.lastIndexOf(' ')))
  } catch {
    return []
  }
}

const open = (route: 'staged' | 'bridged' | 'fused' | null): Promise<Session> =>
  Session.open({ functions, state: null, secrets: { KEY: 'k' }, settings: { route, poolThreads: 1 } })

test.each(['staged', 'bridged'] as const)(
  'a session closes what its %s calls have started',
  async (route) => {
    const session = await open(route)
    for (const name of ['by_row', 'by_batch', 'on_main']) {
      expect(await values(session, `SELECT sum(${name}(i::INTEGER)) FROM range(10) t(i)`)).toEqual([45n])
    }
    expect(notes()).toEqual(['start by_row', 'start by_batch', 'start on_main'])
    await session.close()
    expect(notes().slice(3).toSorted()).toEqual([
      'stop by_batch after 1',
      'stop by_row after 10',
      'stop on_main after 10',
    ])
  },
)

test('a function that keeps state is never fused', async () => {
  const session = await open(null)
  expect(await session.explain('SELECT by_row(i::INTEGER) FROM range(10) t(i)')).toContain('it keeps state')
  await session.close()
  const fused = await open('fused')
  await expect(fused.sql('SELECT by_row(i::INTEGER) FROM range(10) t(i)')).rejects.toMatchObject({
    code: 'ROUTE_UNAVAILABLE',
    message: "function 'by_row' cannot take the route 'fused': it keeps state",
  })
  await fused.close()
  expect(notes()).toEqual([])
})

test('streams and queries share a state, and nested calls have theirs', async () => {
  const session = await open(null)
  for (const _ of [1, 2]) {
    const items: unknown[] = []
    for await (const item of session.stream('yields', 3)) items.push(item)
    expect(items).toEqual([0, 1, 2])
  }
  expect(await values(session, 'SELECT yields(2)')).toEqual([[0, 1]])
  expect(await values(session, 'SELECT nests(5)')).toEqual([10])
  await session.close()
  expect(notes().toSorted()).toEqual([
    'start by_row',
    'start nests',
    'start on_main',
    'start yields',
    'stop by_row after 1',
    'stop nests after 1',
    'stop on_main after 1',
    'stop yields after 3',
  ])
})

test('a startup that fails fails all rows of a batch at once, as null where they may', async () => {
  const session = await open(null)
  const outcomes = "SELECT heals(i::INTEGER, options => {on_error: 'null'}) AS got FROM range(100) t(i)"
  const attempt = async () => (await (await session.sql(outcomes)).toRows()).map(({ got }) => got)
  expect(await attempt()).toEqual(Array.from({ length: 100 }, () => null))
  await expect(session.sql('SELECT heals(1)').then((result) => result.toRows())).rejects.toThrow(
    "onStartup of function 'heals' failed: no answer for k",
  )
  expect(await attempt()).toEqual(Array.from({ length: 100 }, (_, row) => row + 1))
  await session.close()
})

test('processes shut down when their parent ends without closing them', async () => {
  const parent = spawn(process.execPath, ['--import', 'tsx', 'test/fixtures/lifecycle/parent.ts'], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  expect(await new Promise((resolve) => parent.on('exit', resolve))).toBe(0)
  for (let waits = 0; waits < 100 && notes().length < 2; waits++) await setTimeout(10)
  expect(notes()).toEqual(['start by_row', 'stop by_row after 3'])
})
