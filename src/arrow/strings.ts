import { isAscii } from 'node:buffer'
import { checkedOffset } from './offsets.ts'

// Every version of Node has them, though no page of its documentation: what `toString` and `write` come to once they have looked
// at their arguments, which takes longer than a short text itself.
declare global {
  interface Buffer {
    latin1Slice(start: number, end: number): string
    utf8Slice(start: number, end: number): string
    utf8Write(text: string, offset: number): number
  }
}

// Below this length V8 copies a part of a string, which costs less than another call into native code; above it the part would
// keep the whole string alive.
const copiedLength = 12

/** The texts between offsets, as UTF-8. */
export function decodeStrings(offsets: Int32Array, values: Uint8Array): string[] {
  const rows = offsets.length - 1
  const start = offsets[0] ?? 0
  const end = offsets[rows] ?? 0
  const bytes = Buffer.from(values.buffer, values.byteOffset + start, end - start)
  const texts: string[] = []
  texts.length = rows
  if (!isAscii(bytes)) {
    for (let row = 0; row < rows; row++)
      texts[row] = bytes.utf8Slice(offsets[row]! - start, offsets[row + 1]! - start)
    return texts
  }
  const whole = bytes.length <= rows * copiedLength ? bytes.toString('latin1') : ''
  for (let row = 0; row < rows; row++) {
    const from = offsets[row]! - start
    const to = offsets[row + 1]! - start
    texts[row] =
      to <= whole.length && to - from <= copiedLength
        ? whole.substring(from, to)
        : bytes.latin1Slice(from, to)
  }
  return texts
}

/** Texts as UTF-8, one behind the other. */
export interface EncodedStrings {
  readonly offsets: Int32Array<ArrayBuffer>
  readonly values: Uint8Array<ArrayBuffer>
}

const replacement = Buffer.from('\ufffd')
// A call into native code costs more than joining a few texts for it.
const joinedUnits = 4096
// Joining pays for ASCII only; after other text it is tried again this many rows later.
const rowsBeforeJoining = 256

/** Whether a text has a surrogate without its other half, which UTF-8 cannot say. */
export function hasLoneSurrogate(text: string): boolean {
  return /\p{Surrogate}/u.test(text)
}

/** Null stands for an empty text; `malformed` is told the first row with half a surrogate pair. */
export function encodeStrings(
  texts: ArrayLike<string | null | undefined>,
  malformed: (row: number) => never,
): EncodedStrings {
  const writer = new StringWriter(texts)
  const values = writer.write()
  if (values.includes(replacement)) {
    for (let row = 0; row < texts.length; row++) if (hasLoneSurrogate(texts[row] ?? '')) malformed(row)
  }
  return { offsets: writer.offsets, values: new Uint8Array(values.buffer, 0, values.length) }
}

class StringWriter {
  readonly offsets: Int32Array<ArrayBuffer>
  readonly #texts: ArrayLike<string | null | undefined>
  #bytes: Buffer<ArrayBuffer>
  #row = 0
  #end = 0

  constructor(texts: ArrayLike<string | null | undefined>) {
    let units = 0
    for (let row = 0; row < texts.length; row++) units += texts[row]?.length ?? 0
    this.offsets = new Int32Array(texts.length + 1)
    this.#texts = texts
    this.#bytes = Buffer.allocUnsafeSlow(units)
  }

  write(): Buffer<ArrayBuffer> {
    while (this.#row < this.#texts.length) {
      if (!this.#writeJoined()) this.#writeEach(Math.min(this.#row + rowsBeforeJoining, this.#texts.length))
    }
    return this.#bytes.subarray(0, checkedOffset(this.#end, 'bytes of text'))
  }

  /** Writes some rows at once, and answers whether they were ASCII: only then do their lengths tell the offsets. */
  #writeJoined(): boolean {
    const { length } = this.#texts
    let joined = ''
    let next = this.#row
    for (; next < length && joined.length < joinedUnits; next++) joined += this.#texts[next] ?? ''
    this.#reserve(joined)
    if (this.#bytes.write(joined, this.#end) !== joined.length) return false
    for (; this.#row < next; this.#row++) {
      this.#end += this.#texts[this.#row]?.length ?? 0
      this.offsets[this.#row + 1] = this.#end
    }
    return true
  }

  #writeEach(to: number): void {
    for (; this.#row < to; this.#row++) {
      const text = this.#texts[this.#row] ?? ''
      this.#reserve(text)
      this.#end += this.#bytes.utf8Write(text, this.#end)
      this.offsets[this.#row + 1] = this.#end
    }
  }

  #reserve(text: string): void {
    const free = this.#bytes.length - this.#end
    if (free >= text.length * 3 || free >= Buffer.byteLength(text)) return
    const larger = Buffer.allocUnsafeSlow(this.#bytes.length * 2 + text.length * 3)
    this.#bytes.copy(larger, 0, 0, this.#end)
    this.#bytes = larger
  }
}
