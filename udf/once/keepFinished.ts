import type { RegisteredFunction } from '../../catalog/registerFunction.ts'
import { digestRows } from '../../src/arrow/rowKeys.ts'
import { takeRows } from '../../src/arrow/takeRows.ts'
import type { Interceptor } from '../executor.ts'
import type { RunScope } from '../runScope.ts'
import { allRows, inputTypes, storedContext, successes } from './onceCall.ts'
import { ResultRecorder } from './resultRecorder.ts'
import type { StoredResults } from './storedResults.ts'

type Recorders = Map<RegisteredFunction['definition'], ResultRecorder>

/**
 * Keeps the rows that an attempt succeeded for in the journal of its run. The call counts as in flight until they are kept, so that
 * a process that is killed has never paid for more than what may be in flight. What volatile functions give is kept by those who
 * know its place in the run.
 */
export function keepFinished(stored: StoredResults): Interceptor {
  const byRun = new WeakMap<RunScope, Recorders>()
  return (next) => async (registered, batch, context) => {
    const { run } = context
    const { signature, definition } = registered
    if (run.journal === null || signature.volatility === 'volatile' || batch.length === 0) {
      return next(registered, batch, context)
    }
    // The call may take the columns away.
    const keyed = { types: inputTypes({ registered }), columns: batch.columns, rows: allRows(batch) }
    const keys = digestRows(storedContext({ registered, context }), keyed)
    const result = await next(registered, batch, context)
    const good = successes(result)
    if (good.length === 0) return result
    const recorders: Recorders = byRun.get(run) ?? new Map()
    byRun.set(run, recorders)
    const recorder =
      recorders.get(definition) ??
      new ResultRecorder({
        stored,
        signature,
        context: { run, observer: context.observer },
        run: run.journal,
      })
    recorders.set(definition, recorder)
    await recorder.keep(
      Array.from(good, (row) => keys[row]!),
      takeRows(signature.output, result.column, good),
    )
    return result
  }
}
