import type { ModelBinding, TensorType } from '../../../catalog/models/model.ts'
import type { Batch, FixedWidthArray } from '../../../src/arrow/column.ts'
import type { CallSignal } from '../../../src/base/cancellation.ts'
import type { CallResult } from '../../executor.ts'

/** A tensor as plain data, in row-major order. float16 comes as its bits, bool as 0 and 1. */
export interface TensorData {
  readonly type: TensorType
  readonly dims: readonly number[]
  readonly data: FixedWidthArray | readonly string[]
}

/** Tensors by the names of a model's inputs or outputs. */
export type Tensors = Readonly<Record<string, TensorData>>

/** Runs the loaded model once. Fails with MODEL_FAILED, or MODEL_INPUT_INVALID for tensors that it does not take. */
export type RunModel = (inputs: Tensors) => Promise<Tensors>

/** What accompanies a batch through a pipeline. */
export interface PipelineContext {
  /** Name of the catalog function, for messages. */
  readonly function: string
  /** Number of the batch within its stage, from 0. */
  readonly batch: number
  /** Number of the batch's first row within its stage, from 0. */
  readonly firstRow: number
  /** Whether a row that the model cannot take is told in `failures`; otherwise the batch fails with the first. */
  readonly reportsRows: boolean
  readonly signal: CallSignal
}

/** Makes tensors of rows, runs a model with them, at most `batchSize` rows at once, and makes results of what it gives. */
export interface Pipeline {
  invoke(batch: Batch, run: RunModel, context: PipelineContext): Promise<CallResult>
}

/** Reads what a pipeline needs besides the model. Fails with MODEL_INVALID for what does not fit it. */
export type OpenPipeline = (binding: ModelBinding) => Promise<Pipeline>
