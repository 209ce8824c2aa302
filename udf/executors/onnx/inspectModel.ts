import { resolve } from 'node:path'
import type { ModelInterface } from '../../../catalog/models/model.ts'
import { EngineError } from '../../../src/base/errors.ts'
import { SessionThread } from './sessionThread.ts'

/**
 * What a model's graph takes and gives, as onnxruntime reads it; it is loaded in a thread of its own, which ends. Fails with
 * IO_FAILED, MODEL_INVALID, or CONFIG_INVALID where onnxruntime-node is not installed.
 */
export async function inspectModel(path: string): Promise<ModelInterface> {
  const graphs: ModelInterface[] = []
  const thread = new SessionThread({ kind: 'inspect', path: resolve(path) }, (report) => {
    if (report.kind === 'inspected') graphs.push(report.graph)
  })
  await thread.ended
  const [graph] = graphs
  if (graph !== undefined) return graph
  await thread.loaded
  throw new EngineError('INTERNAL', `nothing was found of model '${path}'`, { path })
}
