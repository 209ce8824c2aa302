// Arrow's bitmaps, and DuckDB's: a bit a row, least significant bit first, 1 for valid. Bits past the last row are unspecified.

/** Bytes that a bitmap of so many rows takes. */
export function bitmapBytes(rows: number): number {
  return (rows + 7) >> 3
}

const bitsInByte = Uint8Array.from({ length: 256 }, (_, byte) => {
  let count = 0
  for (let rest = byte; rest > 0; rest >>= 1) count += rest & 1
  return count
})

/** The bits that are 1 among the rows [from, to). */
export function countSetBits(bitmap: Uint8Array, from: number, to: number): number {
  let count = 0
  let row = from
  for (; row < to && (row & 7) !== 0; row++) count += (bitmap[row >> 3]! >> (row & 7)) & 1
  for (; row + 8 <= to; row += 8) count += bitsInByte[bitmap[row >> 3]!]!
  for (; row < to; row++) count += (bitmap[row >> 3]! >> (row & 7)) & 1
  return count
}

/** Sets the bits of the rows [from, to). */
export function setBits(bitmap: Uint8Array, from: number, to: number): void {
  let row = from
  for (; row < to && (row & 7) !== 0; row++) bitmap[row >> 3]! |= 1 << (row & 7)
  const whole = row + ((to - row) & ~7)
  if (whole > row) bitmap.fill(0xff, row >> 3, whole >> 3)
  for (row = Math.max(row, whole); row < to; row++) bitmap[row >> 3]! |= 1 << (row & 7)
}

/** A position in a bitmap. */
export interface BitPosition {
  readonly bitmap: Uint8Array
  readonly row: number
}

/** Copies bits; those of the target past them, within its last byte, are unspecified. */
export function copyBits(source: BitPosition, target: BitPosition, rows: number): void {
  const from = source.bitmap
  const into = target.bitmap
  let row = 0
  for (; row < rows && ((target.row + row) & 7) !== 0; row++) {
    const at = source.row + row
    const place = target.row + row
    const bit = 1 << (place & 7)
    if ((from[at >> 3]! >> (at & 7)) & 1) into[place >> 3]! |= bit
    else into[place >> 3]! &= ~bit
  }
  if (row === rows) return
  const shift = (source.row + row) & 7
  let at = (source.row + row) >> 3
  let place = (target.row + row) >> 3
  const bytes = bitmapBytes(rows - row)
  if (shift === 0) {
    into.set(from.subarray(at, at + bytes), place)
    return
  }
  for (let k = 0; k < bytes; k++, at++, place++) {
    into[place] = (from[at]! >> shift) | ((from[at + 1] ?? 0) << (8 - shift))
  }
}

/** The bits of the rows [from, from + rows) as a bitmap of their own. */
export function sliceBits(bitmap: Uint8Array, from: number, rows: number): Uint8Array<ArrayBuffer> {
  const slice = new Uint8Array(bitmapBytes(rows))
  copyBits({ bitmap, row: from }, { bitmap: slice, row: 0 }, rows)
  return slice
}

/** The rows that are valid in both bitmaps; null stands for one in which all are. */
export function andBits(a: Uint8Array | null, b: Uint8Array | null, rows: number): Uint8Array | null {
  if (a === null || b === null) return a ?? b
  const both = new Uint8Array(bitmapBytes(rows))
  for (let k = 0; k < both.length; k++) both[k] = a[k]! & b[k]!
  return both
}

/** A bitmap in which each bit is there `times` times, for the items of fixed-size lists. */
export function repeatBits(bitmap: Uint8Array, rows: number, times: number): Uint8Array {
  const repeated = new Uint8Array(bitmapBytes(rows * times))
  for (let row = 0; row < rows; row++) {
    if ((bitmap[row >> 3]! >> (row & 7)) & 1) setBits(repeated, row * times, (row + 1) * times)
  }
  return repeated
}
