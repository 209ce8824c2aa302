import type { DataType } from '../base/dataType.ts'
import { type ArrowPart, invalidArrow } from './arrowPart.ts'
import { arrowUnitsPerSecond } from './arrowStorage.ts'
import type { FixedWidthArray } from './column.ts'
import { layoutOf } from './layout.ts'
import { library } from './library.ts'
import { type TimestampKind, unitsPerSecond } from './temporal.ts'

/** The values of a type of fixed width, as DuckDB keeps them. */
export function readFixed(type: DataType, part: ArrowPart): FixedWidthArray {
  const { data } = part
  const { DataType: is } = library
  if (type.kind === 'boolean') return readBooleans(part)
  if (type.kind === 'uuid') return readUuids(copyBytes(part, data.length * 16))
  if (type.kind === 'decimal') return readDecimals(type.width, part)
  if (is.isFloat(data.type) && data.type.precision === library.Precision.HALF) return readHalfFloats(part)
  if (is.isTime(data.type))
    return scale(part, data.type.bitWidth, perUnit(data.type.unit, type.kind === 'time' ? 1e6 : 1e9))
  if (is.isTimestamp(data.type)) {
    return scale(part, 64, perUnit(data.type.unit, unitsPerSecond[timestampKind(type)]))
  }
  const { array, perRow } = fixedLayout(type)
  const items = data.length * perRow
  return new array(copyBytes(part, items * array.BYTES_PER_ELEMENT).buffer, 0, items)
}

function fixedLayout(type: DataType): Extract<ReturnType<typeof layoutOf>, { kind: 'fixed' }> {
  const layout = layoutOf(type)
  if (layout.kind === 'fixed') return layout
  throw new TypeError(`${type.kind} is not of fixed width`)
}

function timestampKind({ kind }: DataType): TimestampKind {
  return kind === 'timestamp_s' || kind === 'timestamp_ms' || kind === 'timestamp_ns' ? kind : 'timestamp'
}

/** The bytes of the first rows, in memory of their own. */
function copyBytes(part: ArrowPart, size: number): Uint8Array<ArrayBuffer> {
  const values: ArrayBufferView | null | undefined = part.data.values
  const length = values?.byteLength ?? 0
  if (length < size) throw invalidArrow(part, `its values take ${length} bytes where ${size} are needed`)
  const copy = new Uint8Array(size)
  if (size > 0 && values !== null && values !== undefined) {
    copy.set(new Uint8Array(values.buffer, values.byteOffset, size))
  }
  return copy
}

function readBooleans(part: ArrowPart): Uint8Array {
  const { length, offset } = part.data
  const bits: Uint8Array = part.data.values
  if (bits.length * 8 < offset + length) throw invalidArrow(part, 'it has fewer bits than rows')
  const booleans = new Uint8Array(length)
  for (let row = 0; row < length; row++)
    booleans[row] = (bits[(offset + row) >> 3]! >> ((offset + row) & 7)) & 1
  return booleans
}

/** Arrow writes the 16 bytes in order; DuckDB keeps a number whose highest bit is flipped. */
function readUuids(bytes: Uint8Array<ArrayBuffer>): BigUint64Array {
  for (let first = 0; first < bytes.length; first += 16) {
    bytes.subarray(first, first + 16).reverse()
    bytes[first + 15]! ^= 0x80
  }
  return new BigUint64Array(bytes.buffer)
}

function readDecimals(width: number, part: ArrowPart): FixedWidthArray {
  const { length } = part.data
  const words = new BigInt64Array(copyBytes(part, length * 16).buffer)
  const most = 10n ** BigInt(width) - 1n
  const wide = width > 18
  const values = wide
    ? new BigUint64Array(words.buffer)
    : width > 9
      ? new BigInt64Array(length)
      : width > 4
        ? new Int32Array(length)
        : new Int16Array(length)
  for (let row = 0; row < length; row++) {
    const value = (words[row * 2 + 1]! << 64n) | BigInt.asUintN(64, words[row * 2]!)
    if ((value > most || value < -most) && part.data.getValid(row)) {
      throw invalidArrow(part, `row ${row} has more than ${width} digits`)
    }
    if (values instanceof BigInt64Array) values[row] = value
    else if (!(values instanceof BigUint64Array)) values[row] = Number(BigInt.asIntN(32, value))
  }
  return values
}

function readHalfFloats(part: ArrowPart): Float32Array {
  const halves = new Uint16Array(copyBytes(part, part.data.length * 2).buffer)
  return Float32Array.from(halves, (half) => {
    const sign = half >> 15 === 0 ? 1 : -1
    const exponent = (half >> 10) & 0x1f
    const fraction = half & 0x3ff
    if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : Number.NaN
    return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15))
  })
}

/** What to multiply a value by, and what to divide it by. */
interface Ratio {
  readonly times: bigint
  readonly by: bigint
}

function perUnit(unit: number, unitsPerSecondWanted: number): Ratio {
  const given = arrowUnitsPerSecond[unit]!
  return {
    times: BigInt(Math.max(1, unitsPerSecondWanted / given)),
    by: BigInt(Math.max(1, given / unitsPerSecondWanted)),
  }
}

function scale(part: ArrowPart, bitWidth: number, { times, by }: Ratio): BigInt64Array {
  const { length } = part.data
  const bytes = copyBytes(part, length * (bitWidth / 8))
  if (bitWidth === 64 && times === by) return new BigInt64Array(bytes.buffer)
  const given =
    bitWidth === 64
      ? new BigInt64Array(bytes.buffer)
      : BigInt64Array.from(new Int32Array(bytes.buffer), BigInt)
  const scaled = new BigInt64Array(length)
  for (let row = 0; row < length; row++) {
    const value = given[row]! * times
    const quotient = value / by
    scaled[row] = value < 0n && quotient * by !== value ? quotient - 1n : quotient
    if (BigInt.asIntN(64, value) !== value && part.data.getValid(row)) {
      throw invalidArrow(part, `row ${row} lies beyond what the type holds`)
    }
  }
  return scaled
}
