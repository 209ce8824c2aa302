import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { openStateStore } from '../../catalog/store/libsqlStore.ts'
import type { RunRecord } from '../../catalog/store/stateStore.ts'
import { callplane, directoryWith } from './commandLine.ts'

const functionsModule = `
import { appendFileSync } from 'node:fs'
import { defineFunction } from 'callplane'

export const square = defineFunction({
  name: 'square',
  input: { a: 'BIGINT' },
  output: 'BIGINT',
  price: { perCall: 0.01 },
  handler: async ({ a }) => {
    appendFileSync('calls.txt', a + '\\n')
    await new Promise((resolve) => setTimeout(resolve, 3))
    return a * a
  },
})

export const picky = defineFunction({
  name: 'picky',
  input: { a: 'BIGINT', why: 'VARCHAR' },
  output: 'BIGINT',
  onError: 'deadLetter',
  handler: async ({ a }) => {
    if (a % 3n === 0n && process.env['FIXED'] !== 'all' && process.env['FIXED'] !== String(a)) {
      throw new TypeError('no threes, please')
    }
    return a * 2n
  },
})
`

const script = `
import { DataFrame, F, _ } from 'callplane'
const rows = DataFrame.fromSql('SELECT range % 2000 AS a FROM range(4000)')
await rows.project({ a: _.a, b: F.catalogCall('square', _.a) }).writeParquet('out.parquet')
`

const all = ['--functions', 'functions.mjs']

function workplace(): string {
  return directoryWith({ 'functions.mjs': functionsModule, 'script.mjs': script })
}

function calls(directory: string): readonly string[] {
  const path = join(directory, 'calls.txt')
  return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : []
}

interface ListedRun {
  readonly id: string
  readonly name: string | null
  readonly state: string
  readonly rows: number
  readonly calls: number
  readonly saved: number
  readonly errors: number
  readonly dollars: number
}

async function listRuns(directory: string): Promise<readonly ListedRun[]> {
  const { out, err } = await callplane(['runs'], { directory })
  expect(err).toBe('')
  return out
    .split('\n')
    .filter((line) => line !== '')
    .map((line): ListedRun => JSON.parse(line))
}

/** The records of runs, the latest first, without a process that says so. */
async function records(directory: string, state = '.callplane'): Promise<readonly RunRecord[]> {
  const path = join(directory, state, 'state.db')
  if (!existsSync(path)) return []
  const store = await openStateStore(path)
  try {
    return await store.runs.list(10)
  } finally {
    await store.close()
  }
}

/** What callplane says of one run, by property. */
async function show(directory: string, run: string): Promise<Readonly<Record<string, string | null>>> {
  const { out } = await callplane(['runs', run, '--format', 'json'], { directory })
  const rows: readonly { property: string; value: string | null }[] = JSON.parse(out)
  return Object.fromEntries(rows.map(({ property, value }) => [property, value]))
}

describe('callplane run', () => {
  test('that is killed goes on where it was, and gives what an undisturbed run gives', async () => {
    const directory = workplace()
    const run = ['run', ...all, '--name', 'squares']
    const killed = await callplane([...run, 'script.mjs'], {
      directory,
      during: async (child) => {
        child.stdin?.end()
        while (calls(directory).length < 100) await delay(10)
        await delay(Math.random() * 300)
        child.kill('SIGKILL')
        await once(child, 'exit')
      },
    })
    expect(killed.signal).toBe('SIGKILL')
    expect(existsSync(join(directory, 'out.parquet'))).toBe(false)
    const before = calls(directory).length
    expect(await listRuns(directory)).toMatchObject([{ name: 'squares', state: 'interrupted' }])

    const resumed = await callplane([...run, '--resume', 'script.mjs'], { directory })
    expect(resumed).toMatchObject({ code: 0, out: '' })
    expect(resumed.err).toMatch(/^run \S+: [\d,]+ rows in [\d,]+ calls, [\d,]+ rows saved, \$[\d.]+\n$/)
    expect(new Set(calls(directory)).size).toBe(2000)
    // As many as were in flight, and those that were done but not written yet.
    expect(calls(directory).length).toBeLessThanOrEqual(2000 + 256)
    expect(calls(directory).length).toBeGreaterThanOrEqual(Math.max(2000, before))
    const sums = await callplane(
      ['sql', "SELECT count(*) AS n, sum(a) AS a, sum(b) AS b, bool_and(b = a * a) AS ok FROM 'out.parquet'"],
      { directory },
    )
    expect(JSON.parse(sums.out)).toEqual({ n: 4000, a: 3_998_000, b: 5_329_334_000, ok: true })
    expect(await records(directory)).toMatchObject([{ name: 'squares', state: 'done', rows: 4000 }])
    expect(readdirSync(directory).filter((name) => name.endsWith('.tmp'))).toEqual([])
  })

  test('cannot be resumed when it is done, was of another script, is not there, or is going on', async () => {
    const directory = directoryWith({
      'script.js': '',
      'other.js': '1',
      'slow.js': 'setTimeout(() => {}, 20_000)',
    })
    const run = async (...args: string[]): Promise<string> =>
      (await callplane(['run', ...args], { directory })).err
    expect(await run('--name', 'a', 'script.js')).toMatch(/^run \S+: 0 rows in 0 calls\n$/)
    expect(await run('--name', 'a', '--resume', 'script.js')).toContain(
      "error[RUN_INVALID]: run 'a' is done: there is nothing to resume\n",
    )
    expect(await run('--name', 'b', '--resume', 'script.js')).toContain(
      "error[RUN_INVALID]: there is no run 'b' to resume\n",
    )
    expect(await run('--resume', 'other.js')).toContain(
      'error[RUN_INVALID]: there is no run of this to resume\n',
    )
    await callplane(['run', '--name', 's', 'slow.js'], {
      directory,
      during: async (child) => {
        child.stdin?.end()
        while ((await records(directory)).length < 2) await delay(50)
        expect(await run('--name', 's', '--resume', 'slow.js')).toContain('error[RUN_INVALID]')
        expect(await run('--name', 's', '--resume', 'other.js')).toMatch(
          /^error\[RUN_INVALID\]: run 's' was of something else: \S+slow\.js\n/,
        )
        child.kill('SIGKILL')
        await once(child, 'exit')
      },
    })
  })

  test('that ends with another exit code than 0 failed, and can be resumed', async () => {
    const directory = directoryWith({ 'script.js': 'process.exitCode = Number(process.argv[2])' })
    const run = ['run', '--name', 'coded']
    const failed = await callplane([...run, 'script.js', '7'], { directory })
    expect(failed.code).toBe(7)
    expect(failed.err).toMatch(/^run \S+: 0 rows in 0 calls; go on with --name coded --resume\n$/)
    const error = `${join(directory, 'script.js')} ended with exit code 7`
    expect(await records(directory)).toMatchObject([{ state: 'failed', error }])
    expect((await callplane([...run, '--resume', 'script.js', '0'], { directory })).code).toBe(0)
    expect(await records(directory)).toMatchObject([{ name: 'coded', state: 'done', error: null }])
  })

  test('stops at its budget, keeps what it paid for, and goes on with more', async () => {
    const directory = workplace()
    const run = ['run', ...all, '--name', 'dear']
    const stopped = await callplane([...run, '--budget-calls', '50', 'script.mjs'], { directory })
    expect(stopped.code).toBe(5)
    expect(stopped.err).toMatch(/error\[BUDGET_EXCEEDED\]: the budget of 50 calls is used up/)
    expect(stopped.err).toMatch(/^run (\S+): .*; go on with --name dear --resume\n/m)
    expect(calls(directory).length).toBeLessThanOrEqual(50)
    expect(await callplane([...run, '--resume', 'script.mjs'], { directory })).toMatchObject({ code: 0 })
    // Calls that were in flight when the budget was used up are made again.
    expect(calls(directory).length).toBeLessThanOrEqual(2000 + 32)
    expect(await records(directory)).toMatchObject([{ name: 'dear', state: 'done', rows: 4000, error: null }])
  })
})

describe('callplane sql', () => {
  test('with a name is recorded, and resumed without the query', async () => {
    const directory = workplace()
    const query = 'SELECT range AS a, square(range) AS b FROM range(300)'
    const options = [...all, '--name', 'q', '-o', 'out.csv', '--state', 'kept']
    const stopped = await callplane(['sql', query, ...options, '--budget-dollars', '0.5'], { directory })
    expect(stopped.code).toBe(5)
    expect(readdirSync(directory).toSorted()).toEqual(['calls.txt', 'functions.mjs', 'kept', 'script.mjs'])
    expect(await callplane(['sql', ...options, '--resume'], { directory })).toMatchObject({
      code: 0,
      out: '',
    })
    expect(calls(directory).length).toBeLessThanOrEqual(300 + 32)
    expect(readFileSync(join(directory, 'out.csv'), 'utf8').split('\n').slice(0, 4)).toEqual([
      'a,b',
      '0,0',
      '1,1',
      '2,4',
    ])
  })

  test('without one leaves no trace, and is stopped by its budget all the same', async () => {
    const directory = workplace()
    const query =
      'SELECT picky(range + 1, NULL) AS p FROM range(2); SELECT picky(range + 4, NULL) AS p FROM range(2)'
    expect(await callplane(['sql', query, ...all], { directory })).toMatchObject({ code: 0, err: '' })
    expect(existsSync(join(directory, '.callplane'))).toBe(false)
    const { code, err } = await callplane(['sql', query, ...all, '--budget-calls', '1'], { directory })
    expect(code).toBe(5)
    expect(err).toMatch(/^error\[BUDGET_EXCEEDED\]: the budget of 1 call is used up/)
  })

  test('ends with 3 when rows failed, and retry calls just those again', async () => {
    const directory = workplace()
    const query = "SELECT picky(range, 'x') AS p FROM range(7)"
    const failed = await callplane(['sql', query, ...all], { directory })
    expect(failed.code).toBe(3)
    expect(failed.out.trim().split('\n')).toHaveLength(7)
    const [first, second] = failed.err.split('\n')
    expect(first).toMatch(/^3 rows of picky failed \(FUNCTION_FAILED: .*no threes, please\)$/)
    expect(second).toMatch(/^their inputs are dead letters: callplane retry \S+$/)
    const run = second?.split(' ').at(-1) ?? ''
    expect(await show(directory, run)).toMatchObject({ state: 'done', 'dead letters': '3', source: query })

    const retry = ['retry', run, ...all]
    const again = await callplane(retry, { directory, environment: { FIXED: '3' } })
    expect(again).toMatchObject({ code: 3, err: '' })
    expect(again.out).toMatch(/^picky: 1 row succeeded, 2 rows failed again; results in \S+\.parquet\n$/)
    expect(await show(directory, run)).toMatchObject({ 'dead letters': '2' })
    const results = again.out.trim().split(' ').at(-1) ?? ''
    const rows = await callplane(
      ['sql', `SELECT "row", input.a, value, error.message FROM '${results}' WHERE error IS NULL`],
      { directory },
    )
    expect(rows.out).toBe('{"row":3,"a":3,"value":6,"message":null}\n')

    const last = await callplane(retry, { directory, environment: { FIXED: 'all' } })
    expect(last).toMatchObject({ code: 0, err: '' })
    expect(last.out).toMatch(/^picky: 2 rows succeeded; results in /)
    expect(await callplane(retry, { directory })).toMatchObject({
      code: 0,
      out: 'no dead letters: there is nothing to call again\n',
    })
  })

  test('--sample says what all rows would take, and runs no more than those', async () => {
    const directory = workplace()
    const query = 'SELECT square(range) AS b FROM range(5000)'
    const sampled = await callplane(['sql', query, ...all, '--sample', '50', '-o', 'out.csv'], { directory })
    expect(sampled).toMatchObject({ code: 0, out: '' })
    const [sample, full, rest] = sampled.err.split('\n')
    expect(sample).toMatch(/^sample: 50 rows in [\d.]+ m?s, [\d,]+ rows\/s$/)
    expect(full).toMatch(/^full run: 5,000 rows, about \S+ \S+, [\d,]+ calls, \$[\d.]+$/)
    expect(rest).toBe('nothing else was run; add --yes to go on after the sample')
    expect(calls(directory).length).toBe(50)
    expect(existsSync(join(directory, 'out.csv'))).toBe(false)
    const named = ['sql', query, ...all, '--sample', '20', '--name', 'big']
    expect((await callplane(named, { directory })).err).toContain('full run: 5,000 rows, ')
    expect(await listRuns(directory)).toMatchObject([{ name: null, state: 'done', calls: 20, dollars: 0.2 }])
    const yes = ['sql', 'SELECT square(range) AS b FROM range(60)', ...all, '--sample', '50', '--yes']
    expect((await callplane(yes, { directory })).out.trim().split('\n')).toHaveLength(60)
  })

  test('--sample does not guess how many rows calls let through, and takes queries only', async () => {
    const directory = workplace()
    const query = 'SELECT range AS a FROM range(500) WHERE square(range) > 10'
    const { err } = await callplane(['sql', query, ...all, '--sample', '5'], { directory })
    expect(err).toContain('full run: how many rows it has is not known, as calls decide that\n')
    expect(await callplane(['sql', 'DROP TABLE t', '--sample', '5'], { directory })).toMatchObject({
      code: 2,
      err: 'error[USAGE_INVALID]: only a query can be sampled\n  leave --sample out, or give a SELECT, or a COPY, CREATE TABLE AS or INSERT of one\n',
    })
  })
})

describe('callplane runs', () => {
  test('lists nothing where nothing ran, and says so of a run that is not there', async () => {
    const directory = directoryWith()
    expect(await callplane(['runs'], { directory })).toMatchObject({ code: 0, out: '', err: '' })
    for (const command of ['runs', 'retry']) {
      expect(await callplane([command, 'none'], { directory })).toMatchObject({
        code: 1,
        err: "error[RUN_INVALID]: there is no run 'none'\n  callplane runs lists those that there are\n",
      })
    }
    expect(await callplane(['runs', '--report', 'a.html'], { directory })).toMatchObject({ code: 2 })
  })

  test('shows the figures of each function, and writes the report', async () => {
    const directory = workplace()
    const query = 'SELECT square(range % 20) AS b FROM range(40)'
    const { err } = await callplane(['sql', query, ...all, '--name', 'few'], { directory })
    expect(err).toMatch(/^run \S+: 20 rows in \d+ calls?, 20 rows saved, \$[\d.]+\n$/)
    expect(await show(directory, 'few')).toMatchObject({
      name: 'few',
      state: 'done',
      source: query,
      rows: '40',
      'dead letters': '0',
      error: null,
      'square (version 1): rows': '40: 20 called, 20 saved (equal inputs 20)',
    })
    await callplane(['runs', 'few', '--report', 'few.html'], { directory })
    const page = readFileSync(join(directory, 'few.html'), 'utf8')
    expect(page).toContain('<title>few – Callplane run report</title>')
    expect((await callplane(['runs', '--format', 'csv'], { directory })).out.split('\n')[0]).toBe(
      'id,name,state,started,seconds,rows,calls,saved,errors,dollars',
    )
  })
})

test('configuration gives the state too, and secrets and tracing', async () => {
  const directory = directoryWith({
    'script.js': '',
    'callplane.config.json': '{ "state": "elsewhere", "secrets": { "KEY": "s3cret" }, "tracing": false }',
  })
  expect(await callplane(['run', 'script.js'], { directory })).toMatchObject({ code: 0, out: '', err: '' })
  expect(readdirSync(directory)).toContain('elsewhere')
  expect(await records(directory, 'elsewhere')).toMatchObject([{ name: null, state: 'done' }])
})

test('--trace says when nobody takes the traces, and the command succeeds all the same', async () => {
  const { code, out, err } = await callplane(['sql', 'SELECT 1 AS a', '--trace'], {
    environment: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', OTEL_EXPORTER_OTLP_TIMEOUT: '300' },
  })
  expect({ code, out }).toEqual({ code: 0, out: '{"a":1}\n' })
  expect(err).toMatch(/^warning: traces and metrics cannot be sent: /)
})
