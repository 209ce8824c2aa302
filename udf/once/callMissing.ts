import type { ResultKey } from '../../catalog/store/stateStore.ts'
import { type ScatterPart, scatterColumn } from '../../src/arrow/columns.ts'
import { digestRows } from '../../src/arrow/rowKeys.ts'
import { takeRows } from '../../src/arrow/takeRows.ts'
import { type CallSignal, Cancellation, onAbort } from '../../src/base/cancellation.ts'
import { type EngineError, isEngineError } from '../../src/base/errors.ts'
import { cancelledError } from '../abort.ts'
import type { CallResult, RowFailure } from '../executor.ts'
import { errorInWhole } from '../policies/amendError.ts'
import { inputTypes, type OnceCall, partOf, reportSaved, storedContext, successes } from './onceCall.ts'
import { ResultRecorder } from './resultRecorder.ts'
import type { FoundResults, ResultSource } from './storedResults.ts'

/** More would only wait, each with its listeners and promises, for the calls that there is room for. */
const PIECES_AT_ONCE = 512

/**
 * The results of some rows of a batch: from the journal of the run, from the cache, and by calls of the others, each of which is
 * kept before its result goes on, in the cache here and in the journal by `keepFinished`.
 */
export async function callMissing(call: OnceCall, rows: Int32Array): Promise<CallResult> {
  // Batches below need not go out half full while their rows are looked up.
  const arrived = call.stored === null ? undefined : call.context.source?.expectRows()
  try {
    const found = await lookUp(call, rows)
    const results = callPieces(call, rows, found)
    arrived?.()
    return joinResults(call, found, await results)
  } finally {
    arrived?.()
  }
}

/** The result of a call, and which of the rows that were asked for it has. */
interface Piece {
  readonly places: Int32Array
  readonly result: CallResult
}

async function callPieces(
  call: OnceCall,
  rows: Int32Array,
  { keys, missing }: LookedUp,
): Promise<readonly Piece[]> {
  const { rowsOfCall, context, registered } = call
  if (missing.length === 0) return []
  if (context.signal.aborted) throw cancelledError(registered.signature, context)
  const recorders = recordersOf(call)
  const called = async (places: Int32Array, signal: CallSignal): Promise<Piece> => {
    const wanted = places.map((place) => rows[place]!)
    const result = await callPart(call, wanted, signal)
    if (keys !== null) await keepSuccesses(call, recorders, { keys, places, result })
    return { places, result }
  }
  if (missing.length <= rowsOfCall) return [await called(missing, context.signal)]
  const pieces = Array.from({ length: Math.ceil(missing.length / rowsOfCall) }, (_, piece) =>
    missing.slice(piece * rowsOfCall, (piece + 1) * rowsOfCall),
  )
  return untilOneFails(context.signal, pieces, called)
}

function joinResults(call: OnceCall, { parts, rows }: LookedUp, pieces: readonly Piece[]): CallResult {
  const [only] = pieces
  if (pieces.length === 1 && only?.result.column.length === rows) return only.result
  const made = pieces.map(({ places, result }): ScatterPart => ({ rows: places, column: result.column }))
  const failures = pieces.flatMap(({ places, result }) =>
    result.failures.map(({ row, error }): RowFailure => ({ row: places[row]!, error })),
  )
  const { output } = call.registered.signature
  return { column: scatterColumn(output, [...parts, ...made], rows), failures }
}

interface LookedUp extends FoundResults {
  /** How many were asked for. */
  readonly rows: number
  /** Null where nothing is kept. */
  readonly keys: readonly ResultKey[] | null
}

/** Parts and missing rows count the given ones from 0. */
async function lookUp(call: OnceCall, rows: Int32Array): Promise<LookedUp> {
  const { stored, registered, batch, context, isCached } = call
  const missing = rows.map((_, place) => place)
  if (stored === null) return { rows: rows.length, keys: null, parts: [], missing }
  const keyed = { types: inputTypes(call), columns: batch.columns, rows }
  const isVolatile = registered.signature.volatility === 'volatile'
  const position = (row: number): number => context.firstRow + row
  const keys = digestRows(storedContext(call), keyed, isVolatile ? position : undefined)
  let found: LookedUp = { rows: rows.length, keys, parts: [], missing }
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
      ...found,
      parts: [...found.parts, ...placed],
      missing: more.missing.map((row) => asked[row]!),
    }
  }
  if (context.run.journal !== null) await lookIn({ run: context.run.journal }, 'journal')
  if (isCached) await lookIn({ notBefore: call.notBefore }, 'cache')
  return found
}

async function callPart(call: OnceCall, rows: Int32Array, signal: CallSignal): Promise<CallResult> {
  const { next, registered, batch, context } = call
  if (rows.length === batch.length) return next(registered, batch, { ...context, signal })
  const firstRow = context.firstRow + rows[0]!
  const inWhole = (error: EngineError): EngineError => errorInWhole(error, rows, batch.length)
  try {
    const around = { ...context, firstRow, signal, keepsInput: false }
    const { column, failures } = await next(registered, partOf(call, rows), around)
    return { column, failures: failures.map(({ row, error }) => ({ row, error: inWhole(error) })) }
  } catch (error) {
    throw isEngineError(error) ? inWhole(error) : error
  }
}

interface KeyedPiece extends Piece {
  readonly keys: readonly ResultKey[]
}

async function keepSuccesses(
  { registered }: OnceCall,
  recorders: readonly ResultRecorder[],
  { keys, places, result }: KeyedPiece,
): Promise<void> {
  const good = successes(result)
  if (good.length === 0 || recorders.length === 0) return
  const column = takeRows(registered.signature.output, result.column, good)
  const goodKeys = Array.from(good, (row) => keys[places[row]!]!)
  for (const recorder of recorders) await recorder.keep(goodKeys, column)
}

/** What keeps results once they are here: in the journal those that it knows by their place, and in the cache. */
function recordersOf({ stored, registered, context, isCached }: OnceCall): readonly ResultRecorder[] {
  if (stored === null) return []
  const { signature } = registered
  const { journal } = context.run
  const placed = signature.volatility === 'volatile' && journal !== null ? [journal] : []
  return [...placed, ...(isCached ? [null] : [])].map(
    (run) => new ResultRecorder({ stored, signature, context, run }),
  )
}

/** Does the work for all pieces; what one fails with cancels the others. */
async function untilOneFails(
  signal: CallSignal,
  pieces: readonly Int32Array[],
  work: (piece: Int32Array, signal: CallSignal) => Promise<Piece>,
): Promise<readonly Piece[]> {
  const cancellation = new Cancellation()
  const stopListening = onAbort(signal, () => cancellation.abort(signal.reason))
  if (signal.aborted) cancellation.abort(signal.reason)
  try {
    const done: Piece[] = []
    let next = 0
    const oneByOne = async (): Promise<void> => {
      for (let index = next++; index < pieces.length; index = next++)
        done[index] = await work(pieces[index]!, cancellation)
    }
    await Promise.all(Array.from({ length: Math.min(PIECES_AT_ONCE, pieces.length) }, oneByOne))
    return done
  } catch (error) {
    cancellation.abort(error)
    throw error
  } finally {
    stopListening()
  }
}
