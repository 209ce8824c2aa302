import type { ModelVersion } from '../../../../catalog/models/model.ts'
import { EngineError, isEngineError } from '../../../../src/base/errors.ts'
import { failedIn, failedRun, inputInvalid, type ModelPlace } from '../modelErrors.ts'
import type { TensorData } from '../pipeline.ts'
import type { TokenRows } from './tokenizer.ts'

/** A text is null; `row` counts from 0 within the batch. */
export function nullText(place: ModelPlace, { inputs }: ModelVersion, row: number): EngineError {
  return inputInvalid(place, inputs[0]?.name ?? 'text', row, 'it is null, where the model takes a text')
}

/** A run of some texts. */
export interface FailedRun {
  readonly place: ModelPlace
  /** Rows of the batch that it was made of. */
  readonly rows: Int32Array
  readonly texts: TokenRows
  /** Tokens of the longest. */
  readonly tokens: number
  readonly maxLength: number | null
}

/** What onnxruntime says of a number that is beyond the rows of a table. */
const beyondTable =
  /indices element out of data bounds, idx=(\d+) must be within the inclusive range \[-?\d+,(\d+)\]/

/** What a run failed with, in terms of texts: a token that the model does not know, or, perhaps, more of them than it takes. */
export function runFailed(
  thrown: unknown,
  version: ModelVersion,
  { place, rows, texts, tokens, maxLength }: FailedRun,
): unknown {
  if (!isEngineError(thrown) || thrown.code !== 'MODEL_FAILED') return failedRun(place, thrown, rows)
  const [, token, last] = beyondTable.exec(thrown.message) ?? []
  if (token !== undefined && texts.ids.includes(Number(token))) {
    const path = version.artifacts['tokenizer']?.path ?? ''
    const model = `model '${version.name}' (version ${version.version})`
    return new EngineError(
      'MODEL_INVALID',
      `tokenizer '${path}' does not fit ${model}: it gives token ${token}, and the model knows tokens up to ${last}`,
      { ...place, hint: 'register the model with the tokenizer.json that it was published with' },
      thrown,
    )
  }
  const cutAt = maxLength === null ? 'are not cut' : `are cut at ${maxLength}`
  const hint = `its longest text has ${tokens} tokens, and texts ${cutAt}: if the model takes fewer, register it with a maxLength`
  const hinted = new EngineError(thrown.code, thrown.message, { ...thrown.details, hint }, thrown.cause)
  return failedRun(place, thrown.details.hint === undefined ? hinted : thrown, rows)
}

/** The graph gave a tensor of another shape than it promised. */
export function wrongShape(
  place: ModelPlace,
  output: string,
  { dims, expected }: { readonly dims: TensorData['dims']; readonly expected: readonly number[] },
): EngineError {
  const problem = `the model's output '${output}' has the shape [${dims.join(', ')}] where [${expected.join(', ')}] was expected`
  return failedIn(place, { code: 'MODEL_FAILED', problem })
}
