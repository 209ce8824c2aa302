import { BroadcastChannel, threadId, workerData } from 'node:worker_threads'
import { Piscina, transferableSymbol, valueSymbol } from 'piscina'
import { loadFunction } from '../../../catalog/loadModules.ts'
import type { RegisteredFunction } from '../../../catalog/registerFunction.ts'
import { transferables } from '../../../src/arrow/column.ts'
import { encodeError } from '../../../src/base/errors.ts'
import { untilAborted } from '../../abort.ts'
import type { CallResult, HandlerScope } from '../../executor.ts'
import { invokeHandler } from '../../invokeHandler.ts'
import { Limiter } from '../../limiter.ts'
import type { CancelMessage, PoolReply, PoolTask, PoolThreadData } from './poolMessages.ts'
import { TaskEvents, ThreadLink } from './threadLink.ts'
import { enterStatus } from './threadStatus.ts'

const { channel, status }: PoolThreadData = workerData
const workOn = enterStatus(status, threadId)
const link = new ThreadLink()
const controllers = new Map<number, AbortController>()
const cancelledEarly = new Set<number>()

const cancellations = new BroadcastChannel(channel)
cancellations.addEventListener('message', (message) => {
  if (!(message instanceof MessageEvent)) return
  const { thread, task }: CancelMessage = message.data
  if (thread !== threadId) return
  const controller = controllers.get(task)
  if (controller === undefined) cancelledEarly.add(task)
  else controller.abort()
})
cancellations.unref()

interface LoadedFunction {
  readonly registered: RegisteredFunction
  readonly limiter: Limiter
}

const loaded = new Map<string, Promise<LoadedFunction>>()

/** Answers one task; errors are part of the answer, so that a rejection always means that the thread was lost. */
export async function runTask(task: PoolTask): Promise<unknown> {
  const controller = new AbortController()
  controllers.set(task.id, controller)
  if (cancelledEarly.delete(task.id)) controller.abort()
  const events = new TaskEvents(task.id, link)
  try {
    const { column, failures } = await invoke(task, controller.signal, events)
    const reply: PoolReply = {
      column,
      failures: failures.map(({ row, error }) => ({ row, error: encodeError(error) })),
      ...events.end(),
    }
    return Piscina.move({ [transferableSymbol]: transferables([column]), [valueSymbol]: reply })
  } catch (thrown) {
    return { error: encodeError(thrown), ...events.end() } satisfies PoolReply
  } finally {
    controllers.delete(task.id)
    workOn(0)
  }
}

async function invoke(task: PoolTask, signal: AbortSignal, { observer }: TaskEvents): Promise<CallResult> {
  const { registered, limiter } = await load(task)
  // Threads that trace nothing need not load the tracing API.
  const inTrace = task.context.trace == null ? null : (await import('../../traceCarrier.ts')).inTrace
  signal.throwIfAborted()
  workOn(task.id)
  if (task.isTimed) link.send({ kind: 'begun', task: task.id })
  const scope: HandlerScope = {
    ...task.context,
    signal,
    observer,
    call: (call) => link.call(task.id, call),
  }
  const begin = (): CallResult | Promise<CallResult> =>
    invokeHandler(registered, task.batch, scope, limiterOf(task, registered, limiter))
  const result = inTrace === null ? begin() : inTrace(scope.trace, begin)
  workOn(0)
  return result instanceof Promise ? untilAborted(signal, result) : result
}

/** A call of the same function that waits for this one would never make room for it. */
function limiterOf(
  { context, callsAtOnce }: PoolTask,
  { signature }: RegisteredFunction,
  limiter: Limiter,
): Limiter {
  return context.chain?.includes(signature.name) ? new Limiter(callsAtOnce) : limiter
}

function load({ module, version, callsAtOnce }: PoolTask): Promise<LoadedFunction> {
  const key = `${version} ${module.exportName} ${module.url}`
  let promise = loaded.get(key)
  if (promise === undefined) {
    promise = loadFunction(module, version).then((registered) => ({
      registered,
      limiter: new Limiter(callsAtOnce),
    }))
    loaded.set(key, promise)
  }
  return promise
}
