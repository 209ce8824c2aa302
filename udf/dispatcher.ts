import type { ExecutorName, FunctionSignature } from '../catalog/function.ts'
import { defaultPolicies } from '../catalog/policy/policies.ts'
import type { RegisteredFunction } from '../catalog/registerFunction.ts'
import type { LimitStore, ResultStore } from '../catalog/store/stateStore.ts'
import { EngineError } from '../src/base/errors.ts'
import { type Batching, createBatching } from './batching/batching.ts'
import type { BatchSource } from './batching/batchSource.ts'
import { costsOf } from './batching/rowCosts.ts'
import { checkResult } from './checkResult.ts'
import { type Clock, type Random, systemClock } from './clock.ts'
import type { Executor, Interceptor, Invoke, InvokeContext, InvokeStream } from './executor.ts'
import { limitSpending } from './limitSpending.ts'
import { observeCalls } from './observeCalls.ts'
import { type CallOnceOptions, callOnce } from './once/callOnce.ts'
import { isolateFailures } from './outcome/isolateFailures.ts'
import { breatheAfter } from './policies/breathe.ts'
import { breakCircuit } from './policies/circuitBreaker.ts'
import { limitConcurrency } from './policies/concurrency.ts'
import { keepDeadline } from './policies/deadline.ts'
import { processLimits } from './policies/memoryLimits.ts'
import { limitRate } from './policies/rateLimit.ts'
import { retry } from './policies/retry.ts'
import { timeOut } from './policies/timeout.ts'
import { isRowByRow, policiesCountCalls } from './rowByRow.ts'
import type { RunScope } from './runScope.ts'

/** The one door to every executor. */
export interface Dispatcher {
  /** Makes the calls of a batch with everything that is done around them. */
  readonly invoke: Invoke
  /** The items that a call yields, as they come, without anything around it. */
  readonly stream: InvokeStream
  /** Calls of a function that may be in flight at once, by its policies or by what its executor has room for. */
  concurrencyOf(signature: FunctionSignature, policies?: InvokeContext['policies']): number
  /** Announces a stream of calls of these functions; it ends with the run. */
  openSource(functions: readonly RegisteredFunction[], run: RunScope): BatchSource
  /** Ends what is in flight and closes the executors. */
  close(): Promise<void>
}

export interface DispatcherOptions extends Pick<CallOnceOptions, 'cacheLimit' | 'memoryLimit'> {
  /** By the name that signatures give their place. They open with their first call. */
  readonly executors: Readonly<Partial<Record<ExecutorName, Executor>>>
  /** The cache and the journals of runs; null for neither. */
  readonly results?: ResultStore | null
  /** Where limits with a key are kept; by default in this process, shared by its sessions. */
  readonly limits?: LimitStore
  readonly clock?: Clock
  readonly random?: Random
  /** Goes around each batch with all its attempts, such as tracing. */
  readonly aroundBatch?: Interceptor
  /** Goes around each attempt. */
  readonly aroundAttempt?: Interceptor
}

/** How long calls may be let through without one of them getting to the network. */
const BURST_MS_MAX = 0.5

const asItIs: Interceptor = (next) => next

export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { executors, results = null, clock = systemClock, random = Math.random } = options
  const executorOf = ({ name, executor: place }: FunctionSignature): Executor => {
    const executor = executors[place]
    if (executor !== undefined) return executor
    throw new EngineError('INTERNAL', `function '${name}' runs on '${place}', which this dispatcher has not`)
  }
  const roomOf = (signature: FunctionSignature, rowByRow: boolean): number =>
    executorOf(signature).concurrencyOf(signature, rowByRow)
  const concurrencyOf = (signature: FunctionSignature, policies = defaultPolicies): number =>
    policies.concurrency?.maxConcurrent ?? roomOf(signature, policiesCountCalls(policies))
  const limits = (): LimitStore => options.limits ?? processLimits
  const once = callOnce({ ...options, results, clock })
  const batching: Batching = createBatching({
    clock,
    batchingOf: ({ signature, definition }, { batching: policy = signature.batching, policies }) =>
      policy === null
        ? null
        : { policy, costOf: costsOf(signature, definition), concurrency: concurrencyOf(signature, policies) },
  })
  const around: readonly Interceptor[] = [
    keepDeadline({ clock }),
    once.intercept,
    batching.interceptor,
    options.aroundBatch ?? asItIs,
    isolateFailures,
    retry({ clock, random }),
    limitConcurrency({
      clock,
      random,
      concurrencyOf: (signature, context) => roomOf(signature, isRowByRow(context)),
      limits,
    }),
    once.keepFinished,
    limitRate({ clock, limits, breathe: breatheAfter(BURST_MS_MAX) }),
    breakCircuit({ clock }),
    timeOut({ clock }),
    limitSpending,
    observeCalls(clock),
    options.aroundAttempt ?? asItIs,
  ]
  return {
    invoke: around.reduceRight((next, intercept) => intercept(next), opened(executorOf)),
    stream: (registered, args, context) => {
      const executor = executorOf(registered.signature)
      const streaming = executor.stream === undefined ? executors.main : executor
      if (streaming?.stream === undefined) {
        const message = `function '${registered.signature.name}' cannot yield its items: this dispatcher has no main thread`
        throw new EngineError('INTERNAL', message)
      }
      return streaming.stream(registered, args, context)
    },
    concurrencyOf,
    openSource: (functions, run) => batching.openSource(functions, run),
    async close() {
      batching.close()
      await Promise.all(Object.values(executors).map((executor) => executor.close()))
      await once.close()
    },
  }
}

/** Calls an executor, which opens first, and checks what it answers. */
function opened(executorOf: (signature: FunctionSignature) => Executor): Invoke {
  const openings = new Map<Executor, Promise<void>>()
  return async (registered, batch, context) => {
    const executor = executorOf(registered.signature)
    const opening = openings.get(executor) ?? executor.open()
    openings.set(executor, opening)
    await opening
    const { length } = batch
    const result = await executor.invoke(registered, batch, context)
    checkResult(result.column, length, { registered, batch: context.batch, executor: executor.name })
    return result
  }
}
