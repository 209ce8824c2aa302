import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createChannel, type GrpcChannel } from '../../src/protocol/client.ts'
import { missingFile, pythonProgram } from '../models/pythonModels.ts'
import { WorkerProcess } from './workerProcess.ts'

const program = join(dirname(pythonProgram), 'chalk-remote-call')

/** Why no worker in Python can be had here; null if one can. */
export const missingWorker: string | null = missingFile(program)

/** The command of a worker in Python, whose handlers are in a module; `more` are further flags. */
export function pythonWorker(module: string, ...more: readonly string[]): readonly string[] {
  return [program, '--handler', `${module}.handler`, '--host', '127.0.0.1', '--port', '{port}', ...more]
}

/** The command of a worker with the handlers of `handlers.py`. */
export const workerCommand: readonly string[] = pythonWorker(
  'handlers',
  '--on-startup=handlers.on_startup',
  '--on-shutdown=handlers.on_shutdown',
)

/** What its environment needs; its notes go to a file in the folder. */
export function workerEnv(folder: string): Readonly<Record<string, string>> {
  return { PYTHONPATH: import.meta.dirname, NOTES: join(folder, 'notes') }
}

/** The lines of the notes in a folder. */
export function notesIn(folder: string): readonly string[] {
  return readFileSync(join(folder, 'notes'), 'utf8').split('\n').slice(0, -1)
}

/** A worker with the handlers of `handlers.py`. */
export class PythonWorker {
  readonly endpoint: string
  readonly channel: GrpcChannel
  readonly #process: WorkerProcess
  readonly #folder: string

  private constructor(process: WorkerProcess, folder: string) {
    this.#process = process
    this.#folder = folder
    this.endpoint = process.endpoint
    this.channel = createChannel({ endpoint: this.endpoint, tls: null, token: null })
  }

  /** Resolves when it can be called. */
  static async open(): Promise<PythonWorker> {
    const folder = mkdtempSync(join(tmpdir(), 'callplane-interop-'))
    return new PythonWorker(await WorkerProcess.open(workerCommand, workerEnv(folder)), folder)
  }

  /** The lines that its handlers have noted so far. */
  notes(): readonly string[] {
    return notesIn(this.#folder)
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.signal(signal)
  }

  /** Resolves with its exit code. */
  async ended(): Promise<number | null> {
    return this.#process.ended()
  }

  async close(): Promise<void> {
    this.channel.close()
    await this.#process.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
