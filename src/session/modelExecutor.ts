import { bytesOf } from '../../catalog/policy/byteSize.ts'
import { OnnxExecutor, type OnnxOptions } from '../../udf/executors/onnx/onnx.ts'
import type { Settings } from './settings.ts'

/** Runs models within the limits that settings say. */
export function createModelExecutor(
  { modelSessions, modelMemory }: Settings,
  options: Pick<OnnxOptions, 'releaseMemory'> = {},
): OnnxExecutor {
  return new OnnxExecutor({
    ...options,
    maxSessions: modelSessions,
    memoryLimit: modelMemory === null ? null : bytesOf(modelMemory),
  })
}
