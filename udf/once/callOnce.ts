import type { ResultStore } from '../../catalog/store/stateStore.ts'
import type { Clock } from '../clock.ts'
import type { Interceptor } from '../executor.ts'
import { rowsOfCall } from '../rowByRow.ts'
import type { RunScope } from '../runScope.ts'
import { CallGraph } from './callGraph.ts'
import { callMissing } from './callMissing.ts'
import { callShared } from './callShared.ts'
import { Flights } from './flights.ts'
import { keepFinished } from './keepFinished.ts'
import { allRows, type OnceCall } from './onceCall.ts'
import { RunMemory } from './runMemory.ts'
import { StoredResults } from './storedResults.ts'

/** Where results come from before a function is called, and what that may take. */
export interface CallOnceOptions {
  /** Holds the cache and the journals of runs; null for neither. */
  readonly results: ResultStore | null
  readonly clock: Clock
  /** Bytes of memory that a run may take to remember results, beyond which they go to a temporary file; default 256 MiB. */
  readonly memoryLimit?: number
  /** Bytes of the cache that are kept, those used last; default 1 GiB. */
  readonly cacheLimit?: number
  /** Bytes of kept results that stay in memory after they were read; default 64 MiB. */
  readonly segmentMemory?: number
}

/** Calls each row once where its function allows it. */
export interface CallOnce {
  readonly intercept: Interceptor
  /** Goes around each attempt, within the limits of calls in flight: what it gives is in the journal before another begins. */
  readonly keepFinished: Interceptor
  /** Ends what runs remember. */
  close(): Promise<void>
}

/**
 * Calls only those rows of a batch whose results nobody has: neither the run (`dedupe`), nor a call that is in flight, nor the
 * run's journal, nor the cache. What a function that is volatile gives is known by its place in the run, and only to the journal.
 */
export function callOnce(options: CallOnceOptions): CallOnce {
  const { results, clock, memoryLimit = 256 << 20, cacheLimit = 1 << 30, segmentMemory = 64 << 20 } = options
  const limits = { cacheBytes: cacheLimit, segmentBytes: segmentMemory }
  const stored = results === null ? null : new StoredResults(results, clock, limits)
  const memories = new WeakMap<RunScope, RunMemory>()
  const open = new Set<RunMemory>()
  const flights = new Flights()
  const graph = new CallGraph()

  const memoryOf = (run: RunScope): RunMemory => {
    const known = memories.get(run)
    if (known !== undefined) return known
    const memory = new RunMemory(memoryLimit)
    memories.set(run, memory)
    open.add(memory)
    run.onEnd(async () => {
      open.delete(memory)
      await memory.close()
    })
    return memory
  }

  const intercept: Interceptor = (next) => async (registered, batch, context) => {
    const { policies, run } = context
    const { volatility } = registered.signature
    const isVolatile = volatility === 'volatile'
    const isCached = stored !== null && policies.cache !== null && !isVolatile
    const isStored = isCached || (stored !== null && run.journal !== null)
    const dedupes = policies.dedupe && !isVolatile
    if (batch.length === 0 || !(isStored || dedupes)) return next(registered, batch, context)
    const ttl = policies.cache?.ttl ?? null
    const call: OnceCall = {
      next,
      registered,
      batch,
      context,
      stored: isStored ? stored : null,
      isCached,
      notBefore: ttl === null ? 0 : clock.now() - ttl * 1000,
      rowsOfCall: isStored ? rowsOfCall(registered, context) : batch.length,
    }
    if (isVolatile) return callMissing(call, allRows(batch))
    const memory = memoryOf(run)
    const { name } = registered.signature
    const chain = context.chain ?? []
    const caller = chain.at(-1)
    // A call of the function that waits for this one may be what it would wait for.
    const mayWait = caller === undefined || (!chain.includes(name) && graph.mayWait(caller, name))
    const joinable = volatility === 'immutable' ? flights : memory.flights
    return callShared(call, {
      known: dedupes ? memory.knownOf(registered) : null,
      flights: mayWait ? joinable : new Flights(),
    })
  }

  return {
    intercept,
    keepFinished: stored === null ? (next) => next : keepFinished(stored),
    async close() {
      await Promise.all([...open].map((memory) => memory.close()))
      open.clear()
    },
  }
}
