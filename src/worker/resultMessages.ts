import type { FunctionSignature } from '../../catalog/function.ts'
import type { CallResult } from '../../udf/executor.ts'
import { asWritten } from '../../udf/executors/remote/answerColumn.ts'
import { rowParts, rowsOf } from '../../udf/executors/remote/requestParts.ts'
import type { Batch } from '../arrow/column.ts'
import { encodeColumn } from '../arrow/encode.ts'
import { encodePayload } from '../arrow/ipcPayload.ts'
import type { DataType, Schema } from '../base/dataType.ts'
import { EngineError, encodeError } from '../base/errors.ts'
import { EVENTS_COLUMN, ROW_ERRORS_COLUMN } from '../protocol/callContext.ts'
import { MESSAGE_BYTES_MAX } from '../protocol/limits.ts'

const textType: DataType = { kind: 'varchar' }
const eventFields: Schema = [{ name: EVENTS_COLUMN, type: textType }]
/** What a message has beside its payload, and more. */
const MESSAGE_BYTES_LEFT = 1024
const PAYLOAD_BYTES_MAX = MESSAGE_BYTES_MAX - MESSAGE_BYTES_LEFT

const fieldsOfType = new WeakMap<DataType, { readonly plain: Schema; readonly withErrors: Schema }>()

/** The result of a batch as payloads: one, or as many as it needs where the caller joins them. Throws MESSAGE_TOO_LARGE. */
export function resultPayloads(
  signature: FunctionSignature,
  { column, failures }: CallResult,
  { mayBeSplit }: { readonly mayBeSplit: boolean },
): readonly Uint8Array[] {
  const { plain, withErrors } = fieldsFor(signature.output)
  const batch: Batch = { length: column.length, columns: [column] }
  if (failures.length === 0 || !mayBeSplit) return payloadsOf(signature, plain, batch, mayBeSplit)
  const errors: (string | null)[] = Array.from({ length: column.length }, () => null)
  for (const { row, error } of failures) errors[row] = JSON.stringify(encodeError(error), plainText)
  const columns = [column, encodeColumn(textType, errors)]
  return payloadsOf(signature, withErrors, { length: column.length, columns }, mayBeSplit)
}

/** One item of a handler that yields, as a payload of one row. */
export function itemPayload(signature: FunctionSignature, type: DataType, item: unknown): Uint8Array {
  const batch = { length: 1, columns: [encodeColumn(asWritten(type), [item])] }
  return payloadsOf(signature, fieldsFor(type).plain, batch, false)[0]!
}

export function eventsPayload(events: readonly string[]): Uint8Array {
  return encodePayload(eventFields, { length: events.length, columns: [encodeColumn(textType, events)] })
}

function payloadsOf(
  signature: FunctionSignature,
  fields: Schema,
  batch: Batch,
  mayBeSplit: boolean,
): readonly Uint8Array[] {
  const payload = encodePayload(fields, batch)
  if (payload.length <= PAYLOAD_BYTES_MAX) return [payload]
  if (!mayBeSplit || batch.length === 1) throw tooLarge(signature, batch.length, payload.length)
  return rowParts(fields, batch, PAYLOAD_BYTES_MAX / 2).flatMap((rows) =>
    payloadsOf(signature, fields, rowsOf(fields, batch, rows), rows.length > 1),
  )
}

function fieldsFor(type: DataType): { readonly plain: Schema; readonly withErrors: Schema } {
  const known = fieldsOfType.get(type)
  if (known !== undefined) return known
  const result = { name: 'result', type }
  const made = { plain: [result], withErrors: [result, { name: ROW_ERRORS_COLUMN, type: textType }] }
  fieldsOfType.set(type, made)
  return made
}

function tooLarge({ name, version }: FunctionSignature, rows: number, bytes: number): EngineError {
  const what = rows === 1 ? 'one row' : `${rows} rows`
  return new EngineError(
    'MESSAGE_TOO_LARGE',
    `function '${name}' (version ${version}) returned ${bytes} bytes for ${what}, and a message has ${MESSAGE_BYTES_MAX} at most`,
    { function: name, version, hint: rows === 1 ? 'return less' : 'call it with fewer rows' },
  )
}

function plainText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value
}
