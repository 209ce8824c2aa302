import type { RunScope } from '../runScope.ts'
import type { BatchCall } from './batchCall.ts'
import type { BatchSource } from './batchSource.ts'

/** What a source has to do with the rows that wait for a batch. */
export type SourceState =
  /** It may add to them at any time. */
  | 'reading'
  /** It adds to them once other rows of it, which are sent, are done. */
  | 'waiting'
  /** It adds nothing before some of its rows, which wait to be sent, are done. */
  | 'stuck'
  /** It adds nothing. */
  | 'quiet'

/** A source with its calls that are not done. */
export class CallSource implements BatchSource {
  readonly run: RunScope
  readonly calls: Set<BatchCall> = new Set()
  readonly #onChange: () => void
  readonly #onEnd: () => void
  readonly #wantedRows: () => number
  #phase: 'active' | 'idle' | 'waking' | 'ended' = 'active'
  #lastBatch = -1
  #expected = 0

  constructor(
    run: RunScope,
    listener: { onChange: () => void; onEnd: () => void; wantedRows: () => number },
  ) {
    this.run = run
    this.#onChange = listener.onChange
    this.#onEnd = listener.onEnd
    this.#wantedRows = listener.wantedRows
  }

  active(): void {
    if (this.#phase !== 'ended') this.#phase = 'active'
  }

  idle(): void {
    if (this.#phase === 'idle' || this.#phase === 'ended') return
    this.#phase = 'idle'
    this.#onChange()
  }

  end(): void {
    if (this.#phase === 'ended') return
    this.#phase = 'ended'
    this.#onChange()
    this.#forgetIfDone()
  }

  expectRows(): () => void {
    this.#expected++
    let expecting = true
    return () => {
      if (!expecting) return
      expecting = false
      this.#expected--
      if (this.#expected === 0) this.#onChange()
      this.#forgetIfDone()
    }
  }

  wantedRows(): number {
    return this.#wantedRows()
  }

  add(call: BatchCall): void {
    this.calls.add(call)
    // A late call of a batch whose other calls are done: the source still waits for that batch.
    if (this.#phase === 'waking' && call.context.batch <= this.#lastBatch) this.#phase = 'idle'
    this.#lastBatch = Math.max(this.#lastBatch, call.context.batch)
  }

  remove(call: BatchCall): void {
    this.calls.delete(call)
    // Once its oldest batch is done a source goes on, and says so when it gets to it.
    if (this.#phase === 'idle' && this.#isBefore(call.context.batch)) this.#phase = 'waking'
    this.#onChange()
    this.#forgetIfDone()
  }

  state(): SourceState {
    if (this.#phase === 'active' || this.#phase === 'waking' || this.#expected > 0) return 'reading'
    if (this.calls.size === 0) return 'quiet'
    if (this.#oldestWaits()) return 'stuck'
    return this.#phase === 'idle' ? 'waiting' : 'quiet'
  }

  /** Whether rows of its oldest batch are not sent yet: one that is sent will be done, and then the source goes on. */
  #oldestWaits(): boolean {
    let oldest = Infinity
    let waits = false
    for (const { context, unsent } of this.calls) {
      if (context.batch > oldest) continue
      waits = unsent > 0 || (waits && context.batch === oldest)
      oldest = context.batch
    }
    return waits
  }

  /** Whether all batches that are not done come after this one. */
  #isBefore(batch: number): boolean {
    for (const { context } of this.calls) if (context.batch <= batch) return false
    return true
  }

  #forgetIfDone(): void {
    if (this.#phase === 'ended' && this.#expected === 0 && this.calls.size === 0) this.#onEnd()
  }
}
