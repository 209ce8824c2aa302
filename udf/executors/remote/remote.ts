import type { FunctionSignature } from '../../../catalog/function.ts'
import type { RemoteBinding } from '../../../catalog/groups/scalingGroup.ts'
import type { RegisteredFunction } from '../../../catalog/registerFunction.ts'
import type { Batch } from '../../../src/arrow/column.ts'
import { nullColumn } from '../../../src/arrow/columns.ts'
import { Cancellation, onAbort } from '../../../src/base/cancellation.ts'
import { EngineError } from '../../../src/base/errors.ts'
import { cancelledError, untilAborted } from '../../abort.ts'
import { type Clock, type Random, systemClock } from '../../clock.ts'
import { type CallResult, type Executor, type InvokeContext, succeeded } from '../../executor.ts'
import type { Replicas } from '../../scaling/replica.ts'
import { callParts } from './callParts.ts'
import type { Sender } from './callReplica.ts'
import { streamItems } from './streamItems.ts'

export interface RemoteOptions {
  /** The replicas of a revision of a group; their owner closes them. */
  readonly replicasOf: (binding: RemoteBinding) => Replicas
  readonly clock?: Clock
  readonly random?: Random
}

/** Carries batches to the replicas of scaling groups. */
export class RemoteExecutor implements Executor {
  readonly name = 'remote'
  readonly #options: RemoteOptions
  readonly #inFlight = new Set<Cancellation>()
  #closed = false

  constructor(options: RemoteOptions) {
    this.#options = options
  }

  /** A quarter more than the replicas take, which wait here when one of them is free. */
  concurrencyOf(signature: FunctionSignature): number {
    const capacity = Math.max(1, this.#options.replicasOf(bindingOf(signature)).capacity)
    return capacity + Math.ceil(capacity / 4)
  }

  async open(): Promise<void> {}

  /**
   * Calls the function at a replica, in several calls where the rows take more than a message may. Fails with what the worker says
   * (FUNCTION_FAILED and the other codes of functions), REMOTE_RESULT_INVALID for an answer that is not one to what was asked,
   * MESSAGE_TOO_LARGE for a row that no message can carry, WRONG_ARGUMENTS for metadata that headers cannot, and UNAVAILABLE or
   * GROUP_UNAVAILABLE where no replica answers.
   */
  async invoke(registered: RegisteredFunction, batch: Batch, context: InvokeContext): Promise<CallResult> {
    const { signature } = registered
    const { cancellation, end } = this.#begin(signature, context)
    try {
      if (batch.length === 0) return succeeded(nullColumn(signature.output, 0))
      const own = { ...context, signal: cancellation }
      return await untilAborted(
        cancellation,
        callParts(this.#senderTo(signature), { signature, batch, context: own }),
      )
    } catch (thrown) {
      throw context.signal.aborted ? cancelledError(signature, context) : thrown
    } finally {
      end()
    }
  }

  /** The items that a call yields, as they come. Fails as `invoke` does; another replica is asked only before the first item. */
  async *stream(
    registered: RegisteredFunction,
    args: readonly unknown[],
    context: InvokeContext,
  ): AsyncGenerator<unknown, void, undefined> {
    const { signature } = registered
    const { cancellation, end } = this.#begin(signature, context)
    try {
      const own = { ...context, signal: cancellation }
      yield* streamItems(this.#senderTo(signature), { registered, args, context: own })
    } catch (thrown) {
      throw context.signal.aborted ? cancelledError(signature, context) : thrown
    } finally {
      end()
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const cancellation of this.#inFlight) cancellation.abort(closedError())
  }

  /** What a call listens to; `end` must be called. */
  #begin(
    signature: FunctionSignature,
    context: InvokeContext,
  ): { readonly cancellation: Cancellation; readonly end: () => void } {
    if (context.signal.aborted) throw cancelledError(signature, context)
    if (this.#closed) throw closedError()
    const cancellation = new Cancellation()
    const stopListening = onAbort(context.signal, () => cancellation.abort(context.signal.reason))
    this.#inFlight.add(cancellation)
    const end = (): void => {
      stopListening()
      this.#inFlight.delete(cancellation)
    }
    return { cancellation, end }
  }

  #senderTo(signature: FunctionSignature): Sender {
    const { replicasOf, clock = systemClock, random = Math.random } = this.#options
    return { replicas: replicasOf(bindingOf(signature)), clock, random }
  }
}

function bindingOf({ name, remote }: FunctionSignature): RemoteBinding {
  if (remote !== null) return remote
  throw new EngineError('INTERNAL', `function '${name}' belongs to no scaling group`)
}

function closedError(): EngineError {
  return new EngineError('SESSION_CLOSED', 'the executor of scaling groups is closed')
}
