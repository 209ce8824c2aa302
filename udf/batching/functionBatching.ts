import type { RegisteredFunction } from '../../catalog/registerFunction.ts'
import type { Batch } from '../../src/arrow/column.ts'
import type { Clock } from '../clock.ts'
import type { CallResult, Invoke, InvokeContext } from '../executor.ts'
import type { RunScope } from '../runScope.ts'
import { AutoSizer } from './autoSizer.ts'
import { BatchBuffer, type BatchBufferOptions } from './batchBuffer.ts'
import { BatchCall } from './batchCall.ts'
import type { BatchingOptions } from './batchingOptions.ts'
import { type BatchSizer, fixedSizer, type Outlook } from './batchSizer.ts'
import { CallSource } from './callSource.ts'
import { rowSizes, sizeLimits } from './rowSizes.ts'
import { shareKey } from './shareKey.ts'

const oneRow: BatchSizer = fixedSizer(1)

/** Batches the calls of one function. */
export class FunctionBatching {
  readonly sources: Set<CallSource> = new Set()
  readonly #registered: RegisteredFunction
  readonly #clock: Clock
  readonly #buffers = new Map<string | CallSource | BatchCall, Map<string, BatchBuffer>>()
  #auto: AutoSizer | null = null

  constructor(registered: RegisteredFunction, clock: Clock) {
    this.#registered = registered
    this.#clock = clock
  }

  /** Makes a call in batches that it shares with others as far as its options allow. */
  async invoke(
    next: Invoke,
    batch: Batch,
    context: InvokeContext,
    options: BatchingOptions,
  ): Promise<CallResult> {
    const sizes = rowSizes(this.#registered.signature, batch, options)
    const call = this.#callOf(batch, context, sizes)
    const { policy } = options
    const own = this.#sourceOf(call)
    // Calls that share nothing but their source; without one, a call by itself.
    const owner = policy.acrossCallers ? 'all' : (own ?? call)
    const sources = policy.acrossCallers ? this.sources : own === null ? [] : [own]
    return this.#enter(call, owner, shareKey(context, policy), {
      next,
      clock: this.#clock,
      sizer: this.#sizerOf(options, context.policies.timeout),
      limits: sizeLimits(options),
      maxWait: policy.maxBufferDuration,
      outlook: (buffer) => outlookOf(buffer, sources),
    })
  }

  /** Makes one call a row. */
  async invokeRows(next: Invoke, batch: Batch, context: InvokeContext): Promise<CallResult> {
    const call = this.#callOf(batch, context, [])
    return this.#enter(call, call, '', {
      next,
      clock: this.#clock,
      sizer: oneRow,
      limits: [],
      maxWait: 0,
      outlook: () => 'none',
    })
  }

  /** Looks again whether rows that wait may still be joined by others. */
  check(): void {
    for (const buffer of this.#all()) buffer.check()
  }

  fail(error: unknown): void {
    for (const buffer of this.#all()) buffer.fail(error)
  }

  wantedRows(): number {
    return this.#auto?.wantedRows() ?? 0
  }

  #callOf(batch: Batch, context: InvokeContext, sizes: BatchCall['sizes']): BatchCall {
    return new BatchCall(this.#registered, batch, context, { clock: this.#clock, sizes })
  }

  async #enter(
    call: BatchCall,
    owner: string | CallSource | BatchCall,
    key: string,
    options: BatchBufferOptions,
  ): Promise<CallResult> {
    const owned = this.#buffers.get(owner) ?? new Map<string, BatchBuffer>()
    this.#buffers.set(owner, owned)
    const buffer = owned.get(key) ?? new BatchBuffer(options)
    owned.set(key, buffer)
    const source = this.#sourceOf(call)
    call.onEnd((why) => {
      buffer.remove(call, why)
      if (buffer.isEmpty) owned.delete(key)
      if (owned.size === 0) this.#buffers.delete(owner)
      if (this.#buffers.size === 0) this.#auto?.rest()
      source?.remove(call)
    })
    if (!call.ended) {
      source?.add(call)
      buffer.add(call)
    }
    return call.result
  }

  #sourceOf({ context: { source } }: BatchCall): CallSource | null {
    return source instanceof CallSource ? source : null
  }

  #sizerOf({ policy, concurrency }: BatchingOptions, timeout: number | null): BatchSizer {
    if (policy.maxBatchingSize !== 'auto') return fixedSizer(policy.maxBatchingSize)
    this.#auto ??= new AutoSizer(this.#clock, () => this.#pump())
    this.#auto.limit(concurrency, timeout)
    return this.#auto
  }

  #pump(): void {
    for (const buffer of this.#all()) buffer.pump()
  }

  #all(): BatchBuffer[] {
    return [...this.#buffers.values()].flatMap((owned) => [...owned.values()])
  }
}

/**
 * Whether a source may send rows before those that wait here are done. A query that waits for its rows here is not waited for: its
 * other sources may be those that read what comes of these rows.
 */
function outlookOf(buffer: BatchBuffer, sources: Iterable<CallSource>): Outlook {
  const waiting = new Set<RunScope>()
  for (const { context } of buffer.waitingCalls()) {
    if (!(context.source instanceof CallSource) || context.source.state() === 'stuck')
      waiting.add(context.run)
  }
  let outlook: Outlook = 'none'
  for (const source of sources) {
    const state = waiting.has(source.run) ? 'quiet' : source.state()
    if (state === 'reading') return 'more'
    if (state === 'waiting') outlook = 'later'
  }
  return outlook
}
