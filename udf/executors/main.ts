import { setImmediate } from 'node:timers/promises'
import type { FunctionSignature } from '../../catalog/function.ts'
import type { RegisteredFunction } from '../../catalog/registerFunction.ts'
import type { Batch } from '../../src/arrow/column.ts'
import { sliceColumn } from '../../src/arrow/columns.ts'
import { Cancellation, onAbort } from '../../src/base/cancellation.ts'
import { EngineError } from '../../src/base/errors.ts'
import { cancelledError, untilAborted } from '../abort.ts'
import {
  type CallResult,
  type Executor,
  type HandlerScope,
  type InvokeContext,
  scopeOf,
} from '../executor.ts'
import { FunctionStates } from '../functionStates.ts'
import { invokeHandler } from '../invokeHandler.ts'
import { invokeStream } from '../invokeStream.ts'
import { Limiter } from '../limiter.ts'
import { reportShutdown } from '../reportShutdown.ts'

/** Calls of an asynchronous handler at once. */
const ASYNC_CALLS_MAX = 32
/** Batches of a function that gets a row at a time: the next ones fill up what the last rows of one leave free. */
const ROW_BATCHES_MAX = 3
/** How long synchronous handlers may keep the thread from timers, sockets and Ctrl-C. */
const BUSY_MS_MAX = 8
/** What all functions have together to shut down. */
const SHUTDOWN_MS_MAX = 800

/** Runs handlers in the thread that it lives in: asynchronous ones, and closures, which no other thread could load. */
export class MainExecutor implements Executor {
  readonly name = 'main'
  readonly #limiters = new Map<FunctionSignature, Limiter>()
  readonly #inFlight = new Set<Cancellation>()
  readonly #states = new FunctionStates(reportShutdown)
  #closed = false
  #idleAt = performance.now()

  concurrencyOf({ style }: FunctionSignature, rowByRow: boolean): number {
    return style === 'row' && !rowByRow ? ROW_BATCHES_MAX : ASYNC_CALLS_MAX
  }

  async open(): Promise<void> {}

  async invoke(registered: RegisteredFunction, batch: Batch, context: InvokeContext): Promise<CallResult> {
    const { signature } = registered
    const cancellation = new Cancellation()
    const stopListening = onAbort(context.signal, () => cancellation.abort(context.signal.reason))
    this.#inFlight.add(cancellation)
    try {
      if (context.signal.aborted) throw cancelledError(signature, context)
      if (this.#closed) throw closedError()
      if (performance.now() - this.#idleAt > BUSY_MS_MAX) await this.#breathe()
      cancellation.throwIfAborted()
      const limiter = this.#limiterOf(signature, context)
      const own = context.keepsInput ? handlersOwn(signature, batch) : batch
      const scope = scopeOf({ ...context, signal: cancellation })
      const result = this.#states.run(registered, scope, (prepared) =>
        invokeHandler(registered, own, prepared, limiter),
      )
      return result instanceof Promise ? await untilAborted(cancellation, result) : result
    } catch (thrown) {
      if (context.signal.aborted) throw cancelledError(signature, context)
      throw thrown
    } finally {
      stopListening()
      this.#inFlight.delete(cancellation)
    }
  }

  /** The items that a call yields, as they come. Fails as `invokeStream` does. */
  async *stream(
    registered: RegisteredFunction,
    args: readonly unknown[],
    context: InvokeContext,
  ): AsyncGenerator<unknown, void, undefined> {
    if (this.#closed) throw closedError()
    const leave = this.#states.enter()
    try {
      yield* invokeStream(registered, args, await this.#preparedScope(registered, context))
    } finally {
      leave()
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const cancellation of this.#inFlight) cancellation.abort(closedError())
    await this.#states.close(SHUTDOWN_MS_MAX)
  }

  async #preparedScope(registered: RegisteredFunction, context: InvokeContext): Promise<HandlerScope> {
    try {
      return await this.#states.prepare(registered, scopeOf(context))
    } catch (thrown) {
      if (context.signal.aborted) throw cancelledError(registered.signature, context)
      throw thrown
    }
  }

  #limiterOf(signature: FunctionSignature, { chain }: InvokeContext): Limiter {
    // A call of the same function waits for this one, and would never make room for it.
    if (chain?.includes(signature.name)) return new Limiter(ASYNC_CALLS_MAX)
    const limiter = this.#limiters.get(signature) ?? new Limiter(ASYNC_CALLS_MAX)
    this.#limiters.set(signature, limiter)
    return limiter
  }

  async #breathe(): Promise<void> {
    await setImmediate()
    this.#idleAt = performance.now()
  }
}

/** Handlers of many rows see the memory of columns, and may write there. */
function handlersOwn({ style, inputs }: FunctionSignature, batch: Batch): Batch {
  if (style === 'row') return batch
  const columns = inputs.map(({ type }, index) => sliceColumn(type, batch.columns[index]!, 0, batch.length))
  return { length: batch.length, columns }
}

function closedError(): EngineError {
  return new EngineError('SESSION_CLOSED', 'the main executor is closed')
}
