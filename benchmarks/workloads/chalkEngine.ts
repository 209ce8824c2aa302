import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { missingFile, missingModule, pythonProgram } from '../../test/models/pythonModels.ts'

const script = new URL('../remote/chalkdfUpper.py', import.meta.url).pathname

/** Chalk's engine in a process of its own, which sums what a worker makes of the texts of a file. */
export class ChalkEngine {
  readonly #process: ChildProcess
  readonly #answers: AsyncIterator<string>

  private constructor(port: string, input: string) {
    const running = spawn(pythonProgram, [script, port, input], { stdio: ['pipe', 'pipe', 'ignore'] })
    this.#process = running
    this.#answers = createInterface({ input: running.stdout })[Symbol.asyncIterator]()
  }

  /** Throws where the engine is not installed. */
  static open(endpoint: string, input: string): ChalkEngine {
    const missing = missingFile(pythonProgram) ?? missingModule('chalkdf')
    if (missing !== null) throw new Error(missing)
    return new ChalkEngine(endpoint.slice(endpoint.indexOf(':') + 1), input)
  }

  /** Throws unless the results have so many bytes in all. */
  async expectSum(bytes: number): Promise<void> {
    this.#process.stdin?.write('again\n')
    const { value, done } = await this.#answers.next()
    if (done === true) throw new Error("Chalk's engine has ended")
    if (Number(value) !== bytes) throw new Error(`a sum of ${bytes} came out as ${value}`)
  }

  async close(): Promise<void> {
    if (this.#process.exitCode !== null) return
    this.#process.stdin?.end()
    await once(this.#process, 'exit')
  }
}
