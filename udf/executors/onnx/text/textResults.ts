import type { ColumnData } from '../../../../src/arrow/column.ts'
import type { RunLayout } from './runLayout.ts'

/** Gathers the results of a batch's rows as runs give them. */
export interface TextResults {
  /**
   * Takes the result of one text: `row` counts the run's rows, `place` the batch's. `output` holds `[rows, width]`, or `[rows, tokens,
   * width]` where it is still to be pooled.
   */
  put(output: Float32Array | Float64Array, layout: RunLayout, row: number, place: number): void
  /** The column of all rows; those that were not put are null in `validity`. */
  column(validity: Uint8Array | null): ColumnData
}

/** Numbers of one column, none of them null. */
export function floatColumn(values: Float32Array<ArrayBuffer>): ColumnData {
  return { length: values.length, nullCount: 0, validity: null, offsets: null, values, children: [] }
}
