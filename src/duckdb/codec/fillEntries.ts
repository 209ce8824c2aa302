import duckdb, { type Vector } from '@duckdb/node-bindings'
import { entryBytes } from './vectorSource.ts'

const inlineBytes = 12
const blockRows = 2048

// The bindings copy it into the vector before it is filled again.
const buffer = new ArrayBuffer(blockRows * entryBytes)
const words = new Uint32Array(buffer)
const octets = new Uint8Array(buffer)

/**
 * Writes strings into the first rows of a vector: all their bytes in one copy into the vector's own memory, then the entries
 * that point there. `offsets` are those of the rows and one more.
 */
export function fillStrings(vector: Vector, offsets: Int32Array, bytes: Uint8Array): void {
  const rows = offsets.length - 1
  const start = offsets[0] ?? 0
  const base = hasLong(offsets)
    ? placeBytes(vector, bytes.subarray(start, offsets[rows]))
    : { low: 0, high: 0 }
  for (let block = 0; block < rows; block += blockRows) {
    const length = Math.min(blockRows, rows - block)
    for (let row = 0; row < length; row++) {
      const from = offsets[block + row]!
      const size = offsets[block + row + 1]! - from
      const word = row * 4
      words[word] = size
      if (size > inlineBytes) {
        const address = base.low + from - start
        words[word + 1] =
          bytes[from]! | (bytes[from + 1]! << 8) | (bytes[from + 2]! << 16) | (bytes[from + 3]! << 24)
        words[word + 2] = address
        words[word + 3] = address < 2 ** 32 ? base.high : base.high + 1
      } else {
        words[word + 1] = 0
        words[word + 2] = 0
        words[word + 3] = 0
        for (let k = 0; k < size; k++) octets[row * entryBytes + 4 + k] = bytes[from + k]!
      }
    }
    duckdb.copy_data_to_vector(vector, block * entryBytes, buffer, 0, length * entryBytes)
  }
}

/** Writes the entries of lists whose items lie end to end in the child vector. */
export function fillLists(vector: Vector, offsets: Int32Array): void {
  const rows = offsets.length - 1
  const start = offsets[0] ?? 0
  for (let block = 0; block < rows; block += blockRows) {
    const length = Math.min(blockRows, rows - block)
    for (let row = 0; row < length; row++) {
      const from = offsets[block + row]!
      words[row * 4] = from - start
      words[row * 4 + 1] = 0
      words[row * 4 + 2] = offsets[block + row + 1]! - from
      words[row * 4 + 3] = 0
    }
    duckdb.copy_data_to_vector(vector, block * entryBytes, buffer, 0, length * entryBytes)
  }
}

function hasLong(offsets: Int32Array): boolean {
  for (let row = 1; row < offsets.length; row++)
    if (offsets[row]! - offsets[row - 1]! > inlineBytes) return true
  return false
}

/** Copies bytes into the vector as if they were its first string, and gives their address. */
function placeBytes(vector: Vector, bytes: Uint8Array): { low: number; high: number } {
  duckdb.vector_assign_string_element_len(vector, 0, bytes)
  const { buffer: entry, byteOffset } = duckdb.vector_get_data(vector, entryBytes)
  const [, , low = 0, high = 0] = new Uint32Array(entry, byteOffset, 4)
  return { low, high }
}
