import type { ModelBinding } from '../../../catalog/models/model.ts'
import { EngineError } from '../../../src/base/errors.ts'
import type { ModelCall } from './modelCall.ts'
import { ServedModel } from './servedModel.ts'
import type { SessionThread } from './sessionThread.ts'

/** How long a session of another model must have been idle to make room for one more of a model that has one. */
const GROWTH_IDLE_MS = 1000
/** How long closing waits for runs, which cannot be interrupted. */
const CLOSE_MS_MAX = 900

/** What all loaded sessions may take together. */
export interface SessionPoolOptions {
  readonly maxSessions: number
  /** Bytes; null for no limit. */
  readonly memoryLimit: number | null
  /** Gives memory that was freed back to the system; null for what the system does by itself. */
  readonly releaseMemory: (() => Promise<void>) | null
}

/** What sessions there are room for. */
interface Room {
  sessions: number
  bytes: number
}

/** The sessions of all models. Those that were not used for the longest time make room for others. */
export class SessionPool {
  readonly #options: SessionPoolOptions
  readonly #models = new Map<string, ServedModel>()
  /** Those that are not called any more, until they are done. */
  readonly #retired = new Set<ServedModel>()
  readonly #keys = new WeakMap<ModelBinding, string>()
  #isScheduled = false
  #closed = false

  constructor(options: SessionPoolOptions) {
    this.#options = options
  }

  /** Loads its sessions ahead of calls, and keeps count of who did. Fails with why they cannot be loaded. */
  async prepare(binding: ModelBinding): Promise<void> {
    if (this.#closed) throw closedError()
    const model = this.#modelOf(binding)
    model.users++
    try {
      this.#checkSize(model)
      const loaded = model.whenLoaded(Math.min(binding.runtime.minSessions, this.#options.maxSessions))
      this.#schedule()
      await loaded
    } catch (thrown) {
      await this.retire(binding)
      throw thrown
    }
  }

  /** Counts one more who will retire it, and loads nothing before it is called. */
  hold(binding: ModelBinding): void {
    this.#modelOf(binding).users++
  }

  /** Closes its sessions once they are done, unless others prepared it too; resolves when they are closed. */
  async retire(binding: ModelBinding): Promise<void> {
    const key = this.#keyOf(binding)
    const model = this.#models.get(key)
    if (model === undefined) return
    model.users = Math.max(0, model.users - 1)
    if (model.users > 0) return
    this.#models.delete(key)
    this.#retired.add(model)
    this.#schedule()
    await model.gone
  }

  /** Has it called, by a session that is loaded for it if need be. */
  call(binding: ModelBinding, call: ModelCall): void {
    if (this.#closed) return call.fail(closedError())
    const model = this.#modelOf(binding)
    model.add(call)
    this.#schedule()
  }

  async close(): Promise<void> {
    this.#closed = true
    const models = this.#all()
    for (const model of models) model.fail(closedError())
    const threads = models.flatMap((model) => [...model.threads])
    await Promise.all(threads.map((thread) => thread.endNow(CLOSE_MS_MAX)))
    for (const model of models) model.leave()
  }

  #all(): readonly ServedModel[] {
    return [...this.#models.values(), ...this.#retired]
  }

  #modelOf(binding: ModelBinding): ServedModel {
    const key = this.#keyOf(binding)
    const model =
      this.#models.get(key) ??
      new ServedModel(
        binding,
        () => this.#schedule(),
        () => this.#releaseMemory(),
      )
    this.#models.set(key, model)
    return model
  }

  /** The same for copies of a binding. */
  #keyOf(binding: ModelBinding): string {
    const key = this.#keys.get(binding) ?? JSON.stringify(binding)
    this.#keys.set(binding, key)
    return key
  }

  /** What happens within a turn is looked at once. */
  #schedule(): void {
    if (this.#isScheduled || this.#closed) return
    this.#isScheduled = true
    queueMicrotask(() => {
      this.#isScheduled = false
      if (!this.#closed) this.#work()
    })
  }

  async #releaseMemory(): Promise<void> {
    const { releaseMemory } = this.#options
    if (releaseMemory === null || this.#closed) return
    await releaseMemory().catch(() => undefined)
  }

  #work(): void {
    for (const model of this.#all()) model.assign()
    for (const model of this.#retired) this.#endIfDone(model)
    const now = this.#roomNow()
    const later = this.#roomLater(now)
    // Who has no session at all comes first.
    const needy = this.#all().filter((model) => model.needsSession)
    for (const model of needy.toSorted((a, b) => Number(b.isStarving) - Number(a.isStarving))) {
      if (!this.#fitsAtAll(model)) continue
      while (!fits(model, later)) {
        const thread = this.#victimFor(model)
        if (thread === null) break
        thread.end()
        give(later, this.#ownerOf(thread))
      }
      if (!fits(model, later)) continue
      take(later, model)
      if (!fits(model, now)) continue
      take(now, model)
      model.start()
    }
  }

  #endIfDone(model: ServedModel): void {
    if (model.isBusy) return
    for (const thread of model.live) thread.end()
    if (model.threads.size > 0) return
    this.#retired.delete(model)
    model.leave()
  }

  #fitsAtAll(model: ServedModel): boolean {
    try {
      this.#checkSize(model)
      return true
    } catch (error) {
      if (error instanceof EngineError) model.fail(error)
      return false
    }
  }

  #checkSize({ bytes, binding: { version } }: ServedModel): void {
    const { memoryLimit } = this.#options
    if (memoryLimit === null || bytes <= memoryLimit) return
    const message = `model '${version.name}' (version ${version.version}) takes about ${bytes} bytes, and the limit for all models is ${memoryLimit}`
    throw new EngineError('CONFIG_INVALID', message, { hint: 'raise the memory limit of models' })
  }

  #roomNow(): Room {
    const room = { sessions: this.#options.maxSessions, bytes: this.#options.memoryLimit ?? Infinity }
    for (const model of this.#all()) for (const _ of model.threads) take(room, model)
    return room
  }

  /** Once those that end are gone. */
  #roomLater(now: Room): Room {
    const room = { ...now }
    for (const model of this.#all()) {
      for (const { isEnding } of model.threads) if (isEnding) give(room, model)
    }
    return room
  }

  /**
   * The session that makes room: the one that has been idle for the longest. Where none is idle, a model without any session gets
   * the one of the model that has most.
   */
  #victimFor(needy: ServedModel): SessionThread | null {
    const others = this.#all().filter((model) => model !== needy)
    const idle = others.flatMap((model) =>
      model.isBusy ? [] : model.live.filter(({ isServing }) => isServing),
    )
    const [oldest] = idle.toSorted((a, b) => a.usedAt - b.usedAt)
    if (!needy.isStarving) {
      return oldest !== undefined && performance.now() - oldest.usedAt > GROWTH_IDLE_MS ? oldest : null
    }
    if (oldest !== undefined) return oldest
    const [most] = others.toSorted((a, b) => b.live.length - a.live.length)
    const [least] = (most?.live ?? [])
      .filter(({ isServing }) => isServing)
      .toSorted((a, b) => a.load - b.load)
    return least ?? null
  }

  #ownerOf(thread: SessionThread): ServedModel {
    const owner = this.#all().find((model) => model.threads.has(thread))
    if (owner === undefined) throw new EngineError('INTERNAL', 'a session belongs to no model')
    return owner
  }
}

function fits({ bytes }: ServedModel, room: Room): boolean {
  return room.sessions >= 1 && room.bytes >= bytes
}

function take(room: Room, { bytes }: ServedModel): void {
  room.sessions--
  room.bytes -= bytes
}

function give(room: Room, { bytes }: ServedModel): void {
  room.sessions++
  room.bytes += bytes
}

export function closedError(): EngineError {
  return new EngineError('SESSION_CLOSED', 'the sessions of models are closed')
}
