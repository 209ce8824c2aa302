import { createHash, randomUUID } from 'node:crypto'
import { renameSync } from 'node:fs'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { EngineError, isEngineError, messageOf } from '../../src/base/errors.ts'
import type { ModelStore } from '../store/modelStore.ts'
import { copyFile, digestFile, ioFailed } from './fileDigest.ts'
import type { ModelArtifact, ModelVersion } from './model.ts'
import { filesOf } from './versionFiles.ts'

/** A file to keep. `name` is its place in the folder of its set, led to with slashes. */
export interface SourceFile {
  readonly path: string
  readonly name: string
}

/** Copies that are not kept yet. */
export interface ArtifactIntake {
  /** Where the copies lie until they are kept. */
  readonly directory: string
  /** SHA-256 of the set, under which it is kept. */
  readonly folder: string
  /** In the order of the files. Paths start with the folder of the set. */
  readonly artifacts: readonly ModelArtifact[]
  /** Brings the set to its place, where it stays until this is closed, or longer if a version has it by then. */
  keep(): Promise<void>
  close(): Promise<void>
}

const folderPattern = /^(?:[0-9a-f]{64}|incoming-[0-9a-f-]{36})$/
const removedPrefix = 'removed-'

/** Files of versions, in a folder for each set of them. Processes share it; what one leaves behind when it is killed, another removes. */
export class ArtifactStore {
  readonly #directory: string
  readonly #store: () => Promise<Pick<ModelStore, 'hold' | 'release' | 'sweep'>>

  constructor(directory: string, store: () => Promise<Pick<ModelStore, 'hold' | 'release' | 'sweep'>>) {
    this.#directory = directory
    this.#store = store
  }

  /** The absolute path of a kept file. */
  locate(artifact: ModelArtifact): ModelArtifact {
    return Object.freeze({ ...artifact, path: join(this.#directory, artifact.path) })
  }

  /** Copies files. Throws IO_FAILED; then nothing is left. */
  async take(files: readonly SourceFile[]): Promise<ArtifactIntake> {
    const store = await this.#store()
    const holder = randomUUID()
    const incoming = `incoming-${holder}`
    const directory = join(this.#directory, incoming)
    const close = async (): Promise<void> => {
      await rm(directory, { recursive: true, force: true })
      await store.release(holder)
    }
    await store.hold(incoming, holder)
    try {
      const copies = await copyAll(files, directory)
      const folder = digestOfSet(copies)
      await store.hold(folder, holder)
      const artifacts = copies.map((copy) => Object.freeze({ ...copy, path: `${folder}/${copy.path}` }))
      const keep = async (): Promise<void> => this.#keep(directory, folder, artifacts)
      return { directory, folder, artifacts, keep, close }
    } catch (error) {
      await close()
      throw error
    }
  }

  /** Removes what no version and no living process needs. Throws IO_FAILED. */
  async sweep(): Promise<void> {
    const names = await readdir(this.#directory).catch((error: unknown) => {
      if (isMissing(error)) return []
      throw ioFailed('read', this.#directory, error)
    })
    const store = await this.#store()
    const removed = names.filter((name) => name.startsWith(removedPrefix))
    await store.sweep(
      names.filter((name) => folderPattern.test(name)),
      (folder) => void removed.push(this.#putAside(folder)),
    )
    await Promise.all(removed.map((name) => this.#remove(join(this.#directory, name))))
  }

  async #keep(directory: string, folder: string, artifacts: readonly ModelArtifact[]): Promise<void> {
    const target = join(this.#directory, folder)
    for (let attempts = 3; ; attempts--) {
      try {
        await rename(directory, target)
        return
      } catch (error) {
        if (attempts === 0 || !isTaken(error)) throw ioFailed('make', target, error)
      }
      if (await isIntact(artifacts.map((artifact) => this.locate(artifact)))) return
      // Kept before, and spoilt since.
      await this.#remove(join(this.#directory, this.#putAside(folder)))
    }
  }

  /** At once, so that nobody finds half of it. Answers its new name. */
  #putAside(folder: string): string {
    const aside = `${removedPrefix}${randomUUID()}`
    const path = join(this.#directory, folder)
    try {
      renameSync(path, join(this.#directory, aside))
    } catch (error) {
      // Another process was first.
      if (!isMissing(error)) throw ioFailed('remove', path, error)
    }
    return aside
  }

  async #remove(path: string): Promise<void> {
    await rm(path, { recursive: true, force: true, maxRetries: 3 }).catch((error: unknown) => {
      throw ioFailed('remove', path, error)
    })
  }
}

/** Throws MODEL_CHANGED unless the file is what was registered. Reads all of it. */
export async function verifyArtifact({ path, digest }: ModelArtifact): Promise<void> {
  const found = await digestFile(path).catch((error: unknown) => {
    const problem = isMissing(error) ? 'is missing' : `cannot be read: ${messageOf(error)}`
    throw changed(path, `${problem}; its SHA-256 was ${digest}`, error)
  })
  if (found.digest === digest) return
  throw changed(path, `has changed: its SHA-256 was ${digest} and is ${found.digest}`)
}

/** Throws MODEL_CHANGED unless all files of a version are what was registered. */
export async function verifyVersion(version: ModelVersion): Promise<void> {
  for (const artifact of filesOf(version)) await verifyArtifact(artifact)
}

function changed(path: string, problem: string, cause?: unknown): EngineError {
  const details = { path, hint: 'register the same files again to restore it' }
  return new EngineError('MODEL_CHANGED', `${path}, a file of a model, ${problem}`, details, cause)
}

/** Copies whose paths are their names. */
async function copyAll(files: readonly SourceFile[], directory: string): Promise<readonly ModelArtifact[]> {
  const copies: ModelArtifact[] = []
  for (const { path, name } of files) {
    const target = join(directory, name)
    await mkdir(dirname(target), { recursive: true }).catch((error: unknown) => {
      throw ioFailed('make', dirname(target), error)
    })
    copies.push({ path: name, ...(await copyFile(path, target)) })
  }
  return copies
}

function digestOfSet(files: readonly ModelArtifact[]): string {
  const lines = files.map(({ path, digest }) => `${digest} ${path}\n`).toSorted()
  return createHash('sha256').update(lines.join('')).digest('hex')
}

async function isIntact(artifacts: readonly ModelArtifact[]): Promise<boolean> {
  try {
    for (const artifact of artifacts) await verifyArtifact(artifact)
    return true
  } catch (error) {
    if (isEngineError(error) && error.code === 'MODEL_CHANGED') return false
    throw error
  }
}

function isMissing(error: unknown): boolean {
  return codeOf(error) === 'ENOENT'
}

/** Whether the place to which a folder was to be moved is taken. */
function isTaken(error: unknown): boolean {
  return ['ENOTEMPTY', 'EEXIST', 'EPERM'].includes(codeOf(error))
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
