import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

const main = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url))

export interface StartedWorker {
  readonly child: ChildProcess
  readonly endpoint: string
  readonly line: string
  /** The exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>
  readonly errors: () => string
}

/** Runs `callplane worker` on a free port until it says where it listens; it is ended after the test. */
export async function startWorker(
  args: readonly string[],
  { directory, env = {} }: { readonly directory: string; readonly env?: NodeJS.ProcessEnv },
): Promise<StartedWorker> {
  const child = spawn(process.execPath, [main, 'worker', '--port', '0', ...args], {
    cwd: directory,
    env: { ...process.env, ...env },
    stdio: 'pipe',
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let errors = ''
  child.stderr.on('data', (chunk) => (errors += String(chunk)))
  const ended = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string)
  const line = await Promise.race([
    once(child.stdout, 'data').then(([chunk]) => String(chunk)),
    ended.then((code) => Promise.reject(new Error(`it ended with ${code}: ${errors}`))),
  ])
  const endpoint = /listens on (\S+)/.exec(line)?.[1] ?? ''
  return { child, endpoint, line, ended, errors: () => errors }
}
