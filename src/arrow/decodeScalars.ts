import type { DecimalType, SimpleKind, SimpleType } from '../base/dataType.ts'
import { EngineError, messageOf } from '../base/errors.ts'
import { formatType } from '../base/formatType.ts'
import { bigintsOf, bytesOf, numbersOf, offsetsOf } from './access.ts'
import { type ColumnData, isValid, valuesPerRow } from './column.ts'
import { formatDecimal } from './decimalText.ts'
import { listOf } from './lists.ts'
import { decodeStrings } from './strings.ts'
import {
  decodeTimeTz,
  formatDate,
  formatTimestamp,
  maxDateMs,
  msPerDay,
  type TimestampKind,
  timestampMs,
} from './temporal.ts'
import { decodeBignum, decodeBits, decodeUuids, hugeintAt, uhugeintAt } from './wideValues.ts'

/** For handlers, or for users: they get dates as JavaScript dates, and as text where those do not reach. */
export type DecodeMode = 'plain' | 'rows'

type Decoder = (column: ColumnData, type: SimpleType, mode: DecodeMode) => unknown[]

const decoders: Readonly<Record<SimpleKind, Decoder>> = {
  null: ({ length }) => listOf(length, () => null),
  boolean: decodeBooleans,
  tinyint: decodeNumbers,
  smallint: decodeNumbers,
  integer: decodeNumbers,
  utinyint: decodeNumbers,
  usmallint: decodeNumbers,
  uinteger: decodeNumbers,
  float: decodeNumbers,
  double: decodeNumbers,
  bigint: decodeBigints,
  ubigint: decodeBigints,
  hugeint: (column, type) => asNumbers(decodeWide(column, hugeintAt), column, type),
  uhugeint: (column, type) => asNumbers(decodeWide(column, uhugeintAt), column, type),
  bignum: (column, type) => asNumbers(decodeBytes(column, decodeBignum), column, type),
  varchar: decodeTexts,
  json: decodeJson,
  blob: (column) => decodeBytes(column, (bytes) => bytes.slice()),
  geometry: (column) => decodeBytes(column, (bytes) => bytes.slice()),
  bit: (column) => decodeBytes(column, decodeBits),
  uuid: (column) => {
    const { buffer, byteOffset, byteLength } = bigintsOf(column)
    return decodeUuids(new Uint8Array(buffer, byteOffset, byteLength), column.length)
  },
  date: decodeDates,
  time: decodeBigints,
  time_ns: decodeBigints,
  time_tz: (column) => decodeBigints(column).map(decodeTimeTz),
  timestamp: decodeTimestamps('timestamp'),
  timestamp_s: decodeTimestamps('timestamp_s'),
  timestamp_ms: decodeTimestamps('timestamp_ms'),
  timestamp_ns: decodeTimestamps('timestamp_ns'),
  timestamp_tz: decodeTimestamps('timestamp_tz'),
  interval: decodeIntervals,
}

/** The values of a type without parts; what stands at null rows is unspecified. */
export function decodeSimple(type: SimpleType, column: ColumnData, mode: DecodeMode): unknown[] {
  return decoders[type.kind](column, type, mode)
}

export function decodeDecimals(type: DecimalType, column: ColumnData): string[] {
  if (valuesPerRow(type) === 2)
    return decodeWide(column, (words, row) => formatDecimal(hugeintAt(words, row), type.scale))
  const values = type.width > 9 ? bigintsOf(column) : numbersOf(column)
  return listOf(column.length, (row) => formatDecimal(values[row]!, type.scale))
}

function decodeNumbers(column: ColumnData): number[] {
  const values = numbersOf(column)
  return listOf(column.length, (row) => values[row]!)
}

function decodeBooleans(column: ColumnData): boolean[] {
  const values = numbersOf(column)
  return listOf(column.length, (row) => values[row] !== 0)
}

function decodeBigints(column: ColumnData): bigint[]
function decodeBigints(column: ColumnData, type: SimpleType): (bigint | number)[]
function decodeBigints(column: ColumnData, type?: SimpleType): (bigint | number)[] {
  const values = bigintsOf(column)
  const list = listOf(column.length, (row) => values[row]!)
  return type === undefined ? list : asNumbers(list, column, type)
}

/** Numbers where the type asks for them; one that a number cannot hold exactly is an error. */
function asNumbers(values: bigint[], column: ColumnData, type: SimpleType): (bigint | number)[] {
  if (type.as !== 'number') return values
  return listOf(values.length, (row) => {
    const value = Number(values[row])
    if (!Number.isSafeInteger(value) && isValid(column, row)) {
      throw unshowable(
        row,
        `${values[row]} is beyond what a number holds exactly`,
        `declare the column as ${formatType(type)} to get it as a bigint`,
      )
    }
    return value
  })
}

function decodeWide<Value>(
  column: ColumnData,
  valueAt: (words: BigInt64Array | BigUint64Array, row: number) => Value,
): Value[] {
  const words = bigintsOf(column)
  return listOf(column.length, (row) => valueAt(words, row))
}

function decodeBytes<Value>(column: ColumnData, decode: (bytes: Uint8Array) => Value): Value[] {
  const offsets = offsetsOf(column)
  const bytes = bytesOf(column)
  return listOf(column.length, (row) => decode(bytes.subarray(offsets[row], offsets[row + 1])))
}

function decodeTexts(column: ColumnData): string[] {
  return decodeStrings(offsetsOf(column), bytesOf(column))
}

function decodeJson(column: ColumnData, { as }: SimpleType): unknown[] {
  const texts = decodeTexts(column)
  if (as !== 'parsed') return texts
  return listOf(texts.length, (row) => {
    if (!isValid(column, row)) return null
    try {
      return JSON.parse(texts[row]!) as unknown
    } catch (thrown) {
      throw unshowable(row, `a value of type JSON is no JSON: ${messageOf(thrown)}`)
    }
  })
}

function decodeDates(column: ColumnData, { as }: SimpleType, mode: DecodeMode): unknown[] {
  const days = numbersOf(column)
  if (as !== 'date' && mode === 'plain') return decodeNumbers(column)
  return listOf(column.length, (row) => {
    const ms = days[row]! * msPerDay
    return Math.abs(ms) <= maxDateMs ? new Date(ms) : notADate(column, row, mode, formatDate(days[row]!))
  })
}

function decodeTimestamps(kind: TimestampKind): Decoder {
  return (column, { as }, mode) => {
    const units = bigintsOf(column)
    if (as !== 'date' && mode === 'plain') return decodeBigints(column)
    return listOf(column.length, (row) => {
      const ms = timestampMs(kind, units[row]!)
      return Math.abs(ms) <= maxDateMs
        ? new Date(ms)
        : notADate(column, row, mode, formatTimestamp(kind, units[row]!))
    })
  }
}

// oxlint-disable-next-line max-params -- a value that has no date, as both of its callers have it at hand
function notADate(column: ColumnData, row: number, mode: DecodeMode, text: string): string {
  if (mode === 'rows' || !isValid(column, row)) return text
  throw unshowable(
    row,
    `${text} is beyond the dates of JavaScript`,
    "declare the column in DuckDB's words, such as 'TIMESTAMP'",
  )
}

/** An INTERVAL's parts, which DuckDB does not convert into one another. */
export interface IntervalValue {
  readonly months: number
  readonly days: number
  readonly micros: bigint
}

function decodeIntervals(column: ColumnData): IntervalValue[] {
  const { buffer, byteOffset, length } = bigintsOf(column)
  const micros = new BigInt64Array(buffer, byteOffset, length)
  const halves = new Int32Array(buffer, byteOffset, length * 2)
  return listOf(column.length, (row) => ({
    months: halves[row * 4]!,
    days: halves[row * 4 + 1]!,
    micros: micros[row * 2 + 1]!,
  }))
}

function unshowable(row: number, problem: string, hint?: string): EngineError {
  return new EngineError('WRONG_ARGUMENTS', `row ${row}: ${problem}`, {
    row,
    ...(hint === undefined ? {} : { hint }),
  })
}
