import type * as arrow from 'apache-arrow'
import type { Batch } from '../../src/arrow/column.ts'
import { decodeColumn } from '../../src/arrow/decode.ts'
import { encodeColumn } from '../../src/arrow/encode.ts'
import { library } from '../../src/arrow/library.ts'
import type { DataType, Schema } from '../../src/base/dataType.ts'

export interface ColumnOfValues {
  readonly type: DataType
  readonly values: readonly unknown[]
}

/** Columns `0`, `1`, … and their batch. */
export function batchOfValues(columns: readonly ColumnOfValues[]): {
  readonly fields: Schema
  readonly batch: Batch
} {
  const length = columns[0]?.values.length ?? 0
  return {
    fields: columns.map(({ type }, index) => ({ name: String(index), type })),
    batch: {
      length,
      columns: columns.map(({ type, values }) =>
        encodeColumn(type, values, (row, problem) => {
          throw new Error(`row ${row}: ${problem}`)
        }),
      ),
    },
  }
}

/** A stream of Arrow's IPC format as another program would write it. */
export function streamOf(vectors: Readonly<Record<string, arrow.Vector>>): Uint8Array {
  return library.tableToIPC(new library.Table(vectors), 'stream')
}

/** All values of a batch, by column. */
export function valuesOf(fields: Schema, batch: Batch): readonly (readonly unknown[])[] {
  return fields.map(({ type }, index) => [...decodeColumn(type, batch.columns[index]!)])
}
