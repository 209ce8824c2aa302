import { formatSignature } from '../../catalog/catalog.ts'
import type { FunctionSignature } from '../../catalog/function.ts'
import type { Batch, ColumnData } from '../arrow/column.ts'
import { nullColumn } from '../arrow/columns.ts'
import { decodeColumn } from '../arrow/decode.ts'
import { encodeColumn } from '../arrow/encode.ts'
import type { DataType, Field, Schema } from '../base/dataType.ts'
import { EngineError } from '../base/errors.ts'
import { formatType, sameType } from '../base/formatType.ts'
import { ROW_METADATA_COLUMN } from '../protocol/callContext.ts'

/** Makes batches of a function's arguments of the columns of a request. */
export type ReadArguments = (batch: Batch) => Batch

/**
 * How the columns of a request become the arguments of a function: by position where they are named "0", "1" and so on, else by name
 * in any letter case. Throws WRONG_ARGUMENTS for other columns than the function takes; what it answers does so for values that do not
 * fit the types of the arguments.
 */
export function argumentReader(signature: FunctionSignature, schema: Schema): ReadArguments {
  const { inputs } = signature
  const places = columnPlaces(signature, schema)
  const isAsItIs = places.every((place, index) => sameType(schema[place]!.type, inputs[index]!.type))
  return ({ length, columns }) => ({
    length,
    columns: isAsItIs
      ? places.map((place) => columns[place]!)
      : inputs.map((input, index) => {
          const place = places[index]!
          return convert(signature, input, { type: schema[place]!.type, column: columns[place]! })
        }),
  })
}

function columnPlaces(signature: FunctionSignature, schema: Schema): readonly number[] {
  const { inputs } = signature
  const given = schema.flatMap(({ name }, place) => (name === ROW_METADATA_COLUMN ? [] : [{ name, place }]))
  if (given.length !== inputs.length) {
    const columns = `${given.length} column${given.length === 1 ? '' : 's'}`
    throw wrongArguments(signature, `takes ${inputs.length}, got ${columns}${listed(given)}`)
  }
  if (given.every(({ name }, index) => name === String(index))) return given.map(({ place }) => place)
  return inputs.map((input) => {
    const key = input.name.toLowerCase()
    const found = given.filter(({ name }) => name.toLowerCase() === key)
    if (found.length === 1) return found[0]!.place
    const problem = found.length > 1 ? `got column '${input.name}' twice` : `got no column '${input.name}'`
    throw wrongArguments(signature, problem + listed(given))
  })
}

function listed(given: readonly { readonly name: string }[]): string {
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
  if (countsOtherUnits(given.type, type))
    return refuse(`${formatType(given.type)} instead of ${formatType(type)}`)
  return encodeColumn(type, decodeColumn(given.type, given.column), (row, problem) =>
    refuse(`${problem} in row ${row}`),
  )
}

const kindsWithUnits: ReadonlySet<DataType['kind']> = new Set([
  'date',
  'time',
  'time_ns',
  'timestamp',
  'timestamp_s',
  'timestamp_ms',
  'timestamp_ns',
  'timestamp_tz',
  'interval',
] as const)

/** Whether the values count something else than their numbers show. */
function countsOtherUnits(given: DataType, wanted: DataType): boolean {
  return kindsWithUnits.has(given.kind) || kindsWithUnits.has(wanted.kind)
}

function wrongArguments(signature: FunctionSignature, problem: string): EngineError {
  const { name, version } = signature
  return new EngineError('WRONG_ARGUMENTS', `function '${name}' ${problem}`, {
    function: name,
    version,
    hint: formatSignature(signature),
  })
}
