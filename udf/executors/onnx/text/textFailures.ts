import type { ModelVersion } from '../../../../catalog/models/model.ts'
import { EngineError, isEngineError } from '../../../../src/base/errors.ts'
import type { PipelineContext, TensorData } from '../pipeline.ts'
import type { TokenRows } from './tokenizer.ts'

/** A text is NULL; `row` counts from 0 within the batch. */
export function nullText(
  { version }: ModelVersion,
  context: PipelineContext,
  { row, rows }: { readonly row: number; readonly rows: number },
): EngineError {
  const place = `batch ${context.batch} of ${rows} ${rows === 1 ? 'row' : 'rows'}, row ${row}`
  return new EngineError(
    'MODEL_INPUT_INVALID',
    `function '${context.function}' (version ${version}) failed in ${place}: its text is NULL`,
    {
      function: context.function,
      version,
      batch: context.batch,
      batchRows: rows,
      row,
      hint: "leave such rows out, or give a text for them: coalesce(…, '')",
    },
  )
}

/** Tokens of the texts of a run that failed. */
export interface FailedRun {
  readonly texts: TokenRows
  readonly tokens: number
  readonly maxLength: number | null
}

/**
 * What a run failed with, said in terms of texts where onnxruntime's message tells that a token, or a place in the text, is beyond
 * the tables of the model.
 */
export function runFailed(
  thrown: unknown,
  { name, version, artifacts }: ModelVersion,
  { texts, tokens, maxLength }: FailedRun,
): unknown {
  if (!isEngineError(thrown) || thrown.code !== 'MODEL_FAILED') return thrown
  const { path = '' } = artifacts['tokenizer'] ?? {}
  const beyond =
    /indices element out of data bounds, idx=(\d+) must be within the inclusive range \[-?\d+,(\d+)\]/.exec(
      thrown.message,
    )
  if (beyond !== null && texts.ids.includes(Number(beyond[1]))) {
    return new EngineError(
      'MODEL_INVALID',
      `tokenizer '${path}' does not fit model '${name}' (version ${version}): it gives token ${beyond[1]}, and the model knows tokens up to ${beyond[2]}`,
      { ...thrown.details, hint: 'register the model with the tokenizer.json that it was published with' },
      thrown,
    )
  }
  const cutAt = maxLength === null ? 'no length' : `${maxLength} tokens`
  const hint = `its longest text has ${tokens} tokens, and texts are cut at ${cutAt}: if the model takes fewer, register it with a maxLength`
  return new EngineError(thrown.code, thrown.message, { ...thrown.details, hint }, thrown.cause)
}

/** The graph gave a tensor of another shape than it promised. */
export function wrongShape(
  { name, version }: ModelVersion,
  output: string,
  { dims, expected }: { readonly dims: TensorData['dims']; readonly expected: readonly number[] },
): EngineError {
  const shapes = `of shape [${dims.join(', ')}] where [${expected.join(', ')}] was expected`
  return new EngineError(
    'MODEL_FAILED',
    `model '${name}' (version ${version}) gave an output '${output}' ${shapes}`,
  )
}
