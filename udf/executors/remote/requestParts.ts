import { bitmapBytes } from '../../../src/arrow/bitmap.ts'
import type { Batch, ColumnData } from '../../../src/arrow/column.ts'
import { sliceColumn } from '../../../src/arrow/columns.ts'
import { childTypes, layoutOf } from '../../../src/arrow/layout.ts'
import type { DataType, Field } from '../../../src/base/dataType.ts'

/** Rows of a batch that go together in one request. */
export interface RowRange {
  readonly from: number
  readonly length: number
}

/** The rows of a batch in parts of at most so many bytes, as far as their buffers tell; one row may have more. */
export function rowParts(
  inputs: readonly Field[],
  batch: Batch,
  bytesMax: number,
  range: RowRange = { from: 0, length: batch.length },
): readonly RowRange[] {
  const bytes = inputs.reduce((sum, { type }, i) => sum + bytesOfRows(type, batch.columns[i]!, range), 0)
  if (bytes <= bytesMax || range.length === 1) return [range]
  return halves(range).flatMap((half) => rowParts(inputs, batch, bytesMax, half))
}

export function halves({ from, length }: RowRange): readonly [RowRange, RowRange] {
  const half = length >> 1
  return [
    { from, length: half },
    { from: from + half, length: length - half },
  ]
}

/** The rows of a range, copied unless they are all. */
export function rowsOf(inputs: readonly Field[], batch: Batch, { from, length }: RowRange): Batch {
  if (length === batch.length) return batch
  const columns = inputs.map(({ type }, index) => sliceColumn(type, batch.columns[index]!, from, length))
  return { length, columns }
}

function bytesOfRows(type: DataType, column: ColumnData, range: RowRange): number {
  const { from, length } = range
  const layout = layoutOf(type)
  const ofChildren = (rows: RowRange): number =>
    childTypes(type).reduce((sum, child, i) => sum + bytesOfRows(child, column.children[i]!, rows), 0)
  const bitmap = column.validity === null ? 0 : bitmapBytes(length)
  switch (layout.kind) {
    case 'null':
      return 0
    case 'fixed':
      return bitmap + length * layout.perRow * layout.array.BYTES_PER_ELEMENT
    case 'bytes':
      return bitmap + 4 * (length + 1) + itemsOf(column, range).length
    case 'list':
      return bitmap + 4 * (length + 1) + ofChildren(itemsOf(column, range))
    case 'array':
      return bitmap + ofChildren({ from: from * layout.size, length: length * layout.size })
    case 'struct':
      return bitmap + ofChildren(range)
    case 'union':
      return bitmap + length + ofChildren(range)
  }
}

function itemsOf({ offsets }: ColumnData, { from, length }: RowRange): RowRange {
  const first = offsets![from]!
  return { from: first, length: offsets![from + length]! - first }
}
