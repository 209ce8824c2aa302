import { writeSync } from 'node:fs'
import { Socket } from 'node:net'
import { Worker } from 'node:worker_threads'
import type { RegisteredFunction } from '../../../catalog/registerFunction.ts'
import { calledRows } from '../../decodeArguments.ts'
import { Limiter } from '../../limiter.ts'
import type { CallTask } from '../taskMessages.ts'
import { TaskRunner } from '../taskRunner.ts'
import { WorkerLink } from '../workerLink.ts'
import {
  type ChildMessage,
  type ChildOrder,
  FRAMES_FD,
  type GuardData,
  ORPHAN_MS_MAX,
  WORDS_FD,
} from './childMessages.ts'
import { FrameReader, writeFrame } from './frames.ts'

/** A child process: works on the tasks that its parent sends it. */
const NEVER = new AbortController().signal
const BUSY_WAIT_MS = 1

const frames = new Socket({ fd: FRAMES_FD, readable: true, writable: true })
const send = (message: ChildMessage): void => writeFrame(frames, message)
const link = new WorkerLink(send)
/** Of the one task whose handler has the thread. */
const turn = new Limiter(1)
const tellingRows = new Set<number>()
const unanswered = new Set<number>()

const runner = new TaskRunner(link, {
  preparing: (task) => send({ kind: 'preparing', task }),
  async working(task) {
    await turn.acquire(NEVER)
    // What was said before a crash must have left the process, or another task is blamed.
    await new Promise<void>((resolve) => {
      writeFrame(frames, { kind: 'working', task } satisfies ChildMessage, resolve)
      if (frames.writableLength === 0) resolve()
    })
  },
  paused(task) {
    // The reply of a handler that gave no promise is sent first.
    setImmediate(() => {
      if (unanswered.has(task)) send({ kind: 'paused', task })
      turn.release()
    })
  },
  instead: (registered, task) => (tellingRows.has(task.id) ? tellRows(registered, task) : registered),
})

/** Says before each call of a handler which row it is for, whatever becomes of the process in it. */
function tellRows(registered: RegisteredFunction, { id, batch }: CallTask): RegisteredFunction {
  const { signature, definition } = registered
  const { rows } = calledRows(signature, batch)
  let calls = 0
  return {
    signature,
    definition: {
      ...definition,
      handler(input, context) {
        const call = calls++
        writeNow(`r${id} ${rows?.[call] ?? call}\n`)
        return definition.handler(input, context)
      },
    },
  }
}

function writeNow(line: string): void {
  for (;;) {
    try {
      writeSync(WORDS_FD, line)
      return
    } catch (thrown) {
      if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'EAGAIN')) return
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BUSY_WAIT_MS)
    }
  }
}

async function work(task: CallTask, tellsRows: boolean): Promise<void> {
  unanswered.add(task.id)
  if (tellsRows) tellingRows.add(task.id)
  const reply = await runner.run(task)
  unanswered.delete(task.id)
  tellingRows.delete(task.id)
  send({ kind: 'reply', task: task.id, reply })
}

/** Calls of `next` by task. */
const wanted = new Map<number, () => void>()

async function stream(task: CallTask): Promise<void> {
  const give = (value: unknown): Promise<void> =>
    new Promise((resolve) => {
      wanted.set(task.id, resolve)
      send({ kind: 'item', task: task.id, value })
    })
  const reply = await runner.stream(task, give)
  wanted.delete(task.id)
  send({ kind: 'reply', task: task.id, reply })
}

async function close(patience: number): Promise<void> {
  await runner.close(patience)
  frames.end(() => process.exit(0))
}

function obey(order: ChildOrder): void {
  switch (order.kind) {
    case 'task':
      return void work(order.task, order.tellsRows)
    case 'stream':
      return void stream(order.task)
    case 'next':
      return wanted.get(order.task)?.()
    case 'cancel':
      return runner.cancel(order.task)
    case 'load':
      return runner.load(order.function)
    case 'answer':
      return link.answered(order)
    case 'close':
      return void close(order.patience)
  }
}

const reader = new FrameReader<ChildOrder>(obey)
frames.on('data', (chunk) => reader.push(chunk))
frames.on('error', () => undefined)
frames.on('close', () => {
  void runner.close(ORPHAN_MS_MAX).then(() => process.exit(0))
})
// Whoever interrupts the parent reaches its children too, and it is the parent's to end them.
process.on('SIGINT', () => undefined)

const data: GuardData = { memoryLimit: Number(process.argv[2]) || null }
new Worker(new URL('./guard.js', import.meta.url), { workerData: data, execArgv: [] }).unref()
send({ kind: 'ready' })
