import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createChannel } from '../../src/protocol/client.ts'
import { freePort } from '../../udf/scaling/providers/freePort.ts'

const cli = new URL('../../dist/src/cli/main.js', import.meta.url).pathname

/** The command of a worker of ours; `modules` are globs. */
export function ownWorker(...modules: readonly string[]): readonly string[] {
  const functions = modules.flatMap((module) => ['--functions', module])
  return [process.execPath, cli, 'worker', '--port', '{port}', '--parent', ...functions]
}

/** A worker in a process of its own. */
export class WorkerProcess {
  readonly endpoint: string
  readonly #process: ChildProcess
  readonly #exit: Promise<number | null>

  private constructor(command: readonly string[], port: number, env: Readonly<Record<string, string>>) {
    const [program = '', ...args] = command.map((part) => part.replace('{port}', String(port)))
    // Our workers end when their input does.
    this.#process = spawn(program, args, {
      env: { ...process.env, ...env },
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    this.#exit = once(this.#process, 'exit').then(([code]: readonly (number | null)[]) => code ?? null)
    this.endpoint = `127.0.0.1:${port}`
  }

  /** `{port}` in the command stands for a free port. Resolves when the worker can be called. */
  static async open(
    command: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<WorkerProcess> {
    const worker = new WorkerProcess(command, await freePort(), env)
    const channel = createChannel({ endpoint: worker.endpoint, tls: null, token: null })
    const isServing = await channel.isServing('', 30_000)
    channel.close()
    if (isServing) return worker
    await worker.close()
    throw new Error(`${command.join(' ')} does not start`)
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal)
  }

  /** Resolves with its exit code. */
  async ended(): Promise<number | null> {
    return this.#exit
  }

  async close(): Promise<void> {
    this.#process.kill('SIGKILL')
    await this.#exit
  }
}
