import { mkdirSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { ModelInterface, TensorInfo } from '../../catalog/models/model.ts'
import { ModelRegistry, type ModelRegistryOptions } from '../../catalog/models/modelRegistry.ts'
import { openStateStore } from '../../catalog/store/libsqlStore.ts'
import { EngineError } from '../../src/base/errors.ts'
import { newFolder } from '../store/processes.ts'

export const churnGraph: ModelInterface = {
  inputs: [tensor('x', ['N', 3])],
  outputs: [tensor('y', ['N', 1])],
}

export function tensor(
  name: string,
  shape: readonly (number | string)[],
  type: TensorInfo['type'] = 'float32',
): TensorInfo {
  return { name, type, shape }
}

/** Reads a graph from a file that holds it as JSON, as models of these tests do. */
export async function inspectJson(path: string): Promise<ModelInterface> {
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- tests write these files
    return JSON.parse(await readFile(path, 'utf8')) as ModelInterface
  } catch (error) {
    throw new EngineError('MODEL_INVALID', `'${path}' is no ONNX model`, { path }, error)
  }
}

export interface RegistryFolder {
  readonly directory: string
  readonly registry: ModelRegistry
  /** Writes a file, and answers its path. */
  readonly write: (name: string, content: string | ModelInterface) => string
}

/** A registry in a folder that is removed at the end of the test. */
export function openRegistry(
  options: Partial<ModelRegistryOptions> = {},
  directory: string = newFolder(),
): RegistryFolder {
  const opened = openStateStore(join(directory, 'state.db'))
  onTestFinished(async () => (await opened).close())
  let now = 1_700_000_000_000
  const registry = new ModelRegistry({
    directory,
    store: async () => (await opened).models,
    inspect: inspectJson,
    baseDirectory: directory,
    cores: 8,
    clock: { now: () => now++ },
    ...options,
  })
  return {
    directory,
    registry,
    write(name, content) {
      const path = join(directory, name)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
      return path
    },
  }
}

/** What a promise fails with, as `CODE message`. */
export async function failureOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'nothing failed',
    (error: unknown) => (error instanceof EngineError ? `${error.code} ${error.message}` : String(error)),
  )
}
