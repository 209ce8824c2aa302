import { randomUUID } from 'node:crypto'
import { mkdir, readdir, realpath, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { EngineError, messageOf } from '../base/errors.ts'
import type { WriteRequest } from '../plan/writeRequest.ts'

interface TargetOptions {
  readonly directory: boolean
  readonly mode: WriteRequest['mode']
  /** Who writes, if it may have begun before: what it left then is removed. Default: somebody new. */
  readonly writer?: string | null
}

/** A file or directory on its way to its final name: what is half written is never visible under it. */
export class WriteTarget {
  readonly path: string
  /** Where to write; a directory exists already. */
  readonly temporary: string
  readonly #isDirectory: boolean
  readonly #mode: WriteRequest['mode']
  /** A device or a pipe, which is written as it is: a file cannot take its place. */
  readonly #isDevice: boolean

  private constructor(
    path: string,
    kind: 'file' | 'directory' | 'device',
    { mode, writer }: Pick<TargetOptions, 'mode' | 'writer'>,
  ) {
    this.path = path
    this.#isDevice = kind === 'device'
    this.temporary = this.#isDevice ? path : `${path}.${writer ?? randomUUID().slice(0, 8)}.tmp`
    this.#isDirectory = kind === 'directory'
    this.#mode = mode
  }

  static async open(path: string, options: TargetOptions): Promise<WriteTarget> {
    // A symbolic link stays, and what it points to is replaced.
    const final = await realpath(path).catch(() => resolve(path))
    const kind = options.directory ? 'directory' : await fileKind(final)
    const target = new WriteTarget(final, kind, options)
    await checked(target.path, async () => {
      if (options.directory && options.mode === 'error' && (await exists(target.path))) {
        throw new EngineError('IO_FAILED', `cannot write ${target.path}: it exists`, {
          path: target.path,
          hint: "remove it, or write with mode: 'overwrite' or 'append'",
        })
      }
      if (typeof options.writer === 'string') await target.discard()
      await mkdir(options.directory ? target.temporary : dirname(target.path), { recursive: true })
    })
    return target
  }

  /** Gives what was written its final name. */
  async commit(): Promise<void> {
    if (this.#isDevice) return
    await checked(this.path, async () => {
      if (!this.#isDirectory || !(await exists(this.path))) return rename(this.temporary, this.path)
      return this.#mode === 'append' ? this.#appendParts() : this.#replaceDirectory()
    })
  }

  /** Removes what was written; what stood under the final name is untouched. */
  async discard(): Promise<void> {
    if (!this.#isDevice) await rm(this.temporary, { recursive: true, force: true })
  }

  async #appendParts(): Promise<void> {
    const prefix = randomUUID().slice(0, 8)
    for (const entry of await readdir(this.temporary, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue
      const from = join(entry.parentPath, entry.name)
      const folder = join(this.path, entry.parentPath.slice(this.temporary.length))
      await mkdir(folder, { recursive: true })
      await rename(from, join(folder, `${prefix}-${entry.name}`))
    }
    await this.discard()
  }

  async #replaceDirectory(): Promise<void> {
    const old = `${this.path}.${randomUUID().slice(0, 8)}.old`
    await rename(this.path, old)
    await rename(this.temporary, this.path)
    await rm(old, { recursive: true, force: true })
  }
}

/** What is written under this name; throws IO_FAILED for a directory. */
async function fileKind(path: string): Promise<'file' | 'device'> {
  const found = await stat(path).catch(() => null)
  if (found?.isDirectory() === true)
    throw new EngineError('IO_FAILED', `cannot write ${path}: it is a directory`, { path })
  return found === null || found.isFile() ? 'file' : 'device'
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

async function checked(path: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (error instanceof EngineError) throw error
    throw new EngineError('IO_FAILED', `cannot write ${path}: ${messageOf(error)}`, { path }, error)
  }
}
