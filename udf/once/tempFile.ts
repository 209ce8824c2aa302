import { randomUUID } from 'node:crypto'
import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EngineError, messageOf } from '../../src/base/errors.ts'

/**
 * A file without a name: it is gone when it is closed, or when the process ends, however it ends. What it holds was just written and lies
 * in the system's cache, so that a read takes microseconds, and less than handing it to another thread would. Fails with IO_FAILED.
 */
export class TempFile {
  readonly #file: number
  #size = 0

  constructor() {
    this.#file = tried(() => {
      const path = join(tmpdir(), `callplane-${randomUUID()}`)
      const file = openSync(path, 'wx+', 0o600)
      rmSync(path)
      return file
    })
  }

  get size(): number {
    return this.#size
  }

  /** Answers where the bytes lie. */
  append(bytes: Uint8Array): number {
    const start = this.#size
    tried(() => {
      for (let written = 0; written < bytes.length; ) {
        written += writeSync(this.#file, bytes, written, bytes.length - written, start + written)
      }
    })
    this.#size += bytes.length
    return start
  }

  read(position: number, length: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(length)
    this.readInto(bytes, position, length)
    return bytes
  }

  readInto(bytes: Uint8Array, position: number, length: number): void {
    tried(() => {
      for (let read = 0; read < length; ) {
        const more = readSync(this.#file, bytes, read, length - read, position + read)
        if (more === 0) throw new Error('it became shorter')
        read += more
      }
    })
  }

  close(): void {
    closeSync(this.#file)
  }
}

function tried<Value>(work: () => Value): Value {
  try {
    return work()
  } catch (error) {
    throw new EngineError(
      'IO_FAILED',
      `cannot keep results in a temporary file in ${tmpdir()}: ${messageOf(error)}`,
      { path: tmpdir(), hint: 'make room there, set TMPDIR to another directory, or allow more memory' },
      error,
    )
  }
}
