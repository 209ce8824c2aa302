import { type FileHandle, open } from 'node:fs/promises'
import { EngineError, messageOf } from '../base/errors.ts'
import { WriteTarget } from '../run/writeTarget.ts'

/** Where a command writes: standard output, or a file that gets its name when all is written. */
export interface Output {
  /** Characters of a line; null if lines have no end. */
  readonly columns: number | null
  /** Answers false when nobody reads any more. */
  write(chunk: string | Uint8Array): Promise<boolean>
  /** After the last write. */
  commit(): Promise<void>
  /** Instead of commit; safe to call after it. */
  discard(): Promise<void>
}

/** Throws IO_FAILED. */
export async function openOutput(path: string | undefined): Promise<Output> {
  return path === undefined ? new StandardOutput(process.stdout) : FileOutput.open(path)
}

/** Runs `work` on an output that is committed if it succeeds. */
export async function withOutput<T>(
  path: string | undefined,
  work: (output: Output) => Promise<T>,
): Promise<T> {
  const output = await openOutput(path)
  try {
    const result = await work(output)
    await output.commit()
    return result
  } finally {
    await output.discard()
  }
}

class StandardOutput implements Output {
  readonly columns: number | null
  readonly #stream: NodeJS.WriteStream

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream
    this.columns = stream.isTTY ? stream.columns : null
    // What a write's callback is told comes as an event too.
    stream.on('error', () => {})
  }

  write(chunk: string | Uint8Array): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.#stream.write(chunk, (error) => {
        if (error === null || error === undefined) resolve(true)
        else if (isClosed(error)) resolve(false)
        else reject(new EngineError('IO_FAILED', `cannot write the result: ${error.message}`, {}, error))
      })
    })
  }

  async commit(): Promise<void> {}

  async discard(): Promise<void> {}
}

function isClosed(error: Error): boolean {
  return 'code' in error && (error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED')
}

class FileOutput implements Output {
  readonly columns: null = null
  readonly #target: WriteTarget
  readonly #file: FileHandle

  private constructor(target: WriteTarget, file: FileHandle) {
    this.#target = target
    this.#file = file
  }

  static async open(path: string): Promise<FileOutput> {
    const target = await WriteTarget.open(path, { directory: false, mode: 'overwrite' })
    return new FileOutput(target, await checked(path, () => open(target.temporary, 'wx')))
  }

  async write(chunk: string | Uint8Array): Promise<boolean> {
    await checked(this.#target.path, () => this.#file.writeFile(chunk))
    return true
  }

  async commit(): Promise<void> {
    await this.#file.close()
    await this.#target.commit()
  }

  async discard(): Promise<void> {
    await this.#file.close()
    await this.#target.discard()
  }
}

async function checked<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw new EngineError('IO_FAILED', `cannot write ${path}: ${messageOf(error)}`, { path }, error)
  }
}
