import { setMaxListeners } from 'node:events'

/** What an AbortSignal is, at a fraction of its cost. */
export interface LightSignal {
  readonly aborted: boolean
  /** What it was aborted with. */
  readonly reason: unknown
  throwIfAborted(): void
  /** Calls back once when it aborts; returns what takes the listener away again. */
  listen(listener: () => void): () => void
  /** The same as the AbortSignal that handlers and Node's functions take. */
  readonly signal: AbortSignal
}

/** What work asks whether it is still wanted. */
export type CallSignal = AbortSignal | LightSignal

/** Tells work once that it is not wanted any more. */
export class Cancellation implements LightSignal {
  readonly #listeners = new Set<() => void>()
  #signal: AbortSignal | null = null
  #aborted = false
  #reason: unknown = null

  get aborted(): boolean {
    return this.#aborted
  }

  get reason(): unknown {
    return this.#reason
  }

  /** Only the first call counts. */
  abort(reason: unknown): void {
    if (this.#aborted) return
    this.#aborted = true
    this.#reason = reason
    const listeners = [...this.#listeners]
    this.#listeners.clear()
    for (const listener of listeners) listener()
  }

  throwIfAborted(): void {
    if (this.#aborted) throw this.#reason
  }

  listen(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  get signal(): AbortSignal {
    if (this.#signal !== null) return this.#signal
    const controller = new AbortController()
    const abort = (): void => controller.abort(this.#reason)
    if (this.#aborted) abort()
    else this.listen(abort)
    this.#signal = controller.signal
    return this.#signal
  }
}

export function abortSignalOf(signal: CallSignal): AbortSignal {
  return 'listen' in signal ? signal.signal : signal
}

/** Calls back once when the signal aborts; returns what takes the listener away again. */
export function onAbort(signal: CallSignal, listener: () => void): () => void {
  if ('listen' in signal) return signal.listen(listener)
  // Every batch in flight listens to its query's signal: more than ten listeners are no leak.
  setMaxListeners(0, signal)
  signal.addEventListener('abort', listener, { once: true })
  return () => signal.removeEventListener('abort', listener)
}
