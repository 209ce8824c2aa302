import { decodeColumn } from '../../arrow/decode.ts'
import type { Result } from '../../session/result.ts'
import type { ProgressLine } from '../progressLine.ts'
import type { RowChunk, RowSource } from './rowSource.ts'

/** The rows of a result with every value as exact as DuckDB has it, where JavaScript's dates would lose microseconds. */
export function resultRows(result: Result, progress: ProgressLine): RowSource {
  return { schema: result.columns, chunks: chunksOf(result, progress) }
}

async function* chunksOf(result: Result, progress: ProgressLine): AsyncGenerator<RowChunk, void, undefined> {
  for await (const { length, columns } of result.batches()) {
    progress.addRows(length)
    yield {
      length,
      columns: result.columns.map(({ type }, index) => {
        const column = columns[index]
        return column === undefined ? [] : decodeColumn(type, column)
      }),
    }
  }
}
