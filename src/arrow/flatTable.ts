const offsetMax = 0x7f_ff

/** Thrown for bytes that are no FlatBuffer of the expected shape. */
export class FlatBufferError extends Error {}

/**
 * A table of a FlatBuffer, read with every place checked: apache-arrow's own reader believes what the bytes say, and a vector that
 * claims two thousand million items keeps it busy for ever. Fields go by their place in the schema.
 */
export class FlatTable {
  readonly #view: DataView
  readonly #start: number
  readonly #vtable: number
  readonly #vtableBytes: number

  private constructor(view: DataView, start: number) {
    this.#view = view
    this.#start = start
    this.#vtable = start - int32(view, start)
    this.#vtableBytes = uint16(view, this.#vtable)
    // Of an odd size apache-arrow would find a field more, and it takes large ones for negative.
    if (this.#vtableBytes < 4 || this.#vtableBytes % 2 !== 0 || this.#vtableBytes > offsetMax) {
      throw new FlatBufferError('a table without a size')
    }
    check(view, this.#vtable, this.#vtableBytes)
    check(view, start, uint16(view, this.#vtable + 2))
  }

  static root(bytes: Uint8Array): FlatTable {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    return new FlatTable(view, uint32(view, 0))
  }

  int64(field: number): bigint {
    const at = this.#field(field)
    if (at === null) return 0n
    check(this.#view, at, 8)
    return this.#view.getBigInt64(at, true)
  }

  uint8(field: number): number {
    const at = this.#field(field)
    if (at === null) return 0
    check(this.#view, at, 1)
    return this.#view.getUint8(at)
  }

  int16(field: number): number {
    const at = this.#field(field)
    return at === null ? 0 : (uint16(this.#view, at) << 16) >> 16
  }

  table(field: number): FlatTable | null {
    const at = this.#field(field)
    return at === null ? null : new FlatTable(this.#view, at + uint32(this.#view, at))
  }

  /** The place and length of a vector of items of so many bytes each; null if it is absent. */
  vector(field: number, itemBytes: number): FlatVector | null {
    const at = this.#field(field)
    if (at === null) return null
    const start = at + uint32(this.#view, at)
    const length = uint32(this.#view, start)
    check(this.#view, start + 4, length * itemBytes)
    return new FlatVector(this.#view, start + 4, length)
  }

  tables(field: number): readonly FlatTable[] {
    const vector = this.vector(field, 4)
    return Array.from({ length: vector?.length ?? 0 }, (_, index) => {
      const at = vector!.start + index * 4
      return new FlatTable(this.#view, at + uint32(this.#view, at))
    })
  }

  #field(field: number): number | null {
    const entry = 4 + field * 2
    if (entry + 2 > this.#vtableBytes) return null
    const offset = uint16(this.#view, this.#vtable + entry)
    if (offset > offsetMax) throw new FlatBufferError('an offset lies outside the table')
    return offset === 0 ? null : this.#start + offset
  }
}

export class FlatVector {
  readonly length: number
  readonly start: number
  readonly #view: DataView

  constructor(view: DataView, start: number, length: number) {
    this.#view = view
    this.start = start
    this.length = length
  }

  int64(at: number): bigint {
    return this.#view.getBigInt64(this.start + at, true)
  }
}

function check(view: DataView, start: number, bytes: number): void {
  if (start < 0 || start + bytes > view.byteLength)
    throw new FlatBufferError('an offset lies outside the message')
}

function uint16(view: DataView, at: number): number {
  check(view, at, 2)
  return view.getUint16(at, true)
}

function uint32(view: DataView, at: number): number {
  check(view, at, 4)
  return view.getUint32(at, true)
}

function int32(view: DataView, at: number): number {
  check(view, at, 4)
  return view.getInt32(at, true)
}
