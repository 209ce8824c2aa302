import { setTimeout as wait } from 'node:timers/promises'
import type { FunctionSignature } from '../../../catalog/function.ts'
import { toEngineError } from '../../../src/base/errors.ts'
import { createRedactor } from '../../../src/base/redact.ts'
import type { LoadableFunction } from '../taskMessages.ts'
import type { TaskServices } from '../taskServices.ts'
import type { ChildMessage } from './childMessages.ts'
import { type ChildExit, ChildProcess } from './childProcess.ts'
import type { Job } from './job.ts'
import { lostError, notStartedError } from './lostError.ts'

/** How long a process may leave a cancellation unanswered before it is ended. */
const CANCEL_MS_MAX = 250
/** Batches of synchronous handlers: one that is worked on, and one that lies there for when it is done. */
const SYNC_BATCHES_MAX = 2
/** Processes that may end with a batch before that is the batch's doing, whatever else they worked on. */
const LOSSES_MAX = 4
/** For the way there and back, when a process closes. */
const GRACE_MS = 100

export interface SlotOptions {
  /** Bytes that a process may take; null for any number. */
  readonly memoryLimit: number | null
  readonly services: TaskServices
  /** Is told when there is room. */
  onRoom(): void
  /** Takes back batches that the process ended before, though not with. */
  onReturned(jobs: readonly Job[]): void
}

/** One of the processes of a function: started when it is needed, and again when it ends. */
export class ProcessSlot {
  readonly #options: SlotOptions
  #child: ChildProcess | null = null
  /** Whether the child has said anything. */
  #isReady = false
  /** Whether it has functions to shut down. */
  #holds = false
  /** Batches that the child has begun with. */
  #begun = 0
  /** The one whose handler has the child's thread. */
  #working: Job | null = null
  #jobs = new Map<number, Job>()
  /** Those that a child may have ended with: each is tried alone, in a fresh one. */
  #suspects: Job[] = []
  #isTrying = false
  /** Functions that it has worked with. */
  readonly #loaded = new Map<FunctionSignature, LoadableFunction>()
  /** Whose work it began with last. */
  #lastCall: Pick<Job, 'context' | 'signature'> | null = null
  #closed = false

  constructor(options: SlotOptions) {
    this.#options = options
  }

  get load(): number {
    return this.#jobs.size + this.#suspects.length
  }

  hasRoomFor({ signature }: Job): boolean {
    if (this.#isTrying || this.#suspects.length > 0) return false
    if (signature.async) return true
    const synchronous = [...this.#jobs.values()].filter((job) => !job.signature.async)
    return synchronous.length < SYNC_BATCHES_MAX
  }

  take(job: Job): void {
    job.begun = false
    job.context.timer?.pause()
    this.#child ??= this.#start()
    this.#jobs.set(job.task.id, job)
    this.#child.setBusy(true)
    try {
      const { task, tellsRows, onItem } = job
      this.#child.send(onItem === null ? { kind: 'task', task, tellsRows } : { kind: 'stream', task })
    } catch (thrown) {
      this.#jobs.delete(job.task.id)
      job.fail(toEngineError(thrown))
    }
  }

  /** Asks for the next item. */
  next(job: Job): void {
    if (this.#jobs.has(job.task.id)) this.#child?.send({ kind: 'next', task: job.task.id })
  }

  cancel(job: Job): void {
    this.#suspects = this.#suspects.filter((suspect) => suspect !== job)
    if (!this.#jobs.has(job.task.id)) return
    this.#child?.send({ kind: 'cancel', task: job.task.id })
    this.#endIfStuck(job, this.#child)
  }

  /** Lets the process shut its functions down, which may take so many milliseconds, and ends it. */
  async close(patience: number): Promise<void> {
    this.#closed = true
    const child = this.#child
    if (child === null) return
    child.setBusy(true)
    child.send({ kind: 'close', patience })
    const controller = new AbortController()
    const late = wait((this.#holds ? patience : 0) + GRACE_MS, 'late', { signal: controller.signal })
    const ended = await Promise.race([child.exited, late.catch(() => undefined)])
    controller.abort()
    if (ended !== 'late') return
    child.kill()
    await child.exited
  }

  #start(): ChildProcess {
    this.#isReady = false
    this.#holds = false
    this.#begun = 0
    this.#working = null
    const child: ChildProcess = new ChildProcess({
      memoryLimit: this.#options.memoryLimit,
      onMessage: (message) => this.#hear(message, child),
      onLine: (line, stream) => this.#log(line, stream),
      onExit: (exit) => this.#lose(exit),
    })
    return child
  }

  /** A fresh process in place of one that was of use, with what that had loaded. */
  #restart(): void {
    const child = (this.#child ??= this.#start())
    for (const loaded of this.#loaded.values()) child.send({ kind: 'load', function: loaded })
  }

  #hear(message: ChildMessage, child: ChildProcess): void {
    switch (message.kind) {
      case 'ready':
        this.#isReady = true
        return
      case 'preparing':
        return this.#begin(this.#jobs.get(message.task))
      case 'working':
        this.#working = this.#jobs.get(message.task) ?? null
        return this.#begin(this.#jobs.get(message.task))
      case 'paused':
        if (this.#working?.task.id === message.task) this.#working = null
        return
      case 'item':
        return this.#jobs.get(message.task)?.item(message.value)
      case 'reply':
        return this.#answered(message)
      case 'holds':
        this.#holds = true
        return
      default:
        return this.#options.services.hear(message, (order) => child.send(order))
    }
  }

  #begin(job: Job | undefined): void {
    if (job === undefined || job.begun) return
    job.begun = true
    this.#begun++
    const { context, signature, task } = job
    const { module, version, callsAtOnce } = task
    this.#loaded.set(signature, { module, version, callsAtOnce })
    this.#lastCall = { context, signature }
  }

  #answered({ task, reply }: Extract<ChildMessage, { kind: 'reply' }>): void {
    const job = this.#jobs.get(task)
    if (this.#working === job) this.#working = null
    this.#jobs.delete(task)
    job?.succeed(reply)
    this.#goOn()
  }

  /** Sends what comes next. */
  #goOn(): void {
    if (this.#jobs.size === 0) {
      this.#child?.setBusy(false)
      const suspect = this.#suspects.shift()
      this.#isTrying = suspect !== undefined
      if (suspect !== undefined) return this.take(suspect)
    }
    this.#options.onRoom()
  }

  #endIfStuck(job: Job, child: ChildProcess | null): void {
    const check = (): void => {
      if (!this.#jobs.has(job.task.id) || child !== this.#child || this.#closed) return
      const waits = !job.begun || (this.#working !== null && this.#working !== job)
      if (waits) this.#endIfStuck(job, child)
      else {
        this.#working = job
        child?.kill()
      }
    }
    setTimeout(check, CANCEL_MS_MAX).unref()
  }

  /** The child has ended: its batches go elsewhere, but for the one that it ended with. */
  #lose(exit: ChildExit): void {
    const jobs = [...this.#jobs.values()].filter((job) => !job.settled && !job.cancelled)
    const working = this.#working
    const hadBegun = this.#begun
    this.#jobs = new Map()
    this.#child = null
    this.#isTrying = false
    if (this.#closed) return
    if (!this.#isReady) {
      for (const job of [...jobs, ...this.#suspects.splice(0)]) job.fail(notStartedError(job.signature, exit))
      return this.#options.onRoom()
    }
    const isSuspect = (job: Job): boolean => (working === null ? job.begun : job === working)
    for (const job of jobs.filter(isSuspect)) this.#suspect(job, exit, hadBegun === 1)
    const others = jobs.filter((job) => !isSuspect(job))
    for (const job of others.filter(({ items }) => items > 0)) this.#fail(job, exit, null)
    this.#options.onReturned(others.filter(({ items }) => items === 0))
    if (hadBegun > 0) this.#restart()
    this.#goOn()
  }

  #suspect(job: Job, exit: ChildExit, wasAlone: boolean): void {
    const { task } = job
    job.losses++
    const isFound = job.canTellRows ? wasAlone && job.tellsRows : wasAlone || job.isSplitNext
    if (!isFound && job.losses < LOSSES_MAX && job.items === 0) {
      job.tellsRows = job.canTellRows
      this.#suspects.push(job)
      return
    }
    const known = wasAlone && exit.row?.task === task.id ? exit.row.row : null
    this.#fail(job, exit, task.batch.length === 1 ? 0 : known)
  }

  #fail(job: Job, exit: ChildExit, row: number | null): void {
    const { task, signature, items, onItem } = job
    const batchRows = task.batch.length
    const lost = {
      signature,
      batch: task.context.batch,
      batchRows,
      row,
      items: onItem === null ? null : items,
    }
    job.fail(lostError(lost, exit))
  }

  /** Output is the batch's that the child works on, or worked on last. */
  #log(line: string, stream: 'stdout' | 'stderr'): void {
    const call = this.#working ?? this.#lastCall
    if (call === null) return
    const { context, signature } = call
    const called = { function: signature.name, version: signature.version }
    const message = createRedactor(context.secrets ?? {})(line)
    const level = stream === 'stdout' ? 'info' : 'warn'
    context.observer(called, { kind: 'log', level, message, fields: { stream } })
  }
}
