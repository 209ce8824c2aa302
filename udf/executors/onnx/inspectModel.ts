import { resolve } from 'node:path'
import type { ModelInterface } from '../../../catalog/models/model.ts'
import { EngineError } from '../../../src/base/errors.ts'
import { SessionThread } from './sessionThread.ts'

/**
 * What a model's graph takes and gives, as onnxruntime reads it; it is loaded in a thread of its own, which ends. Fails with
 * IO_FAILED, MODEL_INVALID, or CONFIG_INVALID where onnxruntime-node is not installed.
 */
export async function inspectModel(path: string): Promise<ModelInterface> {
  let found: ModelInterface | null = null
  const thread = new SessionThread({ kind: 'inspect', path: resolve(path) }, (report) => {
    if (report.kind === 'inspected') found = report.graph
  })
  const failure = await thread.loaded.catch((error: unknown) => error)
  await thread.ended
  if (found !== null) return found
  throw failure ?? new EngineError('INTERNAL', `nothing was found of model '${path}'`)
}
