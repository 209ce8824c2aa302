import type { InvokeContext } from '../../udf/executor.ts'
import type { Batch, ColumnData } from '../arrow/column.ts'
import type { QueryRun } from './queryRun.ts'

/** Makes the calls of one function over one batch, wherever it runs. */
export type InvokeCall = (functionName: string, batch: Batch, context: InvokeContext) => Promise<ColumnData>

/** The same, entered into the accounts of a query. */
export function recorded(invoke: InvokeCall, query: QueryRun): InvokeCall {
  return async (name, batch, context) => {
    const started = performance.now()
    // The executor may transfer the batch away.
    const { length: rows } = batch
    query.batchBegins()
    try {
      return await invoke(name, batch, context)
    } finally {
      query.batchEnds()
      query.record([{ function: name, calls: 1, rows, milliseconds: performance.now() - started }])
    }
  }
}
