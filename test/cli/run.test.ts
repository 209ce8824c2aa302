import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { callplane, directoryWith, functionsModule, made } from './commandLine.ts'

/** Runs a script that lies outside of any package. */
async function runScript(
  files: Readonly<Record<string, string>>,
  args: readonly string[] = [],
): ReturnType<typeof callplane> {
  const directory = directoryWith(files)
  return callplane(['run', Object.keys(files)[0] ?? '', ...args], { directory })
}

describe('callplane run', () => {
  test('runs TypeScript with await at top level, and imports this package', async () => {
    const script = `
      import { DataFrame, EngineError, type Session } from 'callplane'
      import { suffix } from './suffix.ts'
      const rows: readonly object[] = await DataFrame.fromRows([{ a: 1 }, { a: 2 }]).toRows()
      const session: Session | null = null
      console.log(JSON.stringify(rows), suffix(new EngineError('CANCELLED', 'x').code), session)`
    const suffix = `
      import { isEngineError } from 'callplane'
      export const suffix = (text: string): string => text + '!' + isEngineError(null)`
    expect(await runScript({ 'script.ts': script, 'suffix.ts': suffix })).toMatchObject({
      code: 0,
      out: '[{"a":1},{"a":2}] CANCELLED!false null\n',
      err: '',
    })
  })

  test.each(['script.js', 'script.mjs', 'script.mts'])('runs %s', async (name) => {
    const script = `import { F } from 'callplane'\nconsole.log(typeof F, await 1)`
    expect(await runScript({ [name]: script })).toMatchObject({ code: 0, out: 'object 1\n', err: '' })
  })

  test('a script is this package, whatever one its folder has', async () => {
    const script = `import * as callplane from 'callplane'\nconsole.log(Object.keys(callplane).includes('Session'))`
    const directory = directoryWith({
      'package.json': '{ "name": "callplane", "type": "module" }',
      'script.ts': script,
    })
    expect(await callplane(['run', 'script.ts'], { directory })).toMatchObject({ code: 0, out: 'true\n' })
  })

  test('hands what follows the script to it, options included', async () => {
    const script = 'console.log(JSON.stringify(process.argv.slice(1)))'
    const directory = directoryWith({ 'script.js': script })
    const path = join(directory, 'script.js')
    const out = (...args: string[]): string => `${JSON.stringify([path, ...args])}\n`
    const run = async (...args: string[]): Promise<string> =>
      (await callplane(['run', 'script.js', ...args], { directory })).out
    expect(await run('a', '--json', '--debug', '-o', 'b')).toBe(out('a', '--json', '--debug', '-o', 'b'))
    expect(await run('--', '--help', '--', 'c')).toBe(out('--help', '--', 'c'))
  })

  test('has a default session with the functions and settings of the command line', async () => {
    const script = `
      import { DataFrame, F, _ } from 'callplane'
      const rows = await DataFrame.fromRows([{ a: 4n }]).project({ d: F.catalogCall('double', _.a) }).toRows()
      console.log(rows[0].d)`
    const directory = directoryWith({ 'script.ts': script, 'functions.ts': functionsModule })
    const args = ['run', '--functions', 'functions.ts', '--set', 'threads=1', 'script.ts']
    expect(await callplane(args, { directory })).toMatchObject({ code: 0, out: '8n\n', err: '' })
  })

  test('waits for what the script has begun, and ends with its exit code', async () => {
    const script = "setTimeout(() => { console.log('later'); process.exitCode = 7 }, 50)"
    expect(await runScript({ 'script.js': script })).toMatchObject({ code: 7, out: 'later\n' })
  })

  test.each([
    ['WORKER_LOST', 4],
    ['BATCH_TOO_LARGE', 5],
    ['INTERNAL', 6],
    ['SQL_FAILED', 1],
    ['CONFIG_INVALID', 2],
  ])('an error %s that the script does not catch ends with %d', async (code, exitCode) => {
    const script = `import { EngineError } from 'callplane'\nthrow new EngineError('${code}', 'so it is', { hint: 'do this' })`
    expect(await runScript({ 'script.mjs': script })).toMatchObject({
      code: exitCode,
      err: `error[${code}]: so it is\n  do this\n`,
    })
  })

  test('an error of the script says where', async () => {
    const script = '\nfunction fail(): never {\n  throw new RangeError("too far")\n}\nfail()\nexport {}\n'
    const directory = directoryWith({ 'script.ts': script })
    const path = join(directory, 'script.ts')
    const { code, err } = await callplane(['run', 'script.ts'], { directory })
    expect(code).toBe(1)
    const [message, first, second] = err.split('\n')
    expect(message).toBe(`error[SCRIPT_FAILED]: ${path} failed: RangeError: too far`)
    expect(first).toContain(`${path}:3:9`)
    expect(second).toContain(`${path}:5:1`)
  })

  test('so do one that comes later, and a promise that nobody awaits', async () => {
    const late = await runScript({ 'script.js': "setTimeout(() => { throw new Error('late') }, 10)" })
    expect(late.code).toBe(1)
    expect(late.err).toMatch(/^error\[SCRIPT_FAILED\]: .*script\.js failed: late\n {2}at /)
    const rejected = await runScript({ 'script.js': "Promise.reject(new Error('alone'))" })
    expect(rejected.code).toBe(1)
    expect(rejected.err).toMatch(/^error\[SCRIPT_FAILED\]: .*script\.js failed: alone\n/)
  })

  test('a script that does not compile, or imports what is not there, says the place', async () => {
    const { code, err } = await runScript({ 'script.ts': 'export const a = 1\nconst const = 2\n' })
    expect(code).toBe(1)
    expect(err).toMatch(/^error\[SCRIPT_FAILED\]: (\S*script\.ts) failed: \1:2:6: ERROR: /)
    const missing = await runScript({ 'script.mjs': "import './nothing.mjs'" })
    expect(missing.code).toBe(1)
    expect(missing.err).toMatch(/^error\[SCRIPT_FAILED\]: .*Cannot find module '.*nothing\.mjs'/)
  })

  test('a script that waits for nothing ends', async () => {
    const { code, err } = await runScript({ 'script.mjs': 'await new Promise(() => {})' })
    expect(code).toBe(1)
    expect(err).toMatch(/^error\[SCRIPT_FAILED\]: .*script\.mjs waits for something that never comes\n$/)
  })

  test('Ctrl-C ends the script and the session that it uses', async () => {
    const script = `
      import { DataFrame, F, _ } from 'callplane'
      const frame = DataFrame.fromSql('SELECT range AS a FROM range(1000000)')
      await frame.project({ s: F.catalogCall('slow', _.a) }).writeCsv('out.csv')`
    const directory = directoryWith({ 'script.ts': script, 'functions.ts': functionsModule })
    const begun = join(directoryWith(), 'begun')
    const ended = await callplane(['run', '--functions', 'functions.ts', 'script.ts'], {
      directory,
      environment: { BEGUN: begun },
      during: async (child) => {
        await made(begun)
        child.kill('SIGINT')
        await once(child, 'exit')
      },
    })
    expect(ended).toMatchObject({ code: 130, signal: null })
    expect(ended.err).toMatch(/^cancelled after \d+\.\d+ s\n$/)
    expect(readdirSync(directory).toSorted()).toEqual(['.callplane', 'functions.ts', 'script.ts'])
  })
})
