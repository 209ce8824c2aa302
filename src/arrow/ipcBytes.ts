import type { Field } from '../base/dataType.ts'
import { EngineError, isEngineError, messageOf } from '../base/errors.ts'
import { sameType } from '../base/formatType.ts'
import { schemaOfArrow } from './arrowSchema.ts'
import type { ColumnData } from './column.ts'
import { concatColumns } from './columns.ts'
import { FlatBufferError } from './flatTable.ts'
import { checkMessage } from './ipcMessage.ts'
import { IpcWriter } from './ipcWriter.ts'
import { library } from './library.ts'
import { batchOf } from './table.ts'

const continuation = 0xff_ff_ff_ff

/** One column as a stream of Arrow's IPC format. */
export function columnToIpc(field: Field, column: ColumnData): Uint8Array {
  const writer = new IpcWriter([field], 'stream')
  const parts = [...writer.write({ length: column.length, columns: [column] }), ...writer.finish()]
  return Buffer.concat(parts)
}

/** The column of such a stream, from whomever it comes. Throws ARROW_INVALID for bytes that are damaged, or of another type. */
export function columnFromIpc({ name, type }: Field, bytes: Uint8Array): ColumnData {
  try {
    checkStream(bytes)
    const reader = library.RecordBatchReader.from(bytes).open()
    const schema = schemaOfArrow(reader.schema)
    const [field] = schema
    if (schema.length !== 1 || field === undefined || !sameType(field.type, type)) {
      throw new Error(`it holds other columns than '${name}'`)
    }
    const batches = [...reader]
    return concatColumns(
      type,
      batches.map((batch) => batchOf([{ name, type }], batch).columns[0]!),
    )
  } catch (error) {
    if (isEngineError(error)) throw error
    throw new EngineError('ARROW_INVALID', `a kept column cannot be read: ${messageOf(error)}`, {}, error)
  }
}

/** What apache-arrow would take for granted: that every message is whole and well-formed. */
function checkStream(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = 0; at < bytes.length; ) {
    if (at + 8 > bytes.length || view.getUint32(at, true) !== continuation) {
      throw new FlatBufferError('it ends in the middle of a message')
    }
    const metadataBytes = view.getInt32(at + 4, true)
    if (metadataBytes === 0) return
    const bodyAt = at + 8 + metadataBytes
    if (metadataBytes < 0 || bodyAt > bytes.length)
      throw new FlatBufferError('it ends in the middle of a message')
    const { bodyBytes } = checkMessage(bytes.subarray(at + 8, bodyAt), bytes.length - bodyAt)
    at = bodyAt + bodyBytes
  }
}
