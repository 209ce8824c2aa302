import type { FunctionSignature } from '../catalog/function.ts'
import type { RegisteredFunction } from '../catalog/registerFunction.ts'
import { checkResult } from './checkResult.ts'
import type { Executor, Invoke } from './executor.ts'
import { limitConcurrency } from './limitConcurrency.ts'
import { splitBatches } from './splitBatches.ts'

/** The one door to every executor. */
export interface Dispatcher {
  /** Makes the calls of a batch, in as many parts as the function's batching asks for, and joins the results in order. */
  readonly invoke: Invoke
  /** Calls of a function that may be in flight at once. */
  concurrencyOf(signature: FunctionSignature): number
  /** Ends what is in flight and closes the executors. */
  close(): Promise<void>
}

/** `executors`: one for each place that a signature can name. They open with their first call. */
export function createDispatcher(
  executors: Readonly<Record<FunctionSignature['executor'], Executor>>,
): Dispatcher {
  const opened = new Map<Executor, Promise<void>>()
  const executorOf = (signature: FunctionSignature): Executor => executors[signature.executor]
  const concurrencyOf = (signature: FunctionSignature): number =>
    executorOf(signature).concurrencyOf(signature)

  const execute: Invoke = async (registered: RegisteredFunction, batch, context) => {
    const executor = executorOf(registered.signature)
    const opening = opened.get(executor) ?? executor.open()
    opened.set(executor, opening)
    await opening
    const { length } = batch
    const result = await executor.invoke(registered, batch, context)
    checkResult(result.column, length, { registered, batch: context.batch, executor: executor.name })
    return result
  }

  return {
    invoke: splitBatches(limitConcurrency(execute, concurrencyOf)),
    concurrencyOf,
    async close() {
      await Promise.all(Object.values(executors).map((executor) => executor.close()))
    },
  }
}
