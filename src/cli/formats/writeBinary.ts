import { DataFrame } from '../../../dataframe/dataFrame.ts'
import { classifyStatement } from '../../../sql/classify.ts'
import { splitText } from '../../../sql/statements.ts'
import type { BatchStream } from '../../arrow/batchStream.ts'
import type { Batch } from '../../arrow/column.ts'
import { writeIpcFile } from '../../arrow/ipcFile.ts'
import type { Schema } from '../../base/dataType.ts'
import { EngineError } from '../../base/errors.ts'
import { quoteLiteral } from '../../expr/render.ts'
import type { Result } from '../../session/result.ts'
import type { QueryOptions, Session } from '../../session/session.ts'

export type BinaryFormat = 'arrow' | 'parquet'

/** A result that was read, and how many rows it had. */
export interface Written {
  readonly result: Result
  readonly rows: number
}

/** Writes the rows of the last of some statements to a new file. */
export async function writeBinary(
  session: Session,
  query: string,
  { path, format }: { readonly path: string; readonly format: BinaryFormat },
  options: QueryOptions,
): Promise<Written> {
  if (format === 'arrow') {
    const result = await session.sql(query, [], options)
    return { result, rows: await writeIpcFile(path, new ResultStream(result)) }
  }
  const statements = splitText(query).map(({ text }) => text)
  const last = statements.pop()
  if (last === undefined) throw new EngineError('SQL_INVALID', 'there is no statement in this text')
  if (classifyStatement(last).kind !== 'select') {
    const result = await session.sql(query, [], options)
    const table = await result.toArrow()
    await DataFrame.fromArrow(table, session.runner).write(path, { format, mode: 'overwrite' })
    return { result, rows: table.numRows }
  }
  const copy = `COPY (${last}) TO ${quoteLiteral(path)} (FORMAT parquet, COMPRESSION zstd)`
  const result = await session.sql([...statements, copy].join(';\n'), [], options)
  const [copied] = await result.toRows()
  return { result, rows: Number(copied?.['Count'] ?? 0) }
}

class ResultStream implements BatchStream {
  readonly schema: Schema
  readonly #result: Result
  readonly #batches: AsyncGenerator<Batch, void, undefined>

  constructor(result: Result) {
    this.schema = result.columns
    this.#result = result
    this.#batches = result.batches()
  }

  async next(): Promise<Batch | null> {
    const { value } = await this.#batches.next()
    return value ?? null
  }

  async close(): Promise<void> {
    await this.#result.close()
  }
}
