import type { ModelVersion } from '../../../catalog/models/model.ts'
import { EngineError, type ErrorDetails, isEngineError } from '../../../src/base/errors.ts'
import { amendError } from '../../policies/amendError.ts'
import type { PipelineContext } from './pipeline.ts'

/** One batch of a model's function, where errors say that they happened. */
export interface ModelPlace {
  readonly function: string
  readonly version: number
  readonly batch: number
  /** Rows of the batch. */
  readonly batchRows: number
}

/** The place of a batch of so many rows. */
export function placeOf(
  { version }: Pick<ModelVersion, 'version'>,
  context: Pick<PipelineContext, 'function' | 'batch'>,
  batchRows: number,
): ModelPlace {
  return { function: context.function, version, batch: context.batch, batchRows }
}

/** MODEL_INPUT_INVALID for one row; `problem` is a sentence about its value: `it is null, …`. */
export function inputInvalid(place: ModelPlace, input: string, row: number, problem: string): EngineError {
  const message = `${subject(place)} cannot take its input '${input}' in ${where(place, row)}: ${problem}`
  return new EngineError('MODEL_INPUT_INVALID', message, { ...place, row, column: input })
}

/** What is wrong with what a model, or a function around it, gave for the batch. */
export function failedIn(
  place: ModelPlace,
  failure: { readonly code: EngineError['code']; readonly problem: string; readonly row?: number | null },
  cause?: unknown,
): EngineError {
  const { code, problem, row = null } = failure
  const message = `${subject(place)} failed in ${where(place, row)}: ${problem}`
  const details: ErrorDetails = row === null ? place : { ...place, row }
  return new EngineError(code, message, details, cause)
}

/** An error of a run as one of the batch that it was part of; `rows` are the run's. */
export function failedRun(place: ModelPlace, thrown: unknown, rows: Int32Array): unknown {
  if (!isEngineError(thrown) || (thrown.code !== 'MODEL_FAILED' && thrown.code !== 'MODEL_INPUT_INVALID'))
    return thrown
  const row = rows.length === 1 ? (rows[0] ?? null) : null
  const reword = (message: string): string => `${subject(place)} failed in ${where(place, row)}: ${message}`
  return amendError(thrown, reword, row === null ? place : { ...place, row })
}

function subject({ function: name, version }: ModelPlace): string {
  return `function '${name}' (version ${version})`
}

function where({ batch, batchRows }: ModelPlace, row: number | null): string {
  return `batch ${batch} of ${batchRows} ${batchRows === 1 ? 'row' : 'rows'}${row === null ? '' : `, row ${row}`}`
}
