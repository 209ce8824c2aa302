import type { ResultKey } from '../../catalog/store/stateStore.ts'
import { type ScatterPart, scatterColumn } from '../../src/arrow/columns.ts'
import { digestRows } from '../../src/arrow/rowKeys.ts'
import { takeRows } from '../../src/arrow/takeRows.ts'
import { cancelledError, onAbort } from '../abort.ts'
import { type CallResult, type RowFailure, succeeded } from '../executor.ts'
import { inputTypes, type OnceCall, partOf, reportSaved, storedContext } from './onceCall.ts'
import { ResultRecorder } from './resultRecorder.ts'
import type { FoundResults, ResultSource } from './storedResults.ts'

/**
 * The results of some rows of a batch: from the journal of the run, from the cache, and by calls of the others, each of which is
 * kept before its result goes on.
 */
export async function callMissing(call: OnceCall, rows: Int32Array): Promise<CallResult> {
  const { keys, parts, missing } = await lookUp(call, rows)
  const { output } = call.registered.signature
  if (missing.length === 0) return succeeded(scatterColumn(output, parts, rows.length))
  const { rowsOfCall, context, registered } = call
  if (context.signal.aborted) throw cancelledError(registered.signature, context)
  const recorder = new ResultRecorder(call)
  const called = async (places: Int32Array, signal: AbortSignal): Promise<CallResult> => {
    const result = await callPart(
      call,
      places.map((place) => rows[place]!),
      signal,
    )
    if (keys !== null) await keepSuccesses(call, recorder, { keys, places, result })
    return result
  }
  if (missing.length <= rowsOfCall) return joined([missing], [await called(missing, context.signal)])
  const pieces = Array.from({ length: Math.ceil(missing.length / rowsOfCall) }, (_, piece) =>
    missing.slice(piece * rowsOfCall, (piece + 1) * rowsOfCall),
  )
  return joined(pieces, await untilOneFails(context.signal, pieces, called))

  function joined(places: readonly Int32Array[], results: readonly CallResult[]): CallResult {
    const [only] = results
    if (results.length === 1 && only !== undefined && missing.length === rows.length) return only
    const made = results.map(({ column }, index): ScatterPart => ({ rows: places[index]!, column }))
    const failures = results.flatMap((result, index) =>
      result.failures.map(({ row, error }): RowFailure => ({ row: places[index]![row]!, error })),
    )
    return { column: scatterColumn(output, [...parts, ...made], rows.length), failures }
  }
}

interface LookedUp extends FoundResults {
  /** Null where nothing is kept. */
  readonly keys: readonly ResultKey[] | null
}

/** Parts and missing rows count the given ones from 0. */
async function lookUp(call: OnceCall, rows: Int32Array): Promise<LookedUp> {
  const { stored, registered, batch, context, isCached } = call
  const missing = rows.map((_, place) => place)
  if (stored === null) return { keys: null, parts: [], missing }
  const keyed = { types: inputTypes(call), columns: batch.columns, rows }
  const isVolatile = registered.signature.volatility === 'volatile'
  const position = (row: number): number => context.firstRow + row
  const keys = digestRows(storedContext(call), keyed, isVolatile ? position : undefined)
  let found: LookedUp = { keys, parts: [], missing }
  const lookIn = async (source: ResultSource, by: 'journal' | 'cache'): Promise<void> => {
    if (found.missing.length === 0) return
    const asked = found.missing
    const wanted = Array.from(asked, (place) => keys[place]!)
    const more = await stored.find({ signature: registered.signature, context }, wanted, source)
    reportSaved(call, by, asked.length - more.missing.length)
    const placed = more.parts.map((part) => ({
      rows: part.rows.map((row) => asked[row]!),
      column: part.column,
    }))
    found = {
      keys,
      parts: [...found.parts, ...placed],
      missing: more.missing.map((row) => asked[row]!),
    }
  }
  if (context.run.journal !== null) await lookIn({ run: context.run.journal }, 'journal')
  if (isCached) await lookIn({ notBefore: call.notBefore }, 'cache')
  return found
}

async function callPart(call: OnceCall, rows: Int32Array, signal: AbortSignal): Promise<CallResult> {
  const { next, registered, batch, context } = call
  if (rows.length === batch.length) return next(registered, batch, { ...context, signal })
  const firstRow = context.firstRow + rows[0]!
  return next(registered, partOf(call, rows), { ...context, firstRow, signal, keepsInput: false })
}

interface Made {
  readonly keys: readonly ResultKey[]
  /** Which of the keys were called. */
  readonly places: Int32Array
  readonly result: CallResult
}

async function keepSuccesses(
  { registered }: OnceCall,
  recorder: ResultRecorder,
  { keys, places, result }: Made,
): Promise<void> {
  const good = successes(result)
  if (good.length === 0) return
  const column = takeRows(registered.signature.output, result.column, good)
  await recorder.keep(
    Array.from(good, (row) => keys[places[row]!]!),
    column,
  )
}

/** The rows of a result that did not fail. */
export function successes({ column, failures }: CallResult): Int32Array {
  const rows = new Int32Array(column.length - failures.length)
  let next = 0
  for (let row = 0, kept = 0; row < column.length; row++) {
    if (failures[next]?.row === row) next++
    else rows[kept++] = row
  }
  return rows
}

/** Does the work for all pieces; what one fails with cancels the others. */
async function untilOneFails(
  signal: AbortSignal,
  pieces: readonly Int32Array[],
  work: (piece: Int32Array, signal: AbortSignal) => Promise<CallResult>,
): Promise<readonly CallResult[]> {
  const controller = new AbortController()
  const stopListening = onAbort(signal, () => controller.abort(signal.reason))
  if (signal.aborted) controller.abort(signal.reason)
  try {
    return await Promise.all(pieces.map((piece) => work(piece, controller.signal)))
  } catch (error) {
    controller.abort(error)
    throw error
  } finally {
    stopListening()
  }
}
