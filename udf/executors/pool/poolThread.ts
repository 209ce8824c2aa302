import { BroadcastChannel, MessageChannel, parentPort, threadId, workerData } from 'node:worker_threads'
import { Piscina, transferableSymbol, valueSymbol } from 'piscina'
import { transferables } from '../../../src/arrow/column.ts'
import type { CallTask, WorkerOrder } from '../taskMessages.ts'
import { TaskRunner } from '../taskRunner.ts'
import { WorkerLink } from '../workerLink.ts'
import type { CancelMessage, PoolThreadData, ThreadGreeting } from './poolMessages.ts'
import { enterStatus } from './threadStatus.ts'

const { channel, status }: PoolThreadData = workerData
const workOn = enterStatus(status, threadId)
const { port1: port, port2 } = new MessageChannel()
const link = new WorkerLink((message) => port.postMessage(message))
const runner = new TaskRunner(link, {
  preparing: () => {},
  working: (task) => workOn(task),
  paused: () => workOn(0),
})

port.on('message', (order: WorkerOrder) => {
  if (order.kind === 'answer') link.answered(order)
  else void runner.close(order.patience).then(() => link.send({ kind: 'closed' }))
})
port.unref()
const greeting: ThreadGreeting = { callplaneThread: port2 }
parentPort?.postMessage(greeting, [port2])

const cancellations = new BroadcastChannel(channel)
cancellations.addEventListener('message', (message) => {
  if (!(message instanceof MessageEvent)) return
  const { thread, task }: CancelMessage = message.data
  if (thread === threadId) runner.cancel(task)
})
cancellations.unref()

/** Answers one task; a rejection always means that the thread was lost. */
export async function runTask(task: CallTask): Promise<unknown> {
  const reply = await runner.run(task)
  if ('error' in reply) return reply
  return Piscina.move({ [transferableSymbol]: transferables([reply.column]), [valueSymbol]: reply })
}
