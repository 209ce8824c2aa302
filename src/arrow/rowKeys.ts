import { hash, randomBytes } from 'node:crypto'
import type { DataType } from '../base/dataType.ts'
import type { ColumnData } from './column.ts'
import { RowBytes, rowWriter } from './rowBytes.ts'

/** Words of 32 bits that one row's key takes in what `hashRows` gives. */
export const keyWords = 4

/** Columns whose rows are compared, and which rows. */
export interface KeyedRows {
  readonly types: readonly DataType[]
  readonly columns: readonly ColumnData[]
  /** Ascending or not; each gets a key. */
  readonly rows: Int32Array
}

/**
 * A key of 128 bits for each row, `keyWords` words behind one another: equal where `context` and the rows are. It is a message
 * authentication code (Chaskey with 12 rounds) under a key that is random in each process, so that nobody can choose inputs whose keys collide.
 * `context`: what else counts, as 16 bytes.
 */
export function hashRows(context: Uint8Array, { types, columns, rows }: KeyedRows): Uint32Array {
  const keys = new Uint32Array(rows.length * keyWords)
  const write = rowWriter(types, columns)
  const row = new RowBytes()
  row.write(context, 0, blockBytes)
  const state = new Int32Array(keyWords)
  state.set(processKey)
  absorb(state, row.words, 0, blockBytes)
  const start = Int32Array.from(state)
  for (let k = 0; k < rows.length; k++) {
    row.length = 0
    write(row, rows[k]!)
    const bytes = padded(row)
    state[0] = start[0]!
    state[1] = start[1]!
    state[2] = start[2]!
    state[3] = start[3]!
    absorb(state, row.words, 0, bytes)
    const at = k * keyWords
    keys[at] = state[0] ^ lastKey[0]!
    keys[at + 1] = state[1] ^ lastKey[1]!
    keys[at + 2] = state[2] ^ lastKey[2]!
    keys[at + 3] = state[3] ^ lastKey[3]!
  }
  return keys
}

/**
 * SHA-256 of `context`, of the row's position where one is given, and of each row: the same in every process. `context` must tell
 * the types apart and be of one length.
 */
export function digestRows(
  context: Uint8Array,
  { types, columns, rows }: KeyedRows,
  positionOf?: (row: number) => number,
): Uint8Array[] {
  const write = rowWriter(types, columns)
  const bytes = new RowBytes()
  const position = new Float64Array(1)
  bytes.write(context, 0, context.length)
  return Array.from(rows, (row) => {
    bytes.length = context.length
    if (positionOf !== undefined) {
      position[0] = positionOf(row)
      bytes.write(new Uint8Array(position.buffer), 0, 8)
    }
    write(bytes, row)
    return hash('sha256', bytes.bytes.subarray(0, bytes.length), 'buffer')
  })
}

const blockBytes = 16
const rounds = 12
const processKey = randomWords()
/** Rows never begin with one another, so that this need not depend on their length. */
const lastKey = randomWords()

function randomWords(): Int32Array {
  const words = new Int32Array(keyWords)
  new Uint8Array(words.buffer).set(randomBytes(blockBytes))
  return words
}

/** Fills the last block with zeros; answers the bytes of all blocks. */
function padded(row: RowBytes): number {
  const end = Math.ceil(row.length / blockBytes) * blockBytes
  row.reserve(end - row.length)
  for (let at = row.length; at < end; at++) row.bytes[at] = 0
  return end
}

function absorb(state: Int32Array, words: Int32Array, from: number, bytes: number): void {
  let v0 = state[0]!
  let v1 = state[1]!
  let v2 = state[2]!
  let v3 = state[3]!
  for (let at = from; at < bytes >> 2; at += keyWords) {
    v0 ^= words[at]!
    v1 ^= words[at + 1]!
    v2 ^= words[at + 2]!
    v3 ^= words[at + 3]!
    for (let round = 0; round < rounds; round++) {
      v0 = (v0 + v1) | 0
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0
      v0 = (v0 << 16) | (v0 >>> 16)
      v2 = (v2 + v3) | 0
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2
      v0 = (v0 + v3) | 0
      v3 = ((v3 << 13) | (v3 >>> 19)) ^ v0
      v2 = (v2 + v1) | 0
      v1 = ((v1 << 7) | (v1 >>> 25)) ^ v2
      v2 = (v2 << 16) | (v2 >>> 16)
    }
  }
  state[0] = v0
  state[1] = v1
  state[2] = v2
  state[3] = v3
}
