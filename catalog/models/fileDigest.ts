import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { EngineError, messageOf } from '../../src/base/errors.ts'

/** Bytes that are hashed without a pause: less than a millisecond. */
const bytesAtOnce = 2 ** 18

export interface FileDigest {
  /** SHA-256, in hex. */
  readonly digest: string
  readonly bytes: number
}

/** Reads a file once. Throws what the file system says. */
export async function digestFile(path: string): Promise<FileDigest> {
  const source = await open(path)
  try {
    return await digestOf(source, null)
  } finally {
    await source.close()
  }
}

/** Copies a file, reading it once; the copy is on the disk when it resolves. Throws IO_FAILED. */
export async function copyFile(from: string, to: string): Promise<FileDigest> {
  const source = await open(from).catch((error: unknown) => {
    throw ioFailed('read', from, error)
  })
  try {
    const target = await open(to, 'wx')
    try {
      const digest = await digestOf(source, target)
      await target.sync()
      return digest
    } finally {
      await target.close()
    }
  } catch (error) {
    throw ioFailed('copy', from, error)
  } finally {
    await source.close()
  }
}

export function ioFailed(action: string, path: string, error: unknown): EngineError {
  return new EngineError('IO_FAILED', `cannot ${action} ${path}: ${messageOf(error)}`, { path }, error)
}

async function digestOf(source: FileHandle, copy: FileHandle | null): Promise<FileDigest> {
  const hash = createHash('sha256')
  const buffer = Buffer.allocUnsafe(bytesAtOnce)
  for (let bytes = 0; ; ) {
    const { bytesRead } = await source.read(buffer, 0, bytesAtOnce, bytes)
    if (bytesRead === 0) return Object.freeze({ digest: hash.digest('hex'), bytes })
    const read = buffer.subarray(0, bytesRead)
    hash.update(read)
    await copy?.appendFile(read)
    bytes += bytesRead
  }
}
