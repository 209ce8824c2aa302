import type { ModelBinding } from '../../../catalog/models/model.ts'
import { bytesOfFiles } from '../../../catalog/models/versionFiles.ts'
import { type EngineError, toEngineError } from '../../../src/base/errors.ts'
import type { ModelCall } from './modelCall.ts'
import { SessionThread } from './sessionThread.ts'

/** How long after memory was given back it is tried again. */
const RELEASE_MS = 120

/** Somebody who waits until so many sessions are loaded. */
interface Waiter {
  readonly sessions: number
  readonly resolve: () => void
  readonly reject: (error: EngineError) => void
}

/** One version of a model as it runs in one way: the calls that wait for it, and its threads. */
export class ServedModel {
  readonly binding: ModelBinding
  /** Bytes that one session is taken to need. */
  readonly bytes: number
  readonly threads = new Set<SessionThread>()
  /** Those who prepared it and have not retired it. */
  users = 0
  /** Resolves when it is retired and has no session any more. */
  readonly gone: Promise<void>
  readonly #onChange: () => void
  readonly #releaseMemory: () => Promise<void>
  readonly #waiting: ModelCall[] = []
  readonly #waiters = new Set<Waiter>()
  /** Fewer than its runtime says, once one more could not be loaded. */
  #maxSessions: number
  #leave: () => void = () => {}

  /**
   * `onChange` is told whenever there may be something to do for it, or room for another. `releaseMemory` gives back what a session
   * that was closed had, or what was needed only to load one; there is room for another session only then.
   */
  constructor(binding: ModelBinding, onChange: () => void, releaseMemory: () => Promise<void>) {
    const { version, runtime } = binding
    this.binding = binding
    this.bytes = runtime.memory ?? bytesOfFiles(version)
    this.#onChange = onChange
    this.#releaseMemory = releaseMemory
    this.gone = new Promise((resolve) => {
      this.#leave = resolve
    })
    this.#maxSessions = Math.max(1, runtime.maxSessions)
  }

  get isBusy(): boolean {
    return this.#waiting.length > 0 || this.#waiters.size > 0 || this.live.some(({ load }) => load > 0)
  }

  /** Threads that are not on their way out. */
  get live(): readonly SessionThread[] {
    return [...this.threads].filter((thread) => !thread.isEnding)
  }

  /** Whether something waits that another session would do. */
  get needsSession(): boolean {
    const { live } = this
    const serving = live.filter(({ isServing }) => isServing)
    if (live.length >= this.#maxSessions) return false
    if ([...this.#waiters].some(({ sessions }) => live.length < sessions)) return true
    if (serving.some(({ load }) => load === 0)) return false
    const behindOthers = serving.filter(({ load }) => load > 1).length
    return this.#waiting.length + behindOthers > live.length - serving.length
  }

  /** Whether something waits that no session will ever do. */
  get isStarving(): boolean {
    return this.needsSession && this.live.length === 0
  }

  add(call: ModelCall): void {
    this.#waiting.push(call)
    call.result.then(this.#onChange, this.#onChange)
  }

  /** Resolves when so many sessions are loaded, or as many as there may be. Fails with why one could not be loaded. */
  whenLoaded(sessions: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiters.add({ sessions: Math.min(sessions, this.#maxSessions), resolve, reject })
      this.#tellWaiters()
    })
  }

  /** Hands waiting calls to sessions, those without one first. */
  assign(): void {
    const settled = this.#waiting.filter((call) => !call.isSettled)
    this.#waiting.splice(0, Infinity, ...settled)
    for (;;) {
      const [call] = this.#waiting
      const thread = [...this.threads]
        .filter(({ hasRoom }) => hasRoom)
        .reduce<SessionThread | null>(
          (best, other) => (best !== null && best.load <= other.load ? best : other),
          null,
        )
      if (call === undefined || thread === null) return
      this.#waiting.shift()
      call.send(thread, () => {
        this.#waiting.unshift(call)
        this.#onChange()
      })
    }
  }

  /** Starts a thread that loads a session. */
  start(): void {
    const thread = new SessionThread({ kind: 'serve', binding: this.binding }, this.#onChange)
    this.threads.add(thread)
    void this.#follow(thread)
  }

  async #follow(thread: SessionThread): Promise<void> {
    try {
      await thread.loaded
      this.#tellWaiters()
      this.#onChange()
      void this.#releaseAfterLoad()
    } catch (thrown) {
      this.#hasNotLoaded(toEngineError(thrown))
    }
    await thread.ended
    await this.#releaseMemory()
    this.threads.delete(thread)
    this.#onChange()
  }

  leave(): void {
    this.#leave()
  }

  /** Fails all that waits. */
  fail(error: EngineError): void {
    for (const waiter of this.#waiters) waiter.reject(error)
    this.#waiters.clear()
    for (const call of this.#waiting.splice(0)) call.fail(error)
  }

  async #releaseAfterLoad(): Promise<void> {
    await this.#releaseMemory()
    // The allocator may have given nothing back, so soon after the last time.
    setTimeout(() => void this.#releaseMemory(), RELEASE_MS).unref()
  }

  #tellWaiters(): void {
    const loaded = this.live.filter(({ isServing }) => isServing).length
    for (const waiter of this.#waiters) {
      if (loaded < waiter.sessions) continue
      this.#waiters.delete(waiter)
      waiter.resolve()
    }
  }

  /** Where there are other sessions, calls go on in them. */
  #hasNotLoaded(error: EngineError): void {
    const others = this.live.length
    if (others > 0) this.#maxSessions = others
    for (const waiter of this.#waiters) waiter.reject(error)
    this.#waiters.clear()
    if (others === 0) this.fail(error)
    this.#onChange()
  }
}
