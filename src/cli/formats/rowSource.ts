import type { Schema } from '../../base/dataType.ts'

/** Values of some rows: an array for each column. */
export interface RowChunk {
  readonly length: number
  readonly columns: readonly ArrayLike<unknown>[]
}

/** Rows to print, in order and read once. */
export interface RowSource {
  readonly schema: Schema
  readonly chunks: AsyncIterable<RowChunk>
}

/** Column names that differ: a repeated one gets a number, as DuckDB does for the columns of a subquery. */
export function distinctNames(schema: Schema): readonly string[] {
  const taken = new Set<string>()
  return schema.map(({ name }) => {
    let distinct = name
    for (let number = 1; taken.has(distinct); number++) distinct = `${name}_${number}`
    taken.add(distinct)
    return distinct
  })
}
