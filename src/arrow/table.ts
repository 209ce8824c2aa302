import type * as arrow from 'apache-arrow'
import type { DataType, Schema } from '../base/dataType.ts'
import { EngineError } from '../base/errors.ts'
import { sameType } from '../base/formatType.ts'
import { dataTypeOfField, schemaOfArrow } from './arrowSchema.ts'
import type { Batch, ColumnData } from './column.ts'
import { concatColumns } from './columns.ts'
import { encodeColumn } from './encode.ts'
import { fromArrowData } from './fromArrow.ts'
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
  const columns = schema.map(({ type }, index) => fromArrowData(type, batch.data.children[index]!))
  return { length: batch.numRows, columns }
}

/**
 * A vector as a column of a type: as it lies if its own type is that one, else value by value. `fail` is told the row and what
 * is wrong with it.
 */
export function columnFromVector(
  type: DataType,
  vector: arrow.Vector,
  fail: (row: number, problem: string) => never,
): ColumnData {
  const field = new library.Field('result', vector.type as arrow.DataType, true)
  const given = typeOrNull(field)
  if (given !== null && sameType(given, type)) {
    return concatColumns(
      type,
      vector.data.map((data) => fromArrowData(type, data)),
    )
  }
  return encodeColumn(type, Array.from(vector as Iterable<unknown>), fail)
}

function typeOrNull(field: arrow.Field): DataType | null {
  try {
    return dataTypeOfField(field)
  } catch (error) {
    if (error instanceof EngineError) return null
    throw error
  }
}
