import { once } from 'node:events'
import { existsSync, lstatSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { sharedSession } from '../sessions.ts'
import { callplane, directoryWith, functionsModule, made, said } from './commandLine.ts'

/** A directory with the functions that the tests call. */
function functions(files: Readonly<Record<string, string>> = {}): string {
  return directoryWith({ 'functions.mjs': functionsModule, ...files })
}

describe('help and usage', () => {
  test('--help lists the commands', async () => {
    const { code, out } = await callplane(['--help'])
    expect(code).toBe(0)
    for (const command of ['sql', 'explain', 'repl', 'run', 'functions', 'types'])
      expect(out).toMatch(new RegExp(`^  ${command} `, 'm'))
  })

  test('--version', async () => {
    const { version }: { version: string } = JSON.parse(readFileSync('package.json', 'utf8'))
    expect(await callplane(['--version'])).toMatchObject({ code: 0, out: `${version}\n` })
  })

  test.each<readonly [readonly string[], string]>([
    [['sql', '--formt', 'csv'], "error[USAGE_INVALID]: unknown option '--formt'\n(Did you mean --format?)\n"],
    [['sqll'], "error[USAGE_INVALID]: unknown command 'sqll'\n(Did you mean sql?)\n"],
    [
      ['sql', '--format', 'xml', 'SELECT 1'],
      "error[USAGE_INVALID]: option '--format <name>' argument 'xml' is invalid. Allowed choices are table, json, ndjson, csv, arrow, parquet.\n",
    ],
    [
      ['sql', '--max-rows', '0', 'SELECT 1'],
      "error[USAGE_INVALID]: option '--max-rows <n>' argument '0' is invalid. Give a number from 1, or 'all'.\n",
    ],
    [
      ['sql', '-f', 'a.sql', 'SELECT 1'],
      'error[USAGE_INVALID]: both a query and a file are given\n  give one of them\n',
    ],
    [
      ['sql', ' '],
      'error[USAGE_INVALID]: the argument holds no query\n  write a statement, such as SELECT 42\n',
    ],
    [
      ['sql', '-o', 'result', 'SELECT 1'],
      'error[USAGE_INVALID]: the name of result does not say in which format to write it\n  add --format with one of table, json, ndjson, csv, arrow, parquet\n',
    ],
    [
      ['functions', '--format', 'arrow'],
      'error[USAGE_INVALID]: format arrow cannot be used here\n  use one of table, json, ndjson, csv\n',
    ],
    [['run', 'nothing.ts'], 'error[USAGE_INVALID]: cannot run '],
  ])('%j is a mistake on the command line', async (args, message) => {
    const { code, out, err } = await callplane(args)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain(message)
  })
})

describe('callplane sql', () => {
  test('prints the rows of the last statement', async () => {
    const query = "CREATE TABLE t AS SELECT 1 AS a UNION ALL SELECT 2; SELECT a, 'x' AS b FROM t ORDER BY a"
    expect(await callplane(['sql', query])).toMatchObject({
      code: 0,
      out: '{"a":1,"b":"x"}\n{"a":2,"b":"x"}\n',
      err: '',
    })
  })

  test('takes its statements from a file or from standard input', async () => {
    const directory = directoryWith({ 'query.sql': '-- the answer\nSELECT 42 AS answer;\n' })
    expect(await callplane(['sql', '-f', 'query.sql'], { directory })).toMatchObject({
      code: 0,
      out: '{"answer":42}\n',
    })
    expect(await callplane(['sql'], { input: 'SELECT 43 AS answer' })).toMatchObject({
      code: 0,
      out: '{"answer":43}\n',
    })
    expect(await callplane(['sql', '-f', 'none.sql'], { directory })).toMatchObject({
      code: 1,
      err: "error[IO_FAILED]: cannot read none.sql: ENOENT: no such file or directory, open 'none.sql'\n",
    })
  })

  test('calls the functions of modules that lie outside of any package', async () => {
    const args = ['sql', "SELECT catalog_call('double', range) AS d FROM range(3)", '--functions', '*.ts']
    const directory = directoryWith({ 'functions.ts': functionsModule })
    expect(await callplane(args, { directory })).toMatchObject({
      code: 0,
      out: '{"d":0}\n{"d":2}\n{"d":4}\n',
    })
  })

  test('is as callplane.config.json says, and as the command line adds', async () => {
    const settings = { functions: ['functions.mjs'], database: 'kept.duckdb', settings: { route: 'staged' } }
    const directory = functions({ 'callplane.config.json': JSON.stringify(settings) })
    expect(await callplane(['sql', 'CREATE TABLE t AS SELECT double(21) AS a'], { directory })).toMatchObject(
      { code: 0 },
    )
    expect(await callplane(['sql', 'FROM t'], { directory })).toMatchObject({ code: 0, out: '{"a":42}\n' })
    const explained = ['explain', 'SELECT double(range) FROM range(3)']
    expect((await callplane(explained, { directory })).out).toContain('staged')
    expect((await callplane([...explained, '--set', 'route=bridged'], { directory })).out).toContain(
      'bridged',
    )
  })

  test.each<readonly [string, string]>([
    [
      '--set threads=many',
      `error[CONFIG_INVALID]: setting 'threads' takes a whole number from 1, got "many"\n`,
    ],
    ['--set treads=2', "error[CONFIG_INVALID]: unknown setting 'treads': did you mean 'threads'?\n"],
  ])('%s is no setting', async (flags, message) => {
    const { code, err } = await callplane(['sql', 'SELECT 1', ...flags.split(' ')])
    expect({ code, err }).toEqual({ code: 2, err: message })
  })

  test('a wrong query ends with 1 and shows its place', async () => {
    expect(await callplane(['sql', 'SELECT 1;\nSELEC 2'])).toMatchObject({
      code: 1,
      out: '',
      err: 'error[SQL_INVALID]: Parser Error: syntax error at or near "SELEC"\n\nLINE 2: SELEC 2\n        ^\n',
    })
  })

  test('a handler that throws ends with 1 and shows where, without the stack of Callplane', async () => {
    const directory = directoryWith({ 'functions.ts': functionsModule })
    const args = ['sql', 'SELECT picky(range) FROM range(10)', '--functions', 'functions.ts']
    const { code, err } = await callplane(args, { directory })
    expect(code).toBe(1)
    expect(err.split('\n')[0]).toBe(
      "error[FUNCTION_FAILED]: function 'picky' (version 1) failed in batch 0 of 10 rows, row 3: no threes, please",
    )
    expect(err).toMatch(/\n {2}at .*functions\.ts:\d+:\d+\)?\n$/)
    expect(err).not.toContain('/dist/')
    expect((await callplane([...args, '--debug'], { directory })).err).toContain('/dist/')
  })
})

describe('results in files', () => {
  const query = "SELECT 1 AS a, 'x' AS b, DATE '2024-02-29' AS c"

  test.each<readonly [string, string]>([
    ['result.csv', 'a,b,c\n1,x,2024-02-29\n'],
    ['result.json', '[{"a":1,"b":"x","c":"2024-02-29"}]\n'],
    ['result.jsonl', '{"a":1,"b":"x","c":"2024-02-29"}\n'],
    [
      'result.txt',
      '┌─────────┬─────────┬────────────┐\n│       a │ b       │ c          │\n│ INTEGER │ VARCHAR │ DATE       │\n├─────────┼─────────┼────────────┤\n│       1 │ x       │ 2024-02-29 │\n└─────────┴─────────┴────────────┘\n1 row\n',
    ],
  ])('%s', async (file, text) => {
    const directory = directoryWith()
    expect(await callplane(['sql', query, '-o', file], { directory })).toMatchObject({
      code: 0,
      out: '',
      err: '',
    })
    expect(readFileSync(join(directory, file), 'utf8')).toBe(text)
    expect(readdirSync(directory)).toEqual([file])
  })

  test.each(['parquet', 'arrow'])('%s in a file and through a pipe is the same', async (format) => {
    const directory = directoryWith()
    const file = `result.${format}`
    expect(await callplane(['sql', query, '-o', file], { directory })).toMatchObject({
      code: 0,
      out: '',
      err: '',
    })
    const session = await sharedSession({ functions: [] })
    const rows = await session.scan(join(directory, file)).toRows()
    expect(rows).toEqual([{ a: 1, b: 'x', c: new Date('2024-02-29') }])
    const piped = await callplane(['sql', query, '--format', format], { directory })
    expect(piped.code).toBe(0)
    expect(piped.out.slice(0, 4)).toBe(readFileSync(join(directory, file), 'utf8').slice(0, 4))
  })

  test('statements that are no query have results too', async () => {
    const directory = directoryWith()
    const insert = 'CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (1), (2)'
    expect(await callplane(['sql', insert, '-o', 'count.parquet'], { directory })).toMatchObject({ code: 0 })
    expect((await callplane(['sql', "FROM 'count.parquet'"], { directory })).out).toBe('{"Count":2}\n')
  })

  test.each(['csv', 'parquet'])(
    'a failure leaves the old %s as it was, and nothing beside it',
    async (format) => {
      const directory = directoryWith({ [`result.${format}`]: 'old' })
      const failing =
        "SELECT CASE WHEN range = 50000 THEN error('too far') ELSE range END AS r FROM range(100000)"
      const { code, err } = await callplane(['sql', failing, '-o', `result.${format}`], { directory })
      expect(code).toBe(1)
      expect(err).toContain('too far')
      expect(readdirSync(directory)).toEqual([`result.${format}`])
      expect(readFileSync(join(directory, `result.${format}`), 'utf8')).toBe('old')
    },
  )

  test('a file that cannot be written is an error that names it', async () => {
    const directory = directoryWith({ file: '' })
    expect(await callplane(['sql', query, '-o', '.', '--format', 'csv'], { directory })).toMatchObject({
      code: 1,
      err: `error[IO_FAILED]: cannot write ${directory}: it is a directory\n`,
    })
    const { code, err } = await callplane(['sql', query, '-o', 'file/x.csv'], { directory })
    expect(code).toBe(1)
    expect(err).toContain(`error[IO_FAILED]: cannot write ${join(directory, 'file', 'x.csv')}: `)
  })

  test('symbolic links and devices stay what they are', async () => {
    const directory = directoryWith({ 'real.csv': 'old' })
    symlinkSync('real.csv', join(directory, 'link.csv'))
    await callplane(['sql', query, '-o', 'link.csv'], { directory })
    expect(lstatSync(join(directory, 'link.csv')).isSymbolicLink()).toBe(true)
    expect(readFileSync(join(directory, 'real.csv'), 'utf8')).toBe('a,b,c\n1,x,2024-02-29\n')
    expect(await callplane(['sql', query, '-o', '/dev/null', '--format', 'parquet'])).toMatchObject({
      code: 0,
      err: '',
    })
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true)
  })

  test('a reader that has seen enough ends the query quietly', async () => {
    const ended = await callplane(['sql', 'SELECT range FROM range(100000000)'], {
      during: async (child) => {
        child.stdin?.end()
        await said(child.stdout, /"range":100/)
        child.stdout?.destroy()
      },
    })
    expect(ended).toMatchObject({ code: 0, signal: null, err: '' })
  })
})

// With limits of time: the machine may be busy with something else.
describe('Ctrl-C', { retry: 2 }, () => {
  test('cancels the query and says what was done', async () => {
    const directory = functions({ 'out.csv': 'old' })
    const args = [
      'sql',
      'SELECT slow(range) AS s FROM range(1000000)',
      '--functions',
      'functions.mjs',
      '-o',
      'out.csv',
    ]
    const { code, signal, err, milliseconds } = await interrupted(args, directory)
    expect({ code, signal }).toEqual({ code: 130, signal: null })
    expect(err).toMatch(/^cancelled after [\d,]+ rows in \d\.\d\d s; out\.csv is as it was\n$/)
    expect(milliseconds).toBeLessThan(1500)
    expect(readdirSync(directory).toSorted()).toEqual(['functions.mjs', 'out.csv'])
    expect(readFileSync(join(directory, 'out.csv'), 'utf8')).toBe('old')
  })

  test('ends a query that waits for a function which computes, as the signal does', async () => {
    const directory = functions({ 'out.csv': 'old' })
    const args = [
      'sql',
      'SELECT busy(range) AS s FROM range(1000000)',
      '--functions',
      'functions.mjs',
      '-o',
      'out.csv',
    ]
    const { code, signal, err, milliseconds } = await interrupted(args, directory)
    expect(code === 130 || signal === 'SIGINT').toBe(true)
    expect(err).toMatch(/^cancelled after .* s; out\.csv is as it was\n$/)
    expect(milliseconds).toBeLessThan(2000)
    expect(readdirSync(directory).toSorted()).toEqual(['functions.mjs', 'out.csv'])
  })

  test('a second one ends at once', async () => {
    const directory = functions()
    const args = ['sql', 'SELECT busy(range) AS s FROM range(1000000)', '--functions', 'functions.mjs']
    const { signal, milliseconds } = await interrupted(args, directory, 2)
    expect(signal).toBe('SIGINT')
    expect(milliseconds).toBeLessThan(800)
  })
})

describe('callplane explain', () => {
  test('shows where a call runs, and with --analyze what it took', async () => {
    const args = ['explain', 'SELECT double(range) FROM range(10)', '--functions', 'functions.mjs']
    const directory = functions()
    const plan = await callplane(args, { directory })
    expect(plan).toMatchObject({ code: 0, err: '' })
    expect(plan.out).toContain('double (version 1): fused')
    expect(plan.out).not.toContain('10 rows in')
    expect((await callplane([...args, '--analyze'], { directory })).out).toMatch(/10 rows in \d+\.\d+ s/)
  })
})

describe('callplane functions and types', () => {
  test('list the catalog, or one function', async () => {
    const directory = functions()
    const args = ['functions', '--functions', 'functions.mjs']
    const list = await callplane(args, { directory })
    expect(list.code).toBe(0)
    expect(list.out.split('\n').slice(0, 2)).toEqual([
      '{"function":"busy(amount BIGINT)","result":"BIGINT","volatility":"immutable","description":null}',
      '{"function":"double(amount BIGINT)","result":"BIGINT","volatility":"immutable","description":"Twice a number"}',
    ])
    const one = await callplane([...args, 'double', '--format', 'csv'], { directory })
    expect(one.out).toBe(`property,value
name,double
version,1
description,Twice a number
argument amount,BIGINT
result,BIGINT
volatility,immutable
nulls,reach the handler
handler,a row at a time
batching,
executor,pool
module,${join(directory, 'functions.mjs')} (double)
`)
    expect(await callplane([...args, 'dubble'], { directory })).toMatchObject({
      code: 1,
      err: "error[UNKNOWN_FUNCTION]: unknown catalog function 'dubble': did you mean 'double'?\n",
    })
  })

  test('types writes the catalog.d.ts', async () => {
    const directory = functions()
    const args = ['types', '--functions', 'functions.mjs', '-o', 'catalog.d.ts']
    expect(await callplane(args, { directory })).toMatchObject({ code: 0, out: '', err: '' })
    expect(readFileSync(join(directory, 'catalog.d.ts'), 'utf8')).toContain(
      '    double: { args: [amount: number | bigint | null]; result: bigint | null }\n',
    )
  })
})

test('nothing is left in the directory of a database but the database', async () => {
  const directory = directoryWith()
  await callplane(['sql', 'CREATE TABLE t AS SELECT 1', '--database', 'a.duckdb'], { directory })
  expect(existsSync(join(directory, 'a.duckdb'))).toBe(true)
  expect(readdirSync(directory)).toEqual(['a.duckdb'])
})

/** Runs a command, sends it SIGINT when it calls a function, and measures how long it takes to end. */
async function interrupted(
  args: readonly string[],
  directory: string,
  times = 1,
): Promise<Awaited<ReturnType<typeof callplane>> & { milliseconds: number }> {
  let asked = 0
  const begun = join(directoryWith(), 'begun')
  const ended = await callplane(args, {
    directory,
    environment: { BEGUN: begun },
    during: async (child) => {
      child.stdin?.end()
      await made(begun)
      await delay(100)
      asked = performance.now()
      for (let time = 0; time < times; time++) {
        child.kill('SIGINT')
        await delay(100)
      }
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    },
  })
  return { ...ended, milliseconds: performance.now() - asked }
}
