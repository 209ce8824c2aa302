import type { FunctionSignature } from '../catalog/function.ts'
import type { Batch } from '../src/arrow/column.ts'
import { concatColumns, sliceColumn } from '../src/arrow/columns.ts'
import { onAbort } from './abort.ts'
import type { CallResult, Invoke } from './executor.ts'

/** Calls a function with no more rows than its `maxBatchingSize`; what one part fails with cancels the others. */
export function splitBatches(invoke: Invoke): Invoke {
  return async (registered, batch, context) => {
    const most = registered.signature.batching?.maxBatchingSize ?? batch.length
    if (batch.length <= most) return invoke(registered, batch, context)
    const controller = new AbortController()
    const stopListening = onAbort(context.signal, () => controller.abort(context.signal.reason))
    if (context.signal.aborted) controller.abort(context.signal.reason)
    const part = (from: number): Promise<CallResult> => {
      const position = { ...context, firstRow: context.firstRow + from, signal: controller.signal }
      return invoke(registered, slice(registered.signature, batch, from, most), position)
    }
    try {
      const starts = Array.from({ length: Math.ceil(batch.length / most) }, (_, index) => index * most)
      const results = await Promise.all(starts.map(part))
      return {
        column: concatColumns(
          registered.signature.output,
          results.map(({ column }) => column),
        ),
        failures: results.flatMap(({ failures }, index) =>
          failures.map(({ row, error }) => ({ row: starts[index]! + row, error })),
        ),
      }
    } catch (error) {
      controller.abort(error)
      throw error
    } finally {
      stopListening()
    }
  }
}

function slice({ inputs }: FunctionSignature, batch: Batch, from: number, most: number): Batch {
  const length = Math.min(most, batch.length - from)
  return {
    length,
    columns: inputs.map(({ type }, index) => sliceColumn(type, batch.columns[index]!, from, length)),
  }
}
