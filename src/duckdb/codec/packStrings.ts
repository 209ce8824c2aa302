import duckdb from '@duckdb/node-bindings'
import { entryBytes } from './vectorSource.ts'

// A string of DuckDB takes 16 bytes in its vector: its length, then up to 12 bytes of its own, or else 4 of them and a pointer
// to all. Native calls are dear, so strings that lie near one another are fetched together, as a run.

const inlineBytes = 12
// A gap below a page of memory cannot hold a page of its own, so it is safe to read over.
const maxGapBytes = 4095
const maxRunBytes = 1 << 20
// Of short strings that lie among the long ones of a run.
const maxInlineRunBytes = 1 << 16
// With fewer long strings a run than this, sorting them by address pays.
const minRunStrings = 8
// Strings that are sorted together: a row's number takes the 16 bits beside the 48 of an address.
const maxSortedRows = 1 << 16
const shortCopyBytes = 32

/** Strings as 16-byte entries, and the same as 32-bit words. */
export interface StringEntries {
  readonly data: Uint8Array<ArrayBuffer>
  readonly words: Uint32Array
}

/** Bytes of the strings of the rows [from, to). */
export function stringBytes({ words }: StringEntries, from: number, to: number): number {
  let total = 0
  for (let row = from; row < to; row++) total += words[row * 4]!
  return total
}

/** Writes the strings of the rows [from, to) one behind the other; `target` has room for them. */
export function packStrings(entries: StringEntries, from: number, to: number, target: Uint8Array): void {
  const { longs, runs } = countRuns(entries.words, from, to)
  if (longs === 0) packInline(entries, from, to, target)
  else if (longs < runs * minRunStrings && longs > minRunStrings) packScattered(entries, from, to, target)
  else packRuns(entries, from, to, target)
}

function countRuns(words: Uint32Array, from: number, to: number): { longs: number; runs: number } {
  let longs = 0
  let runs = 0
  let end = -1
  for (let row = from; row < to; row++) {
    const length = words[row * 4]!
    if (length <= inlineBytes) continue
    const start = address(words, row)
    if (end < 0 || start < end || start > end + maxGapBytes) runs++
    end = start + length
    longs++
  }
  return { longs, runs }
}

function packInline({ data, words }: StringEntries, from: number, to: number, target: Uint8Array): void {
  let end = 0
  for (let row = from; row < to; row++) {
    const first = row * entryBytes + 4
    const length = words[row * 4]!
    for (let k = 0; k < length; k++) target[end++] = data[first + k]!
  }
}

function packRuns(entries: StringEntries, from: number, to: number, target: Uint8Array): void {
  const { data, words } = entries
  let end = 0
  let row = from
  while (row < to) {
    if (words[row * 4]! <= inlineBytes) {
      end = copyInline(entries, row, target, end)
      row++
      continue
    }
    const { next, span, size, inline } = findRun(words, row, to)
    const bytes = duckdb.get_data_from_pointer(data.buffer, data.byteOffset + row * entryBytes + 8, span)
    if (span === size && inline === 0) target.set(bytes, end)
    else target.set(closeGaps(entries, row, next, { bytes, inline }).subarray(0, size), end)
    end += size
    row = next
  }
}

interface Run {
  readonly next: number
  /** Bytes from the start of its first long string to the end of its last. */
  readonly span: number
  /** Bytes of its strings, short ones included. */
  readonly size: number
  /** Bytes of its short strings. */
  readonly inline: number
}

function findRun(words: Uint32Array, first: number, to: number): Run {
  const start = address(words, first)
  let end = start + words[first * 4]!
  let next = first + 1
  let size = end - start
  let inline = 0
  let pending = 0
  for (let row = next; row < to; row++) {
    const length = words[row * 4]!
    if (length <= inlineBytes) {
      pending += length
      if (inline + pending > maxInlineRunBytes) break
      continue
    }
    const at = address(words, row)
    if (at < end || at > end + maxGapBytes || at + length - start > maxRunBytes) break
    end = at + length
    size += pending + length
    inline += pending
    pending = 0
    next = row + 1
  }
  return { next, span: end - start, size, inline }
}

let scratch = new Uint8Array(0)

/** The strings of a run without the gaps, and with the short ones in their places; `copyWithin` costs least a string. */
function closeGaps(
  entries: StringEntries,
  from: number,
  to: number,
  { bytes, inline }: { readonly bytes: Uint8Array; readonly inline: number },
): Uint8Array {
  const { words } = entries
  if (scratch.length < inline + bytes.length) scratch = new Uint8Array(maxRunBytes + maxInlineRunBytes)
  // So far behind that what is written never reaches what is still to be read.
  scratch.set(bytes, inline)
  const shift = inline - address(words, from)
  let end = 0
  for (let row = from; row < to; row++) {
    const length = words[row * 4]!
    if (length <= inlineBytes) {
      end = copyInline(entries, row, scratch, end)
      continue
    }
    const start = address(words, row) + shift
    scratch.copyWithin(end, start, start + length)
    end += length
  }
  return scratch
}

/** Strings in any order of addresses, some there many times: those of a dictionary, or of the rows of a join. */
function packScattered(entries: StringEntries, from: number, to: number, target: Uint8Array): void {
  const { words } = entries
  const places = new Uint32Array(Math.min(to - from, maxSortedRows))
  let end = 0
  for (let block = from; block < to; block += maxSortedRows) {
    const rows = Math.min(to - block, maxSortedRows)
    const keys = new BigUint64Array(rows)
    const halves = new Uint32Array(keys.buffer)
    let longs = 0
    for (let k = 0; k < rows; k++) {
      const word = (block + k) * 4
      const length = words[word]!
      places[k] = end
      if (length <= inlineBytes) {
        copyInline(entries, block + k, target, end)
      } else {
        halves[longs * 2] = (words[word + 2]! << 16) | k
        halves[longs * 2 + 1] = (words[word + 3]! << 16) | (words[word + 2]! >>> 16)
        longs++
      }
      end += length
    }
    keys.subarray(0, longs).sort()
    const rowsByAddress = Uint32Array.from({ length: longs }, (_, k) => block + (halves[k * 2]! & 0xffff))
    packSorted(entries, rowsByAddress, target, (row) => places[row - block]!)
  }
}

function packSorted(
  { data, words }: StringEntries,
  rows: Uint32Array,
  target: Uint8Array,
  placeOf: (row: number) => number,
): void {
  for (let first = 0, next = 0; first < rows.length; first = next) {
    const start = address(words, rows[first]!)
    let end = start
    for (; next < rows.length; next++) {
      const at = address(words, rows[next]!)
      const itsEnd = at + words[rows[next]! * 4]!
      if (next > first && (at > end + maxGapBytes || itsEnd - start > maxRunBytes)) break
      if (itsEnd > end) end = itsEnd
    }
    const bytes = duckdb.get_data_from_pointer(
      data.buffer,
      data.byteOffset + rows[first]! * entryBytes + 8,
      end - start,
    )
    for (let k = first; k < next; k++) {
      const row = rows[k]!
      const from = address(words, row) - start
      const length = words[row * 4]!
      const place = placeOf(row)
      if (length > shortCopyBytes) target.set(bytes.subarray(from, from + length), place)
      else for (let byte = 0; byte < length; byte++) target[place + byte] = bytes[from + byte]!
    }
  }
}

function copyInline({ data, words }: StringEntries, row: number, target: Uint8Array, end: number): number {
  const first = row * entryBytes + 4
  const length = words[row * 4]!
  for (let k = 0; k < length; k++) target[end + k] = data[first + k]!
  return end + length
}

function address(words: Uint32Array, row: number): number {
  return words[row * 4 + 3]! * 2 ** 32 + words[row * 4 + 2]!
}
