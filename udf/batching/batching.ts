import type { RegisteredFunction } from '../../catalog/registerFunction.ts'
import { EngineError } from '../../src/base/errors.ts'
import type { Clock } from '../clock.ts'
import type { Interceptor } from '../executor.ts'
import { countsCalls } from '../rowByRow.ts'
import type { RunScope } from '../runScope.ts'
import type { BatchingOf } from './batchingOptions.ts'
import type { BatchSource } from './batchSource.ts'
import { CallSource } from './callSource.ts'
import { FunctionBatching } from './functionBatching.ts'

/** Batches across input batches and across callers: each gets back its own rows. */
export interface Batching {
  /** Applied once. */
  readonly interceptor: Interceptor
  /** Announces a stream of calls of these functions; the end of its run ends it too. */
  openSource(functions: readonly RegisteredFunction[], run: RunScope): BatchSource
  /** Fails what waits and gives up what is on its way. */
  close(): void
}

export interface BatchingSetup {
  readonly clock: Clock
  readonly batchingOf: BatchingOf
}

export function createBatching({ clock, batchingOf }: BatchingSetup): Batching {
  const functions = new Map<RegisteredFunction, FunctionBatching>()
  let closed = false

  const functionOf = (registered: RegisteredFunction): FunctionBatching => {
    const known = functions.get(registered) ?? new FunctionBatching(registered, clock)
    functions.set(registered, known)
    return known
  }

  return {
    interceptor: (next) => async (registered, batch, context) => {
      if (closed) throw closedError()
      if (batch.length === 0) return next(registered, batch, context)
      if (registered.signature.style === 'row') {
        if (batch.length === 1 || !countsCalls(context)) return next(registered, batch, context)
        return functionOf(registered).invokeRows(next, batch, context)
      }
      const options = batchingOf(registered, context)
      if (options === null) return next(registered, batch, context)
      return functionOf(registered).invoke(next, batch, context, options)
    },
    openSource(called, run) {
      const batched = [...new Set(called)].map(functionOf)
      const source: CallSource = new CallSource(run, {
        onChange() {
          for (const each of batched) each.check()
        },
        onEnd() {
          for (const each of batched) each.sources.delete(source)
        },
        wantedRows: () => Math.max(0, ...batched.map((each) => each.wantedRows())),
      })
      for (const each of batched) each.sources.add(source)
      run.onEnd(async () => source.end())
      return source
    },
    close() {
      closed = true
      for (const each of functions.values()) each.fail(closedError())
    },
  }
}

function closedError(): EngineError {
  return new EngineError('SESSION_CLOSED', 'batching is closed')
}
