import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type RegisterModelOptions, type Session, type SessionSettings, textEmbedding } from 'callplane'
import { missingFile, modelFile } from '../../test/models/pythonModels.ts'
import type { BareSession } from '../bareModelThread.ts'
import type { FigureOptions } from '../figure.ts'
import { withSession } from '../openSession.ts'

/** How both the engine and the bare loop run a model. */
export interface ModelSetting {
  readonly sessions: number
  readonly intraOpNumThreads: number
  readonly batchSize: number
  readonly device: 'cpu' | 'cuda'
}

/** Two sessions of a thread each are at least as fast as one of two threads, for every model here; a GPU has one. */
export function settingOf({ device }: FigureOptions, batchSize: number): ModelSetting {
  return { sessions: device === 'cuda' ? 1 : 2, intraOpNumThreads: 1, batchSize, device }
}

/** Paths of the model and its tokenizer. Throws where they were not made. */
export function minilmFiles(): { readonly model: string; readonly tokenizer: string } {
  const [model, tokenizer] = [modelFile('minilm/minilm.onnx'), modelFile('minilm/tokenizer.json')]
  expectFiles(model, tokenizer)
  return { model, tokenizer }
}

/** all-MiniLM-L6-v2, whose graph pools and normalizes itself. */
export function minilm(): Pick<RegisterModelOptions, 'model'> {
  return { model: textEmbedding({ ...minilmFiles(), pooling: 'none', normalize: false, maxLength: 256 }) }
}

/** A perceptron of `test/python/buildTabular.py`. Throws where it was not made. */
export function perceptronFile(name: 'tiny' | 'mlp'): string {
  const file = modelFile(`tabular/${name}.onnx`)
  expectFiles(file)
  return file
}

export function bareSession(model: string, { intraOpNumThreads, device }: ModelSetting): BareSession {
  return { model, intraOpNumThreads, device }
}

/** Opens a session with a state directory of its own, which is removed after the work. */
export async function withModels<T>(
  { directory }: FigureOptions,
  settings: SessionSettings,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const state = await mkdtemp(join(directory, 'models-'))
  try {
    return await withSession(settings, work, { functions: [], state })
  } finally {
    await rm(state, { recursive: true })
  }
}

/** Registers a model and lets `model.<name>` stand for it; sessions beyond the first are loaded when there is work for them. */
export async function serve(
  session: Session,
  registration: RegisterModelOptions,
  { sessions, intraOpNumThreads, batchSize, device }: ModelSetting,
): Promise<void> {
  const { name, version } = await session.models.registerModelVersion(registration)
  await session.models.deployModel({
    group: name,
    model: name,
    version,
    scaling: { maxReplicas: sessions },
    resources: { cpu: intraOpNumThreads, gpu: gpusOf(device) },
    runtime: { batchSize },
  })
}

/** What a deployment asks for, to run on a device. */
export function gpusOf(device: FigureOptions['device']): number {
  return device === 'cuda' ? 1 : 0
}

function expectFiles(...files: readonly string[]): void {
  const missing = missingFile(...files)
  if (missing !== null) throw new Error(missing)
}
