import { FlatBufferError, FlatTable, type FlatVector } from './flatTable.ts'

const schemaHeader = 1
const dictionaryHeader = 2
const batchHeader = 3
const maxNesting = 64
const maxFields = 100_000
const structBytes = 16
const blockBytes = 24

/** What a checked message says of itself. */
export interface IpcMessage {
  readonly kind: 'schema' | 'dictionary' | 'batch'
  /** Bytes of the buffers that follow it. */
  readonly bodyBytes: number
  /** Rows of a batch, values of a dictionary. */
  readonly rows: number
  /** Rows of the longest of its columns, however deep. */
  readonly longest: number
  readonly isCompressed: boolean
  /** Whether it adds to a dictionary that was there before. */
  readonly isDelta: boolean
}

type BatchFacts = Pick<IpcMessage, 'rows' | 'longest' | 'isCompressed' | 'isDelta'>

/** Checks the metadata of a message: its tables, its fields, and that its buffers lie in its body. */
export function checkMessage(
  metadata: Uint8Array,
  mostBodyBytes: number,
  mostFields = maxFields,
): IpcMessage {
  const message = FlatTable.root(metadata)
  const header = message.table(2)
  const bodyBytes = Number(message.int64(3))
  if (header === null) throw new FlatBufferError('a message without a header')
  if (bodyBytes < 0 || bodyBytes > mostBodyBytes) {
    throw new FlatBufferError(`a message has a body of ${bodyBytes} bytes where ${mostBodyBytes} are left`)
  }
  message.tables(4)
  switch (message.uint8(1)) {
    case schemaHeader:
      checkSchema(header, mostFields)
      return { kind: 'schema', bodyBytes, rows: 0, longest: 0, isCompressed: false, isDelta: false }
    case dictionaryHeader: {
      const data = header.table(1)
      if (data === null) throw new FlatBufferError('a dictionary without data')
      return { kind: 'dictionary', bodyBytes, ...checkBatch(data, bodyBytes), isDelta: header.uint8(2) !== 0 }
    }
    case batchHeader:
      return { kind: 'batch', bodyBytes, ...checkBatch(header, bodyBytes) }
    default:
      throw new FlatBufferError(`a message of kind ${message.uint8(1)}`)
  }
}

function checkSchema(schema: FlatTable, mostFields = maxFields): void {
  if (schema.int16(0) !== 0) throw new FlatBufferError('numbers with their highest byte first')
  schema.tables(2)
  let fields = 0
  const visit = (field: FlatTable, nesting: number): void => {
    if (nesting > maxNesting || ++fields > mostFields)
      throw new FlatBufferError('too many fields within one another')
    field.vector(0, 1)
    field.table(3)
    field.table(4)?.table(1)
    for (const entry of field.tables(6)) {
      // Many fields may name the same entries.
      if (++fields > mostFields) throw new FlatBufferError('too many words about its fields')
      entry.vector(0, 1)
      entry.vector(1, 1)
    }
    for (const child of field.tables(5)) visit(child, nesting + 1)
  }
  for (const field of schema.tables(1)) visit(field, 1)
}

function checkBatch(batch: FlatTable, bodyBytes: number): BatchFacts {
  const rows = batch.int64(0)
  if (rows < 0n || rows > 2n ** 31n) throw new FlatBufferError(`a batch of ${rows} rows`)
  let longest = 0
  const nodes = batch.vector(1, structBytes)
  for (let k = 0; k < (nodes?.length ?? 0); k++) {
    const length = nodes!.int64(k * structBytes)
    const nulls = nodes!.int64(k * structBytes + 8)
    // -1 says that nobody counted them.
    if (length < 0n || length > 2n ** 31n || nulls < -1n || nulls > length) {
      throw new FlatBufferError(`a column of ${length} rows, ${nulls} of them null`)
    }
    longest = Math.max(longest, Number(length))
  }
  const buffers = batch.vector(2, structBytes)
  for (let k = 0; k < (buffers?.length ?? 0); k++) {
    const offset = buffers!.int64(k * structBytes)
    const length = buffers!.int64(k * structBytes + 8)
    if (offset < 0n || length < 0n || offset + length > BigInt(bodyBytes)) {
      throw new FlatBufferError(`a buffer of ${length} bytes at ${offset} in a body of ${bodyBytes}`)
    }
  }
  const isCompressed = batch.table(3) !== null
  checkVariadicCounts(batch.vector(4, 8), buffers?.length ?? 0)
  return { rows: Number(rows), longest, isCompressed, isDelta: false }
}

/** How many buffers each column of views has beside the views themselves. */
function checkVariadicCounts(counts: FlatVector | null, buffers: number): void {
  let left = BigInt(buffers)
  for (let k = 0; k < (counts?.length ?? 0); k++) {
    const count = counts!.int64(k * 8)
    left -= count
    if (count < 0n || left < 0n) throw new FlatBufferError(`a column of ${count} buffers`)
  }
}

/** Where a message lies in a file. */
export interface IpcBlock {
  readonly kind: 'dictionary' | 'batch'
  readonly offset: number
  readonly metadataBytes: number
  readonly bodyBytes: number
}

/** The places of the messages that the end of a file names, with a check of its schema. */
export function checkFooter(footer: Uint8Array): readonly IpcBlock[] {
  const table = FlatTable.root(footer)
  const schema = table.table(1)
  if (schema === null) throw new FlatBufferError('a file without a schema')
  checkSchema(schema)
  const blocksOf = (field: number, kind: IpcBlock['kind']): IpcBlock[] => {
    const blocks = table.vector(field, blockBytes)
    return Array.from({ length: blocks?.length ?? 0 }, (_, index) => ({
      kind,
      offset: Number(blocks!.int64(index * blockBytes)),
      metadataBytes: Number(BigInt.asIntN(32, blocks!.int64(index * blockBytes + 8))),
      bodyBytes: Number(blocks!.int64(index * blockBytes + 16)),
    }))
  }
  return [...blocksOf(2, 'dictionary'), ...blocksOf(3, 'batch')]
}
