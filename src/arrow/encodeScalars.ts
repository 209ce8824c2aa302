import type { DataType, DecimalType, EnumType, SimpleKind, SimpleType } from '../base/dataType.ts'
import type { ColumnData } from './column.ts'
import { parseDecimal } from './decimalText.ts'
import { expectedValue, type Reject } from './encodeFailure.ts'
import {
  type BigintRange,
  eachInteger,
  encodeDoubles,
  encodeFloats,
  encodeIntegers,
  exactInteger,
  type IntRange,
  type Refuse,
} from './encodeNumbers.ts'
import { encodeBytes, encodeJson, encodeTexts } from './encodeTexts.ts'
import { layoutOf } from './layout.ts'
import { encodeTimeTz, msPerDay, type TimestampKind, unitsPerSecond } from './temporal.ts'
import { encodeBignum, encodeBits, maxBignumBytes, parseUuid, setWide } from './wideValues.ts'

type Parts = Partial<ColumnData>
type Encoder = (values: ArrayLike<unknown>, refuse: Refuse, type: SimpleType) => Parts

const int64: BigintRange = { least: -(2n ** 63n), most: 2n ** 63n - 1n }
const uint64: BigintRange = { least: 0n, most: 2n ** 64n - 1n }

const encoders: Readonly<Record<SimpleKind, Encoder>> = {
  null: (values, refuse) => {
    for (let row = 0; row < values.length; row++)
      if (values[row] !== null && values[row] !== undefined) refuse(row)
    return {}
  },
  boolean: encodeBooleans,
  tinyint: integers({ array: Int8Array, least: -128, most: 127 }),
  smallint: integers({ array: Int16Array, least: -32_768, most: 32_767 }),
  integer: integers({ array: Int32Array, least: -(2 ** 31), most: 2 ** 31 - 1 }),
  utinyint: integers({ array: Uint8Array, least: 0, most: 255 }),
  usmallint: integers({ array: Uint16Array, least: 0, most: 65_535 }),
  uinteger: integers({ array: Uint32Array, least: 0, most: 2 ** 32 - 1 }),
  float: (values, refuse) => ({ values: encodeFloats(values, refuse) }),
  double: (values, refuse) => ({ values: encodeDoubles(values, refuse) }),
  bigint: (values, refuse) => ({ values: encodeInt64(values, int64, refuse) }),
  ubigint: (values, refuse) => ({ values: encodeUint64(values, uint64, refuse) }),
  hugeint: (values, refuse) => encodeWide(values, { least: -(2n ** 127n), most: 2n ** 127n - 1n }, refuse),
  uhugeint: (values, refuse) => encodeWide(values, { least: 0n, most: 2n ** 128n - 1n }, refuse),
  uuid: (values, refuse) =>
    encodeWide(values, { least: -(2n ** 128n), most: 2n ** 128n, exact: ofText(parseUuid) }, refuse),
  bignum: (values, refuse) => encodeBytes(values, bignumBytes, refuse),
  varchar: encodeTexts,
  json: encodeJson,
  blob: (values, refuse) => encodeBytes(values, blobBytes, refuse),
  geometry: (values, refuse) => encodeBytes(values, blobBytes, refuse),
  bit: (values, refuse) => encodeBytes(values, bitBytes, refuse),
  date: encodeDates,
  time: (values, refuse) => ({ values: encodeInt64(values, { least: 0n, most: 86_400_000_000n }, refuse) }),
  time_ns: (values, refuse) => ({
    values: encodeInt64(values, { least: 0n, most: 86_400_000_000_000n }, refuse),
  }),
  time_tz: (values, refuse) => ({ values: encodeUint64(values, { ...uint64, exact: timeTzBits }, refuse) }),
  timestamp: timestamps('timestamp'),
  timestamp_s: timestamps('timestamp_s'),
  timestamp_ms: timestamps('timestamp_ms'),
  timestamp_ns: timestamps('timestamp_ns'),
  timestamp_tz: timestamps('timestamp_tz'),
  interval: encodeIntervals,
}

/** The buffers of values of a type without parts, but for their validity. */
export function encodeSimple(type: SimpleType, values: ArrayLike<unknown>, reject: Reject): Parts {
  return encoders[type.kind](values, refusal(type, values, reject), type)
}

export function encodeDecimals(type: DecimalType, values: ArrayLike<unknown>, reject: Reject): Parts {
  const refuse = refusal(type, values, reject)
  const most = 10n ** BigInt(type.width) - 1n
  const exact = (value: unknown): bigint | null =>
    typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint'
      ? parseDecimal(String(value), type.scale)
      : null
  const range = { least: -most, most, exact }
  if (type.width > 18) return encodeWide(values, range, refuse)
  if (type.width > 9) return { values: encodeInt64(values, range, refuse) }
  const integers32 = type.width > 4 ? new Int32Array(values.length) : new Int16Array(values.length)
  eachInteger(values, range, refuse, (row, integer) => {
    integers32[row] = Number(integer)
  })
  return { values: integers32 }
}

const codesOf = new WeakMap<readonly string[], ReadonlyMap<unknown, number>>()

export function encodeEnums(type: EnumType, values: ArrayLike<unknown>, reject: Reject): Parts {
  const layout = layoutOf(type)
  let codes = codesOf.get(type.values)
  if (codes === undefined) {
    codes = new Map(type.values.map((value, code) => [value, code]))
    codesOf.set(type.values, codes)
  }
  const refuse = refusal(type, values, reject)
  const encoded = layout.kind === 'fixed' ? new layout.array(values.length) : new Uint8Array(0)
  for (let row = 0; row < values.length; row++) {
    const value = values[row]
    if (value !== null && value !== undefined) encoded[row] = codes.get(value) ?? refuse(row)
  }
  return { values: encoded }
}

function refusal(type: DataType, values: ArrayLike<unknown>, reject: Reject): Refuse {
  return (row) => reject(row, { value: values[row], path: '', expected: expectedValue(type) })
}

function integers(range: IntRange): Encoder {
  return (values, refuse) => ({ values: encodeIntegers(values, range, refuse) })
}

function encodeBooleans(values: ArrayLike<unknown>, refuse: Refuse): Parts {
  const booleans = new Uint8Array(values.length)
  for (let row = 0; row < values.length; row++) {
    const value = values[row]
    if (value === true) booleans[row] = 1
    else if (value !== false && value !== null && value !== undefined) refuse(row)
  }
  return { values: booleans }
}

function encodeInt64(values: ArrayLike<unknown>, range: BigintRange, refuse: Refuse): BigInt64Array {
  if (values instanceof BigInt64Array && range === int64) return values.slice()
  const integers64 = new BigInt64Array(values.length)
  eachInteger(values, range, refuse, (row, integer) => {
    integers64[row] = integer
  })
  return integers64
}

function encodeUint64(values: ArrayLike<unknown>, range: BigintRange, refuse: Refuse): BigUint64Array {
  if (values instanceof BigUint64Array && range === uint64) return values.slice()
  const integers64 = new BigUint64Array(values.length)
  eachInteger(values, range, refuse, (row, integer) => {
    integers64[row] = integer
  })
  return integers64
}

function encodeWide(values: ArrayLike<unknown>, range: BigintRange, refuse: Refuse): Parts {
  const words = new BigUint64Array(values.length * 2)
  eachInteger(values, range, refuse, (row, integer) => setWide(words, row, integer))
  return { values: words }
}

function ofText<Parsed>(parse: (text: string) => Parsed | null): (value: unknown) => Parsed | null {
  return (value) => (typeof value === 'string' ? parse(value) : null)
}

function bignumBytes(value: unknown): Uint8Array | null {
  const integer = exactInteger(value)
  if (integer === null) return null
  const bytes = encodeBignum(integer)
  return bytes.length - 3 > maxBignumBytes ? null : bytes
}

function blobBytes(value: unknown): Uint8Array | null {
  return value instanceof Uint8Array ? value : null
}

function bitBytes(value: unknown): Uint8Array | null {
  return typeof value === 'string' && /^[01]+$/.test(value) ? encodeBits(value) : null
}

function timeTzBits(value: unknown): bigint | null {
  if (typeof value !== 'object' || value === null || !('micros' in value) || !('offset' in value)) return null
  const micros = exactInteger(value.micros)
  if (micros === null || micros < 0n || micros > 86_400_000_000n || typeof value.offset !== 'number')
    return null
  return encodeTimeTz({ micros, offset: value.offset })
}

const dates: IntRange = { array: Int32Array, least: -(2 ** 31), most: 2 ** 31 - 1 }

function encodeDates(values: ArrayLike<unknown>, refuse: Refuse): Parts {
  if (values instanceof Int32Array) return { values: values.slice() }
  const days = Array.from(values, (value) =>
    value instanceof Date ? Math.floor(value.getTime() / msPerDay) : value,
  )
  return { values: encodeIntegers(days, dates, refuse) }
}

function timestamps(kind: TimestampKind): Encoder {
  const perMs = unitsPerSecond[kind] / 1000
  const exact = (value: unknown): bigint | null => {
    if (!(value instanceof Date)) return exactInteger(value)
    const ms = value.getTime()
    if (Number.isNaN(ms)) return null
    return perMs < 1 ? BigInt(Math.floor(ms * perMs)) : BigInt(ms) * BigInt(perMs)
  }
  const range = { ...int64, exact }
  return (values, refuse) => ({
    values: values instanceof BigInt64Array ? values.slice() : encodeInt64(values, range, refuse),
  })
}

function encodeIntervals(values: ArrayLike<unknown>, refuse: Refuse): Parts {
  const words = new BigUint64Array(values.length * 2)
  const halves = new Int32Array(words.buffer)
  for (let row = 0; row < values.length; row++) {
    const value = values[row]
    if (value === null || value === undefined) continue
    if (typeof value !== 'object' || !('months' in value) || !('days' in value) || !('micros' in value))
      refuse(row)
    const micros = exactInteger(value.micros)
    if (
      !isInt32(value.months) ||
      !isInt32(value.days) ||
      micros === null ||
      BigInt.asIntN(64, micros) !== micros
    ) {
      refuse(row)
    }
    halves[row * 4] = value.months
    halves[row * 4 + 1] = value.days
    words[row * 2 + 1] = BigInt.asUintN(64, micros)
  }
  return { values: words }
}

function isInt32(value: unknown): value is number {
  return typeof value === 'number' && (value | 0) === value
}
