import { FlatBufferError } from './flatTable.ts'
import { checkMessage, type IpcMessage } from './ipcMessage.ts'

export interface PayloadLimits {
  /** Of all batches together. */
  readonly maxRows: number
}

/** What a payload holds whose messages are whole. */
export interface PayloadFrames {
  readonly batches: number
  readonly rows: number
  /** Where its last message ends. */
  readonly end: number
}

const CONTINUATION = 0xff_ff_ff_ff
const METADATA_BYTES_MAX = 1 << 20
const FIELDS_MAX = 10_000
/** Items that a row may have on average where they take no bytes, such as nulls. */
const EMPTY_ITEMS_PER_ROW = 1024

/**
 * What apache-arrow takes for granted: that there is one schema, that every message is whole and well-formed, and that no column claims
 * more rows than its bytes can hold. Throws for anything else.
 */
export function checkFrames(bytes: Uint8Array, { maxRows }: PayloadLimits): PayloadFrames {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0
  let batches = 0
  let rows = 0
  let isFirst = true
  while (at < bytes.length) {
    if (at + 8 > bytes.length) throw cutOff()
    if (view.getUint32(at, true) !== CONTINUATION)
      throw new FlatBufferError('it has no message where one should begin')
    const metadataBytes = view.getInt32(at + 4, true)
    if (metadataBytes === 0) break
    const bodyAt = at + 8 + metadataBytes
    if (metadataBytes < 0 || bodyAt > bytes.length) throw cutOff()
    if (metadataBytes > METADATA_BYTES_MAX)
      throw new FlatBufferError(`a message says ${metadataBytes} bytes of itself`)
    const message = checkMessage(bytes.subarray(at + 8, bodyAt), bytes.length - bodyAt, FIELDS_MAX)
    if (isFirst !== (message.kind === 'schema')) {
      throw new FlatBufferError(isFirst ? `it begins with a ${message.kind}` : 'it has a second schema')
    }
    isFirst = false
    checkSizes(message, maxRows)
    if (message.kind === 'batch') {
      batches++
      rows += message.rows
    }
    if (rows > maxRows) throw new FlatBufferError(`it has ${rows} rows or more where ${maxRows} may be`)
    at = bodyAt + message.bodyBytes
  }
  if (isFirst) throw new FlatBufferError('it is empty')
  return { batches, rows, end: at }
}

function checkSizes({ kind, bodyBytes, longest, isCompressed, isDelta }: IpcMessage, maxRows: number): void {
  if (isCompressed) throw new FlatBufferError(`a ${kind} is compressed`)
  if (isDelta) throw new FlatBufferError('a dictionary adds to another one')
  const most = bodyBytes * 8 + maxRows * EMPTY_ITEMS_PER_ROW
  if (longest > most) throw new FlatBufferError(`a column claims ${longest} rows in ${bodyBytes} bytes`)
}

function cutOff(): FlatBufferError {
  return new FlatBufferError('it ends in the middle of a message')
}
