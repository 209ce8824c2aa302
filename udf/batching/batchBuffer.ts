import { Cancellation } from '../../src/base/cancellation.ts'
import type { Clock } from '../clock.ts'
import type { Invoke } from '../executor.ts'
import type { BatchCall } from './batchCall.ts'
import type { BatchSizer, Outlook } from './batchSizer.ts'
import { rowsWithin } from './rowSizes.ts'
import { type Piece, SentBatch } from './sentBatch.ts'

export interface BatchBufferOptions {
  readonly next: Invoke
  readonly clock: Clock
  readonly sizer: BatchSizer
  /** What a batch may hold at most of each of the sizes that its calls have. */
  readonly limits: readonly number[]
  /** Milliseconds that a row waits for others at most. */
  readonly maxWait: number
  /** Whether rows that would fill a batch may still come. */
  readonly outlook: (buffer: BatchBuffer) => Outlook
}

interface Selection {
  readonly pieces: readonly Piece[]
  /** Whether the batch can take no more. */
  readonly full: boolean
}

/** What a timer ends with that nobody waits for. */
const wasSent = 'the batch was sent'

/** Rows of calls that may share batches, in the order in which they came, until they are sent. */
export class BatchBuffer {
  readonly #options: BatchBufferOptions
  #queue: Piece[] = []
  #rows = 0
  #calls = 0
  readonly #sent = new Set<SentBatch>()
  #timer: Cancellation | null = null
  #checking = false

  constructor(options: BatchBufferOptions) {
    this.#options = options
  }

  /** Whether no row waits or is on its way. */
  get isEmpty(): boolean {
    return this.#rows === 0 && this.#sent.size === 0
  }

  waitingCalls(): Iterable<BatchCall> {
    return this.#queue.map(({ call }) => call)
  }

  add(call: BatchCall): void {
    call.place = this.#calls++
    this.#queue.push({ call, from: 0, to: call.batch.length })
    this.#rows += call.batch.length
    this.pump()
  }

  /** Takes the rows of a call that has ended out of what waits, and gives up the batches that nobody else waits for. */
  remove(call: BatchCall, why: unknown): void {
    if (call.unsent > 0) {
      this.#queue = this.#queue.filter((piece) => piece.call !== call)
      this.#rows -= call.unsent
      call.unsent = 0
    }
    for (const sent of this.#sent) if (sent.leave(call, why)) this.#sent.delete(sent)
    this.pump()
  }

  /** Sends what is full, and everything if its time is up. */
  pump(): void {
    this.#send(this.#isDue())
    if (this.#rows === 0) this.#stopTimer()
    else this.check()
  }

  /** Sends everything unless more may come, once all that is ready to run has run: callers of one instant come together. */
  check(): void {
    if (this.#checking || this.#rows === 0) return
    this.#checking = true
    // What is queued by a microtask waits until there are no more microtasks.
    queueMicrotask(() => process.nextTick(() => this.#checkNow()))
  }

  fail(error: unknown): void {
    for (const { call } of this.#queue) call.fail(error)
    for (const { pieces } of this.#sent) for (const { call } of pieces) call.fail(error)
  }

  #checkNow(): void {
    this.#checking = false
    if (this.#rows > 0 && this.#options.outlook(this) === 'none') this.#send(true)
    if (this.#rows === 0) this.#stopTimer()
    else this.#startTimer()
  }

  #isDue(): boolean {
    const [oldest] = this.#queue
    const { clock, maxWait } = this.#options
    return oldest !== undefined && clock.now() - oldest.call.arrived >= maxWait
  }

  #send(everything: boolean): void {
    const { sizer, outlook } = this.#options
    while (this.#rows > 0 && sizer.hasRoom()) {
      const selection = this.#select(sizer.rows(this.#rows, () => outlook(this)))
      if (!selection.full && !everything) return
      const sent = this.#take(selection)
      void this.#call(sent)
    }
  }

  #select(most: number): Selection {
    if (this.#options.limits.length === 0 && this.#rows < most) return { pieces: this.#queue, full: false }
    const left = [...this.#options.limits]
    const pieces: Piece[] = []
    let rows = 0
    for (const { call, from, to } of this.#queue) {
      let fits = Math.min(to - from, most - rows)
      for (const [index, sizes] of call.sizes.entries()) fits = rowsWithin(sizes, from, fits, left[index]!)
      // A row that is too large for every batch goes alone.
      if (fits === 0 && rows === 0) fits = 1
      if (fits > 0) pieces.push({ call, from, to: from + fits })
      rows += fits
      for (const [index, sizes] of call.sizes.entries()) left[index]! -= sizes[from + fits]! - sizes[from]!
      if (fits < to - from || rows === most || left.some((rest) => rest <= 0)) return { pieces, full: true }
    }
    return { pieces, full: false }
  }

  #take({ pieces }: Selection): SentBatch {
    const sent = new SentBatch(pieces)
    const last = pieces.at(-1)!
    const { call, to } = this.#queue[pieces.length - 1]!
    this.#queue =
      last.to < to
        ? [{ call, from: last.to, to }, ...this.#queue.slice(pieces.length)]
        : this.#queue.slice(pieces.length)
    for (const piece of pieces) piece.call.unsent -= piece.to - piece.from
    this.#rows -= sent.rows
    this.#sent.add(sent)
    return sent
  }

  /** Never rejects: what the batch fails with goes to its callers. */
  async #call(sent: SentBatch): Promise<void> {
    const { next, sizer } = this.#options
    const { context } = sent
    const trial = sizer.begin(sent.rows, context.policies.retry !== null)
    this.#tellWait(sent.pieces[0]!)
    const observed =
      trial === null
        ? context
        : // Rows that are put back are needed again.
          { ...context, keepsInput: sent.isWhole, observer: trial.observe(context.observer) }
    try {
      const result = await next(sent.pieces[0]!.call.registered, sent.batch(), observed)
      this.#sent.delete(sent)
      const failure = result.failures.length === sent.rows ? result.failures[0]! : null
      if (failure === null) trial?.succeeded()
      if (failure !== null && trial?.failed(failure.error) === true) this.#putBack(sent)
      else sent.succeed(result)
    } catch (error) {
      this.#sent.delete(sent)
      if (trial?.failed(error) === true) this.#putBack(sent)
      else sent.fail(error)
    }
  }

  #putBack({ pieces }: SentBatch): void {
    const alive = pieces.filter(({ call }) => !call.ended)
    for (const { call, from, to } of alive) {
      call.unsent += to - from
      this.#rows += to - from
    }
    // Other batches may have been put back before.
    this.#queue = [...alive, ...this.#queue].toSorted(
      (a, b) => a.call.place - b.call.place || a.from - b.from,
    )
  }

  /** `oldest`: what came first of a batch that is sent now. */
  #tellWait({ call: { registered, arrived, context } }: Piece): void {
    const milliseconds = this.#options.clock.now() - arrived
    if (milliseconds <= 0) return
    const { name, version } = registered.signature
    context.observer({ function: name, version }, { kind: 'waited', for: 'batch', milliseconds })
  }

  #startTimer(): void {
    const [oldest] = this.#queue
    if (this.#timer !== null || oldest === undefined || !this.#options.sizer.hasRoom()) return
    const { clock, maxWait } = this.#options
    this.#timer = new Cancellation()
    void this.#sendAfter(Math.max(0, oldest.call.arrived + maxWait - clock.now()), this.#timer)
  }

  async #sendAfter(milliseconds: number, timer: Cancellation): Promise<void> {
    await this.#options.clock.sleep(milliseconds, timer).catch(() => {})
    if (timer.aborted) return
    this.#timer = null
    this.pump()
  }

  #stopTimer(): void {
    this.#timer?.abort(wasSent)
    this.#timer = null
  }
}
