import type { FunctionSignature } from '../../../catalog/function.ts'
import type { InvokeContext } from '../../executor.ts'
import type { CallTask, TaskReply } from '../taskMessages.ts'

export interface JobOptions {
  readonly signature: FunctionSignature
  readonly context: InvokeContext
  readonly onItem?: ((value: unknown) => void) | undefined
}

/** A batch on its way through processes: when one ends, it may be sent to another. */
export class Job {
  readonly task: CallTask
  readonly signature: FunctionSignature
  readonly context: InvokeContext
  /** How it ended. */
  readonly reply: Promise<TaskReply>
  /** Whether its process has begun with it. */
  begun = false
  /** Processes that ended while they worked on it. */
  losses = 0
  /** Whether its process says which row it is at. */
  tellsRows: boolean
  settled = false
  /** Whether nobody waits for it any more. */
  cancelled = false
  /** Items that it has yielded. */
  items = 0
  /** Gets its items; null for a batch, which is answered as a whole. */
  readonly onItem: ((value: unknown) => void) | null
  #resolve: (reply: TaskReply) => void = () => {}
  #reject: (error: Error) => void = () => {}

  constructor(task: CallTask, { signature, context, onItem }: JobOptions) {
    this.task = task
    this.onItem = onItem ?? null
    this.signature = signature
    this.context = context
    this.tellsRows = context.isPart === true && this.canTellRows
    this.reply = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    // Nobody waits for the reply of a call that was cancelled.
    this.reply.catch(() => undefined)
  }

  /** Whether a handler waits for it, which holds a place of its own meanwhile. */
  get isNested(): boolean {
    return (this.task.context.chain?.length ?? 0) > 0
  }

  /** Whether the row can be found that it fails with: rows are called one after the other. */
  get canTellRows(): boolean {
    const { style, async, streams } = this.signature
    return style === 'row' && !async && !streams && this.task.batch.length > 1
  }

  /** Whether it does not matter much if it is blamed for what it did not do: its halves are tried next. */
  get isSplitNext(): boolean {
    return this.context.isPart === true && this.task.batch.length > 1
  }

  item(value: unknown): void {
    if (this.settled) return
    this.items++
    this.onItem?.(value)
  }

  succeed(reply: TaskReply): void {
    this.settled = true
    this.#resolve(reply)
  }

  fail(error: Error): void {
    this.settled = true
    this.#reject(error)
  }
}
