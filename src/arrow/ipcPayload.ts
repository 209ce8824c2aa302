import type * as arrow from 'apache-arrow'
import type { Schema } from '../base/dataType.ts'
import { EngineError, isEngineError, messageOf } from '../base/errors.ts'
import { formatType } from '../base/formatType.ts'
import { schemaOfArrow } from './arrowSchema.ts'
import { canRead } from './arrowStorage.ts'
import { type Batch, byteSize } from './column.ts'
import { FlatBufferError } from './flatTable.ts'
import { checkMessage } from './ipcMessage.ts'
import { IpcWriter } from './ipcWriter.ts'
import { library } from './library.ts'
import { batchOf } from './table.ts'

const CONTINUATION = 0xff_ff_ff_ff

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

export function encodePayload(fields: Schema, batch: Batch): Uint8Array {
  const writer = new IpcWriter(fields, 'stream')
  return Buffer.concat([...writer.write(batch), ...writer.finish()])
}

/** Bytes that the payload of a batch takes, about: what its buffers hold, and some more for what describes them. */
export function payloadBytes(fields: Schema, { columns }: Batch): number {
  const described = 1024 + fields.length * 512
  return columns.reduce((sum, column) => sum + byteSize(column), described)
}

/** All of it is checked before it is decoded, and copied. Throws ARROW_INVALID, for whatever is wrong with it. */
export function decodePayload(
  expected: ExpectedColumns,
  bytes: Uint8Array,
  { maxRows }: PayloadLimits,
): Payload {
  try {
    checkStream(bytes, maxRows)
    const reader = library.RecordBatchReader.from(bytes).open()
    const names = reader.schema.fields.map(({ name }) => name)
    const fields = expectedFields(expected, names) ?? schemaOfArrow(reader.schema)
    checkFields(fields, reader.schema)
    const batches = [...reader].map((batch) => batchOf(fields, batch))
    return { fields, batches, length: batches.reduce((sum, { length }) => sum + length, 0) }
  } catch (error) {
    if (isEngineError(error)) throw error
    throw new EngineError('ARROW_INVALID', `Arrow data that cannot be read: ${messageOf(error)}`, {}, error)
  }
}

function expectedFields(expected: ExpectedColumns, names: readonly string[]): Schema | null {
  return typeof expected === 'function' ? expected(names) : expected
}

function checkFields(fields: Schema, { fields: given }: arrow.Schema): void {
  if (fields.length !== given.length)
    throw new Error(`it has ${given.length} columns instead of ${fields.length}`)
  for (const [index, { name, type }] of fields.entries()) {
    const storage = given[index]!.type
    if (canRead(type, storage)) continue
    throw new Error(`column '${name}' is ${storage} instead of ${formatType(type)}`)
  }
}

/** What apache-arrow would take for granted: that every message is whole and well-formed. */
function checkStream(bytes: Uint8Array, maxRows: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let rows = 0
  for (let at = 0; at < bytes.length; ) {
    if (at + 8 > bytes.length || view.getUint32(at, true) !== CONTINUATION) throw cutOff()
    const metadataBytes = view.getInt32(at + 4, true)
    if (metadataBytes === 0) return
    const bodyAt = at + 8 + metadataBytes
    if (metadataBytes < 0 || bodyAt > bytes.length) throw cutOff()
    const message = checkMessage(bytes.subarray(at + 8, bodyAt), bytes.length - bodyAt)
    if (at === 0 && message.kind !== 'schema') throw new FlatBufferError('it does not begin with a schema')
    rows += message.kind === 'batch' ? message.rows : 0
    if (rows > maxRows) throw new FlatBufferError(`it has more than ${maxRows} rows`)
    at = bodyAt + message.bodyBytes
  }
}

function cutOff(): FlatBufferError {
  return new FlatBufferError('it ends in the middle of a message')
}
