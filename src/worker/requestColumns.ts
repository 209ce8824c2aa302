import { formatSignature } from '../../catalog/catalog.ts'
import type { FunctionSignature } from '../../catalog/function.ts'
import { asWritten } from '../../udf/executors/remote/answerColumn.ts'
import { type Batch, type ColumnData, isValid } from '../arrow/column.ts'
import { nullColumn } from '../arrow/columns.ts'
import { decodeColumn } from '../arrow/decode.ts'
import { encodeColumn } from '../arrow/encode.ts'
import { kindsWithUnits } from '../arrow/table.ts'
import { type TimestampKind, unitsPerSecond } from '../arrow/temporal.ts'
import type { DataType, Field, Schema } from '../base/dataType.ts'
import { EngineError } from '../base/errors.ts'
import { formatType, sameType } from '../base/formatType.ts'
import { ROW_METADATA_COLUMN, ROW_METADATA_INPUT } from '../protocol/callContext.ts'

/** Makes batches of a function's arguments of the columns of a request. */
export type ReadArguments = (batch: Batch) => Batch

/**
 * How the columns of a request become the arguments of a function: by position where they are named "0", "1" and so on, else by name
 * in any letter case. What a request says of its rows is the argument `row_metadata` of a function that has one. Throws WRONG_ARGUMENTS
 * for other columns than the function takes; what it answers does so for values that do not fit the types of the arguments.
 */
export function argumentReader(signature: FunctionSignature, schema: Schema): ReadArguments {
  const { inputs } = signature
  const places = columnPlaces(signature, schema)
  return ({ length, columns }) => ({
    length,
    columns: inputs.map((input, index) => {
      const place = places[index]!
      if (place === null) return nullColumn(input.type, length)
      return convert(signature, input, { type: schema[place]!.type, column: columns[place]! })
    }),
  })
}

/** Null for the metadata of rows where a request has none. */
function columnPlaces(signature: FunctionSignature, schema: Schema): readonly (number | null)[] {
  const { inputs } = signature
  const metadata = schema.findIndex(({ name }) => name === ROW_METADATA_COLUMN)
  const given = schema.flatMap(({ name }, place) => (place === metadata ? [] : [{ name, place }]))
  // Named as another argument it is one like the others.
  const own = inputs.filter((input) => !isRowMetadata(input) || (metadata < 0 && has(given, input.name)))
  if (given.length !== own.length) {
    const columns = `${given.length} column${given.length === 1 ? '' : 's'}`
    throw wrongArguments(signature, `takes ${own.length}, got ${columns}${listed(given)}`)
  }
  const byPosition = given.every(({ name }, index) => name === String(index))
  return inputs.map((input) => {
    const position = own.indexOf(input)
    if (position < 0) return metadata < 0 ? null : metadata
    return byPosition ? given[position]!.place : placeByName(signature, input.name, given)
  })
}

interface GivenName {
  readonly name: string
  readonly place: number
}

function placeByName(signature: FunctionSignature, name: string, given: readonly GivenName[]): number {
  const found = given.filter((column) => isSameName(column.name, name))
  if (found.length === 1) return found[0]!.place
  const problem = found.length > 1 ? `got column '${name}' twice` : `got no column '${name}'`
  throw wrongArguments(signature, problem + listed(given))
}

function isRowMetadata({ name, type }: Field): boolean {
  return name === ROW_METADATA_INPUT && type.kind === 'json'
}

function has(given: readonly GivenName[], name: string): boolean {
  return given.some((column) => isSameName(column.name, name))
}

function isSameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}

function listed(given: readonly GivenName[]): string {
  return given.length === 0 ? '' : `: ${given.map(({ name }) => `'${name}'`).join(', ')}`
}

interface GivenColumn {
  readonly type: DataType
  readonly column: ColumnData
}

function convert(signature: FunctionSignature, { name, type }: Field, given: GivenColumn): ColumnData {
  if (sameType(given.type, type)) return given.column
  if (given.type.kind === 'null') return nullColumn(type, given.column.length)
  const refuse = (problem: string): never => {
    throw wrongArguments(signature, `cannot take its argument '${name}': got ${problem}`)
  }
  if (isPlainTimestamp(given.type) && isPlainTimestamp(type)) {
    return scaleTimestamps({ type: given.type, column: given.column }, type, refuse)
  }
  if (countsUnits(given.type) || countsUnits(type)) {
    return refuse(`${formatType(given.type)} instead of ${formatType(type)}`)
  }
  // The bytes of a text, or of JSON, are the text.
  const written: DataType = isText(type) && given.type.kind === 'blob' ? { kind: 'varchar' } : given.type
  const column = decodeColumn(written, given.column)
  return encodeColumn(asWritten(type), column, (row, problem) => refuse(`${problem} in row ${row}`))
}

function isText({ kind }: DataType): boolean {
  return kind === 'varchar' || kind === 'json'
}

/** Whether the values count something that their numbers alone do not show. */
function countsUnits({ kind }: DataType): boolean {
  return kindsWithUnits.has(kind) || kind === 'interval'
}

type PlainTimestamp = DataType & { readonly kind: Exclude<TimestampKind, 'timestamp_tz'> }

function isPlainTimestamp(type: DataType): type is PlainTimestamp {
  return Object.hasOwn(unitsPerSecond, type.kind) && type.kind !== 'timestamp_tz'
}

/** Programs count in the unit that they like best. */
function scaleTimestamps(
  { type, column }: { readonly type: PlainTimestamp; readonly column: ColumnData },
  wanted: PlainTimestamp,
  refuse: (problem: string) => never,
): ColumnData {
  const from = BigInt(unitsPerSecond[type.kind])
  const to = BigInt(unitsPerSecond[wanted.kind])
  const values = new BigInt64Array(column.length)
  for (let row = 0; row < column.length; row++) {
    if (!isValid(column, row)) continue
    const given = BigInt(column.values![row]!)
    const scaled = (given * to) / from
    values[row] = scaled
    if ((scaled * from) / to === given && values[row] === scaled) continue
    const problem = values[row] === scaled ? 'between two values of' : 'beyond'
    refuse(`${formatType(type)} ${problem} ${formatType(wanted)} in row ${row}`)
  }
  return { ...column, values }
}

function wrongArguments(signature: FunctionSignature, problem: string): EngineError {
  const { name, version } = signature
  return new EngineError('WRONG_ARGUMENTS', `function '${name}' ${problem}`, {
    function: name,
    version,
    hint: formatSignature(signature),
  })
}
