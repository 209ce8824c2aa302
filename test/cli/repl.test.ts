import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Writable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import {
  callplane,
  callplaneInTerminal,
  directoryWith,
  type Ended,
  functionsModule,
  said,
} from './commandLine.ts'

describe('callplane repl through a pipe', () => {
  test('runs statements over several lines, and keeps what they make', async () => {
    const input =
      'CREATE TABLE t (a INTEGER);\nINSERT INTO t\n  VALUES (1), (2);\n-- the sum;\nSELECT sum(a) AS s\nFROM t; SELECT 7 AS x'
    expect(await callplane(['repl'], { input })).toMatchObject({
      code: 0,
      out: '{"Count":2}\n{"s":3}\n{"x":7}\n',
      err: '',
    })
  })

  test('goes on after a mistake, and ends with 1', async () => {
    const input = 'SELEC 1;\nSELECT 2 AS a; .x;\n.tabels\nSELECT 3 AS b;\n'
    const { code, out, err } = await callplane(['repl'], { input })
    expect(code).toBe(1)
    expect(out).toBe('{"a":2}\n{"b":3}\n')
    expect(err.match(/^error\[\w+\]: .*/gm)).toEqual([
      'error[SQL_INVALID]: Parser Error: syntax error at or near "SELEC"',
      'error[SQL_INVALID]: Parser Error: syntax error at or near "."',
      "error[USAGE_INVALID]: unknown command .tabels: did you mean '.tables'?",
    ])
  })

  test('knows commands that begin with a dot', async () => {
    const directory = directoryWith({ 'functions.mjs': functionsModule })
    const input = '.format csv\n.functions double\n.format\n.quit\nSELECT 1;\n'
    const { code, out } = await callplane(['repl', '--functions', 'functions.mjs'], { directory, input })
    expect(code).toBe(0)
    expect(out.split('\n').slice(0, 3)).toEqual(['format csv', 'property,value', 'name,double'])
    expect(out.endsWith('\nformat csv\n')).toBe(true)
    const help = await callplane(['repl'], { input: '.help' })
    for (const command of ['.help', '.functions [name]', '.tables', '.format [name]', '.quit'])
      expect(help.out).toContain(`\n${command} `)
  })
})

const hasTerminal = spawnSync('script', ['-qec', 'true', '/dev/null']).status === 0

describe.runIf(hasTerminal)('in a terminal', () => {
  test('the repl completes names, cancels a query, and keeps its history', async () => {
    const directory = directoryWith({ 'functions.mjs': functionsModule })
    const history = join(directory, 'history')
    const { code, out } = await typed(directory, history, async (keys) => {
      await keys.type('CREATE TABLE readings (station VARCHAR,\n', '      \\.\\.\\.> ')
      await keys.type('celsius INTEGER);\n', 'in \\d')
      await keys.type('INSERT INTO rea')
      await keys.type('\t', 'dings')
      await keys.type(" VALUES ('Oslo', -3);\n", 'in \\d')
      await keys.type("SELECT catalog_call('doub")
      await keys.type('\t', 'le')
      await keys.type("', cels")
      await keys.type('\t', 'ius')
      await keys.type(') AS twice FROM readings;\n', '-6 │\r\n')
      await keys.type('SELECT sum(slow(range)) FROM range(1000000);\n', 'in flight|running')
      await keys.type('\u0003', 'cancelled after [^\\n]* s\r\n')
      await keys.type('SELECT begun\u0003', 'callplane> ')
      // Twice up: the query that was cancelled, then the one before it.
      await keys.type('\u001b[A', 'slow')
      await keys.type('\u001b[A', 'twice')
      await keys.type('\n', '-6 │\r\n')
      await keys.type('\u0004')
    })
    expect({ code, out }).toMatchObject({ code: 0 })
    expect(readFileSync(history, 'utf8')).toBe(`CREATE TABLE readings (station VARCHAR, celsius INTEGER);
INSERT INTO readings VALUES ('Oslo', -3);
SELECT catalog_call('double', celsius) AS twice FROM readings;
SELECT sum(slow(range)) FROM range(1000000);
SELECT catalog_call('double', celsius) AS twice FROM readings;
`)
  })

  test('a table shows its first rows, and a progress line leaves nothing behind', async () => {
    const directory = directoryWith({ 'functions.mjs': functionsModule })
    const args = ['sql', 'SELECT slow(range) AS s FROM range(8000)', '--functions', 'functions.mjs']
    const { code, out } = await callplaneInTerminal([...args, '--max-rows', '2'], { directory })
    expect(code).toBe(0)
    const [progress, table] = out.split('┌')
    const lines = progress?.split('\r\u001b[K') ?? []
    expect(lines.length).toBeGreaterThan(2)
    expect(lines[0]).toBe('')
    expect(lines.at(-1)).toBe('')
    for (const line of lines.slice(1, -1)) expect(line).toMatch(/^(running|[\d,]+ rows) {2}/)
    expect(table).toContain('│      0 │\r\n│      1 │\r\n')
    expect(table).toContain('first 2 rows; --max-rows all shows all, -o FILE writes them')
    expect((await callplaneInTerminal([...args, '--no-progress'], { directory })).out).not.toContain('\u001b')
  })

  test('bytes are kept from it', async () => {
    const { code, out } = await callplaneInTerminal(['sql', 'SELECT 1', '--format', 'parquet'])
    expect(code).toBe(2)
    expect(out).toContain('error[USAGE_INVALID]: format parquet cannot be shown on a terminal')
  })

  test('a query has to be given', async () => {
    const { code, out } = await callplaneInTerminal(['sql'])
    expect(code).toBe(2)
    expect(out).toContain('error[USAGE_INVALID]: no query is given')
  })
})

interface Keyboard {
  /** Types some keys, and waits until the screen says this after them. */
  type(keys: string, answer?: string): Promise<void>
}

async function typed(
  directory: string,
  history: string,
  type: (keys: Keyboard) => Promise<void>,
): Promise<Ended> {
  return callplaneInTerminal(['repl', '--functions', 'functions.mjs', '--history', history], {
    directory,
    during: async (child) => {
      await said(child.stdout, /callplane> /)
      await type({
        type: async (keys, answer) => {
          const answered = answer === undefined ? delay(200) : said(child.stdout, new RegExp(answer))
          const input: Writable | null = child.stdin
          input?.write(keys)
          await answered
          await delay(50)
        },
      })
    },
  })
}
