import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

const main = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url))

/** How a command ended: its exit code, or the signal that ended it. */
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly out: string
  readonly err: string
}

export interface CommandOptions {
  readonly directory?: string
  readonly input?: string
  readonly environment?: NodeJS.ProcessEnv
  /** Is handed the process while it runs. */
  readonly during?: (child: ChildProcess) => Promise<void>
}

/** Runs `callplane` as a shell does, with pipes in place of a terminal. */
export async function callplane(args: readonly string[], options: CommandOptions = {}): Promise<Ended> {
  return run(process.execPath, [main, ...args], options)
}

/** Runs `callplane` in a terminal of util-linux's `script`, which writes everything to one stream. */
export async function callplaneInTerminal(
  args: readonly string[],
  options: CommandOptions = {},
): Promise<Ended> {
  const command = [process.execPath, main, ...args].map((word) => `'${word.replaceAll("'", `'\\''`)}'`)
  return run('script', ['-qec', `stty cols 80; ${command.join(' ')}`, '/dev/null'], options)
}

async function run(program: string, args: readonly string[], options: CommandOptions): Promise<Ended> {
  const child = spawn(program, args, {
    cwd: options.directory ?? tmpdir(),
    env: { ...process.env, ...options.environment },
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const out = collect(child.stdout)
  const err = collect(child.stderr)
  if (options.during === undefined) child.stdin.end(options.input ?? '')
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }))
  })
  await options.during?.(child)
  return { ...(await ended), out: out(), err: err() }
}

function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = []
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  return () => Buffer.concat(chunks).toString()
}

const SAID_MS_MAX = 15_000

/** Resolves when a stream of the process says this from now on. */
export async function said(stream: NodeJS.ReadableStream | null, pattern: RegExp): Promise<void> {
  let text = ''
  await new Promise<void>((resolve, reject) => {
    const giveUp = (): void => reject(new Error(`expected ${pattern}, got ${JSON.stringify(text)}`))
    const timer = setTimeout(giveUp, SAID_MS_MAX)
    const listen = (chunk: Buffer): void => {
      text += chunk.toString()
      if (!pattern.test(text)) return
      clearTimeout(timer)
      stream?.off('data', listen)
      resolve()
    }
    stream?.on('data', listen)
  })
}

/** A directory with these files outside of any package, removed after the test. */
export function directoryWith(files: Readonly<Record<string, string>> = {}): string {
  const directory = mkdtempSync(join(tmpdir(), 'callplane-cli-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text)
  return directory
}

/** Resolves when there is a file of this name. */
export async function made(path: string): Promise<void> {
  const givenUp = performance.now() + SAID_MS_MAX
  while (!existsSync(path)) {
    if (performance.now() > givenUp) throw new Error(`${path} was never made`)
    await delay(10)
  }
}

/** Functions that the tests of commands call; `slow` and `busy` make the file BEGUN when they are called. */
export const functionsModule = `
import { writeFileSync } from 'node:fs'
import { defineFunction } from 'callplane'

let isToldOf = process.env['BEGUN'] === undefined
function begin() {
  if (!isToldOf) writeFileSync(process.env['BEGUN'], '')
  isToldOf = true
}

export const double = defineFunction({
  name: 'double',
  description: 'Twice a number',
  input: { amount: 'BIGINT' },
  output: 'BIGINT',
  handler: ({ amount }) => (amount === null ? null : amount * 2n),
})

export const slow = defineFunction({
  name: 'slow',
  input: { amount: 'BIGINT' },
  output: 'BIGINT',
  batching: { maxBatchingSize: 10 },
  handler: async ({ amount }) => {
    begin()
    await new Promise((resolve) => setTimeout(resolve, 50))
    return amount
  },
})

export const busy = defineFunction({
  name: 'busy',
  input: { amount: 'BIGINT' },
  output: 'BIGINT',
  handler: ({ amount }) => {
    begin()
    for (const end = Date.now() + 5; Date.now() < end; );
    return amount
  },
})

export const picky = defineFunction({
  name: 'picky',
  input: { amount: 'BIGINT' },
  output: 'BIGINT',
  handler: ({ amount }) => {
    if (amount === 3n) throw new TypeError('no threes, please')
    return amount
  },
})
`
