import type { Vector } from '@duckdb/node-bindings'
import { bitmapBytes, countSetBits } from '../../arrow/bitmap.ts'
import type { ColumnData } from '../../arrow/column.ts'
import { layoutOf } from '../../arrow/layout.ts'
import type { DataType } from '../../base/dataType.ts'
import { columnBuilder } from './columnBuilder.ts'
import { readSource } from './vectorSource.ts'

/** The rows [0, rows) of a vector; `type` is what the vector has. */
export function readVector(vector: Vector, type: DataType, rows: number): ColumnData {
  const source = readSource(vector, type, rows)
  const layout = layoutOf(type)
  if (layout.kind !== 'fixed') {
    const builder = columnBuilder(type, rows)
    builder.append(source, 0, rows)
    return builder.take()
  }
  const { data, validity } = source
  return {
    length: rows,
    nullCount: validity === null ? 0 : rows - countSetBits(validity, 0, rows),
    validity: validity?.subarray(0, bitmapBytes(rows)) ?? null,
    offsets: null,
    values: new layout.array(data.buffer, data.byteOffset, rows * layout.perRow),
    children: [],
  }
}
