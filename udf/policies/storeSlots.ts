import type { Lease, LimitStore } from '../../catalog/store/stateStore.ts'
import { type CallSignal, onAbort } from '../../src/base/cancellation.ts'
import type { Clock, Random } from '../clock.ts'
import { Limiter } from '../limiter.ts'

/** How long a slot stays taken after its process has ended. */
const LEASE_MS = 15_000
/** Why a lease is kept no longer: an error would cost more than the call. */
const given = 'the slot is given back'
const POLL_MS_MIN = 5
const POLL_MS_MAX = 100

export interface SlotRequest {
  /** Holders at once, in all processes. */
  readonly slots: number
  readonly signal: CallSignal
  readonly clock: Clock
  readonly random: Random
}

/** The slots of one key in a store. Those who wait in this process get theirs in the order in which they came. */
export class StoreSlots {
  readonly #store: LimitStore
  readonly #key: string
  readonly #queue = new Limiter(1)
  /** Tells the one who waits for a slot that this process has given one back. */
  #onRelease: () => void = () => undefined
  #releases = 0

  constructor(store: LimitStore, key: string) {
    this.#store = store
    this.#key = key
  }

  /**
   * Holds a slot while the work goes on. A slot that is lost meanwhile, since the store or this process was away for longer than
   * a lease lasts, does not stop the work: `onLost` is told that others may have taken it.
   */
  async hold<Value>(
    request: SlotRequest & { readonly onLost: () => void },
    work: () => Promise<Value>,
  ): Promise<Value> {
    const lease = await this.#acquire(request)
    const done = new AbortController()
    void this.#keep(lease, done.signal, request)
    try {
      return await work()
    } finally {
      done.abort(given)
      await this.#release(lease)
    }
  }

  async #acquire({ slots, signal, clock, random }: SlotRequest): Promise<Lease> {
    await this.#queue.acquire(signal)
    try {
      for (let poll = POLL_MS_MIN; ; poll = Math.min(2 * poll, POLL_MS_MAX)) {
        const before = this.#releases
        const lease = await this.#store.acquire(this.#key, slots, LEASE_MS, clock.now())
        if (lease === null) {
          if (this.#releases === before) await this.#released(clock, poll * (0.5 + random() / 2), signal)
        } else if (signal.aborted) {
          await this.#release(lease)
          throw signal.reason
        } else return lease
      }
    } finally {
      this.#queue.release()
    }
  }

  /** Waits until this process gives a slot back, or so long: other processes do not tell. */
  async #released(clock: Clock, milliseconds: number, signal: CallSignal): Promise<void> {
    const woken = new AbortController()
    const stopListening = onAbort(signal, () => woken.abort())
    if (signal.aborted) woken.abort()
    this.#onRelease = () => woken.abort()
    await clock.sleep(milliseconds, woken.signal).catch(() => undefined)
    this.#onRelease = () => undefined
    stopListening()
    signal.throwIfAborted()
  }

  /** Prolongs a lease until it is no longer needed. What the store fails with is not yet a loss: there is time to ask again. */
  async #keep(
    lease: Lease,
    done: AbortSignal,
    { clock, onLost }: SlotRequest & { onLost: () => void },
  ): Promise<void> {
    for (let kept = true; kept; ) {
      try {
        await clock.sleep(LEASE_MS / 3, done)
      } catch {
        return
      }
      kept = await this.#store.renew(lease, LEASE_MS, clock.now()).catch(() => true)
    }
    if (!done.aborted) onLost()
  }

  /** What cannot be given back is free again when its lease runs out. */
  async #release(lease: Lease): Promise<void> {
    await this.#store.release(lease).catch(() => undefined)
    this.#releases++
    this.#onRelease()
  }
}
