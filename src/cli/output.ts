import { type FileHandle, open } from 'node:fs/promises'
import { EngineError, messageOf } from '../base/errors.ts'
import { WriteTarget } from '../run/writeTarget.ts'
import { ambientRun } from '../session/ambientRun.ts'
import type { OutputFlags } from './flags.ts'
import { trackUnfinished } from './unfinishedFiles.ts'

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

/** What shares the terminal with the output and makes room for it. */
export interface TerminalLine {
  close(): void
}

/** A file, or standard output without a path. Throws IO_FAILED. */
export async function openOutput(path?: string, line: TerminalLine | null = null): Promise<Output> {
  return path === undefined ? new StandardOutput(process.stdout, line) : FileOutput.open(path)
}

/** Runs `work` on an output that is committed if it succeeds. */
export async function withOutput<T>(
  flags: OutputFlags,
  line: TerminalLine,
  work: (output: Output) => Promise<T>,
): Promise<T> {
  const output = await openOutput(flags.output, line)
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
  readonly #line: TerminalLine | null

  constructor(stream: NodeJS.WriteStream, line: TerminalLine | null) {
    this.#stream = stream
    this.#line = stream.isTTY ? line : null
    this.columns = stream.isTTY && stream.columns > 0 ? stream.columns : null
    // What a write's callback is told comes as an event too.
    stream.on('error', () => {})
  }

  write(chunk: string | Uint8Array): Promise<boolean> {
    this.#line?.close()
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
  readonly #forget: () => void

  private constructor(target: WriteTarget, file: FileHandle) {
    this.#target = target
    this.#file = file
    this.#forget = target.temporary === target.path ? () => {} : trackUnfinished(target.temporary)
  }

  static async open(path: string): Promise<FileOutput> {
    const target = await WriteTarget.open(path, {
      directory: false,
      mode: 'overwrite',
      writer: ambientRun()?.run.id ?? null,
    })
    return new FileOutput(target, await checked(path, () => open(target.temporary, 'w')))
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
    this.#forget()
  }
}

async function checked<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw new EngineError('IO_FAILED', `cannot write ${path}: ${messageOf(error)}`, { path }, error)
  }
}
