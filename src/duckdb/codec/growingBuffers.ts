import { bitmapBytes, copyBits, countSetBits, setBits } from '../../arrow/bitmap.ts'

/** Bytes that grow, without clearing what is about to be written. */
export class GrowingBytes {
  #bytes: Uint8Array<ArrayBuffer> | null = null
  #expected: number

  constructor(expectedBytes: number) {
    this.#expected = expectedBytes
  }

  /** The buffer with room for `needed` bytes; it keeps the first `used`. */
  reserve(needed: number, used: number): Uint8Array<ArrayBuffer> {
    const bytes = this.#bytes
    if (bytes !== null && bytes.length >= needed) return bytes
    const { buffer } = Buffer.allocUnsafeSlow(
      Math.max(needed, bytes === null ? this.#expected : bytes.length * 2),
    )
    const larger = new Uint8Array(buffer)
    if (bytes !== null) larger.set(bytes.subarray(0, used))
    this.#bytes = larger
    return larger
  }

  /** Gives the buffer away; the next one starts as large as this one had to be. */
  take(used: number): ArrayBuffer {
    const { buffer } = this.reserve(used, used)
    // Batches are alike, not equal: one that is a little larger need not grow.
    this.#expected = used + (used >> 3)
    this.#bytes = null
    return buffer
  }
}

/** The validity of rows as they come; it takes no memory before the first null. */
export class GrowingValidity {
  #rows = 0
  #nulls = 0
  #bitmap: Uint8Array<ArrayBuffer> | null = null

  get rows(): number {
    return this.#rows
  }

  /** Appends the bits [from, to); null stands for rows that are all valid. */
  append(validity: Uint8Array | null, from: number, to: number): void {
    const end = this.#rows + to - from
    const nulls = validity === null ? 0 : to - from - countSetBits(validity, from, to)
    if (nulls > 0 || this.#bitmap !== null) {
      const bitmap = this.#reserve(end)
      if (validity === null || nulls === 0) setBits(bitmap, this.#rows, end)
      else copyBits({ bitmap: validity, row: from }, { bitmap, row: this.#rows }, to - from)
    }
    this.#rows = end
    this.#nulls += nulls
  }

  take(): { length: number; nullCount: number; validity: Uint8Array | null } {
    const taken = {
      length: this.#rows,
      nullCount: this.#nulls,
      validity: this.#bitmap?.subarray(0, bitmapBytes(this.#rows)) ?? null,
    }
    this.#rows = 0
    this.#nulls = 0
    this.#bitmap = null
    return taken
  }

  #reserve(rows: number): Uint8Array<ArrayBuffer> {
    const needed = bitmapBytes(rows)
    const bitmap = this.#bitmap
    if (bitmap !== null && bitmap.length >= needed) return bitmap
    const larger = new Uint8Array(Math.max(needed, (bitmap?.length ?? 0) * 2))
    if (bitmap === null) setBits(larger, 0, this.#rows)
    else larger.set(bitmap)
    this.#bitmap = larger
    return larger
  }
}
