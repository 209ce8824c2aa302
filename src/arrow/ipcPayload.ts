import type { Schema } from '../base/dataType.ts'
import { EngineError } from '../base/errors.ts'
import type { Batch } from './column.ts'

/** Columns as one stream of Arrow's IPC format: a schema and batches, without dictionaries that we made. */
export interface Payload {
  readonly fields: Schema
  readonly batches: readonly Batch[]
  /** Rows of all batches. */
  readonly length: number
}

/**
 * The columns that a payload must have, in order, whatever their names; or what they must be for the names that it has, which may
 * throw; null for any.
 */
export type ExpectedColumns = Schema | ((names: readonly string[]) => Schema) | null

export interface PayloadLimits {
  readonly maxRows: number
}

export function encodePayload(_fields: Schema, _batch: Batch): Uint8Array {
  throw new EngineError('INTERNAL', 'not yet')
}

/** Bytes that the payload of a batch takes. */
export function payloadBytes(_fields: Schema, _batch: Batch): number {
  throw new EngineError('INTERNAL', 'not yet')
}

/** All of it is checked before it is decoded, and copied. Throws ARROW_INVALID, for whatever is wrong with it. */
export function decodePayload(
  _expected: ExpectedColumns,
  _bytes: Uint8Array,
  _limits: PayloadLimits,
): Payload {
  throw new EngineError('INTERNAL', 'not yet')
}
