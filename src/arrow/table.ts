import type * as arrow from 'apache-arrow'
import type { DataType, Schema } from '../base/dataType.ts'
import { EngineError } from '../base/errors.ts'
import { formatType, sameType } from '../base/formatType.ts'
import { invalidArrow } from './arrowPart.ts'
import { dataTypeOfArrow, schemaOfArrow } from './arrowSchema.ts'
import { canRead } from './arrowStorage.ts'
import type { Batch, ColumnData } from './column.ts'
import { decodeColumn } from './decode.ts'
import { encodeColumn } from './encode.ts'
import { fromArrowData, fromArrowVector } from './fromArrow.ts'
import { childTypes } from './layout.ts'
import { library } from './library.ts'
import { toArrowTable } from './toArrow.ts'

/** A batch as the table that a handler with `format: 'arrow'` gets. */
export function toTable(schema: Schema, batch: Batch): arrow.Table {
  return toArrowTable(schema, [batch])
}

/** The batches of a table of the user's, in DuckDB's types. */
export function batchesOfTable(table: arrow.Table): {
  readonly schema: Schema
  readonly batches: readonly Batch[]
} {
  const schema = schemaOfArrow(table.schema)
  return { schema, batches: table.batches.map((batch) => batchOf(schema, batch)) }
}

export function batchOf(schema: Schema, batch: arrow.RecordBatch): Batch {
  const columns = schema.map(({ name, type }, index) => {
    const data = batch.data.children[index]
    if (data === undefined || data.length < batch.numRows) {
      throw invalidArrow(
        { place: `column '${name}'` },
        `it has ${data?.length ?? 0} of ${batch.numRows} rows`,
      )
    }
    return fromArrowData(
      type,
      data.length === batch.numRows ? data : data.slice(0, batch.numRows),
      `column '${name}'`,
    )
  })
  return { length: batch.numRows, columns }
}

/**
 * A vector as a column of a type: as it lies, or else value by value, as the values of a list would be taken. `fail` is told the
 * row and what is wrong with it.
 */
export function columnFromVector(
  type: DataType,
  vector: arrow.Vector,
  fail: (row: number, problem: string) => never,
): ColumnData {
  if (canRead(type, vector.type)) return fromArrowVector(type, vector, 'the result')
  const given = typeOrNull(vector)
  if (given === null || isOfOtherUnits(given, type)) {
    return fail(0, `a vector of ${library.Type[vector.type.typeId]} instead of ${formatType(type)}`)
  }
  return encodeColumn(type, decodeColumn(given, fromArrowVector(given, vector, 'the result')), fail)
}

function typeOrNull(vector: arrow.Vector): DataType | null {
  try {
    return dataTypeOfArrow(vector.type)
  } catch (error) {
    if (error instanceof EngineError) return null
    throw error
  }
}

/** Types whose numbers alone do not show what they count. */
export const kindsWithUnits: ReadonlySet<DataType['kind']> = new Set([
  'date',
  'time',
  'time_ns',
  'timestamp',
  'timestamp_s',
  'timestamp_ms',
  'timestamp_ns',
  'timestamp_tz',
] as const)

/** Whether some values count other units than the type does, which the numbers alone would not show. */
function isOfOtherUnits(given: DataType, type: DataType): boolean {
  if (sameType(given, type)) return false
  if (kindsWithUnits.has(given.kind)) return true
  const theirs = childTypes(type)
  return childTypes(given).some((child, index) => isOfOtherUnits(child, theirs[index] ?? { kind: 'null' }))
}
