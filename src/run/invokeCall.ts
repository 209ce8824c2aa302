import type { CallResult, InvokeContext } from '../../udf/executor.ts'
import type { Batch, ColumnData } from '../arrow/column.ts'
import type { QueryRun } from './queryRun.ts'

/** Where a batch comes from. */
export type CallOrigin = Pick<InvokeContext, 'batch' | 'firstRow' | 'signal' | 'metadata'>

/** Makes the calls of one function over one batch, wherever it runs. */
export type InvokeCall = (
  functionName: string,
  batch: Batch,
  origin: CallOrigin & { readonly query: QueryRun },
) => Promise<CallResult>

/** The same, entered into the accounts of a query. */
export function recorded(
  invoke: InvokeCall,
  query: QueryRun,
): (functionName: string, batch: Batch, origin: CallOrigin) => Promise<ColumnData> {
  return async (name, batch, origin) => {
    const started = performance.now()
    // The executor may transfer the batch away.
    const { length: rows } = batch
    query.batchBegins()
    try {
      return (await invoke(name, batch, { ...origin, query })).column
    } finally {
      query.batchEnds()
      query.record([{ function: name, calls: 1, rows, milliseconds: performance.now() - started }])
    }
  }
}
