import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const fixture = fileURLToPath(new URL('../fixtures/dispatch/killedRun.ts', import.meta.url))

export interface RunPaths {
  readonly input: string
  readonly output: string
  /** Where the function says what it is called with. */
  readonly calls: string
  readonly state: string
}

/** A process that writes one named run. */
export class RunProcess {
  readonly #child: ChildProcess
  readonly #ended: Promise<unknown>
  #said = ''

  constructor({ input, output, calls, state }: RunPaths, resume: boolean) {
    const args = [input, output, calls, state, resume ? 'resume' : 'anew']
    this.#child = spawn(process.execPath, ['--import', 'tsx', fixture, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const listen = (chunk: Buffer): void => {
      this.#said += chunk.toString()
    }
    this.#child.stdout?.on('data', listen)
    this.#child.stderr?.on('data', listen)
    this.#ended = new Promise((resolve) => this.#child.once('close', resolve))
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  /** Everything that it has said, once it has ended. */
  async said(): Promise<string> {
    await this.#ended
    return this.#said
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#ended
  }
}

/** The rows that the function was called with, in the order of the calls; the last may be half written. */
export function calledRows(path: string): readonly string[] {
  try {
    return readFileSync(path, 'utf8').split('\n').slice(0, -1)
  } catch {
    return []
  }
}
