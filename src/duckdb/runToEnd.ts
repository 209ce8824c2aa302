import { readAll } from '../arrow/batchStream.ts'
import type { Batch } from '../arrow/column.ts'
import type { Schema } from '../base/dataType.ts'
import type { Engine } from './engine.ts'

/** Runs a small statement and answers all its rows. */
export async function runToEnd(
  engine: Engine,
  connection: number,
  sql: string,
): Promise<{ readonly schema: Schema; readonly batches: readonly Batch[] }> {
  const statement = await engine.start({ connection, sql, batchRows: 2048, inputs: [], fused: [] })
  return { schema: statement.schema, batches: await readAll(statement) }
}
