import type { RemoteBinding, ScalingGroupSpec } from '../../catalog/groups/scalingGroup.ts'
import { type CallSignal, Cancellation } from '../../src/base/cancellation.ts'
import type { EngineError } from '../../src/base/errors.ts'
import type { Clock, Random } from '../clock.ts'
import { dispensable, leastLoaded } from './balance.ts'
import { createCallPace } from './callPace.ts'
import { GroupScaler } from './groupScaler.ts'
import type {
  Connect,
  GroupStatus,
  ProvidedReplica,
  ReplicaLease,
  ReplicaProvider,
  Replicas,
} from './replica.ts'
import { ReplicaSlot } from './replicaSlot.ts'
import { closedError, drainingError, noneAnswers, noneReady } from './scalingErrors.ts'
import type { ScalingLog } from './scalingEvent.ts'
import { WaitingCalls } from './waitingCalls.ts'

export interface ReplicaSetOptions {
  readonly group: ScalingGroupSpec
  readonly revision: number
  /** Closed with the set. */
  readonly provider: ReplicaProvider
  readonly connect: Connect
  readonly clock: Clock
  readonly random: Random
  readonly log: ScalingLog
  /** Replicas that may be starting at once; those that share the cores would all be ready late. Default: any number. */
  readonly startsAtOnce?: number
}

/** Starts in a row that fail until calls no longer wait for the next. */
const START_FAILURES_MAX = 3
const TICK_MS_MIN = 50
const TICK_MS_MAX = 1000
const NEVER = new Cancellation()

/** The replicas of one revision of a group. Nothing is started before the first call, or `prepare`. */
export class ReplicaSet implements Replicas {
  readonly binding: Pick<RemoteBinding, 'group' | 'revision'>
  readonly #options: ReplicaSetOptions
  readonly #lifetime = new Cancellation()
  readonly #pace = createCallPace()
  readonly #scaler: GroupScaler
  readonly #waiting = new WaitingCalls(() => this.#loadChanged())
  #slots: readonly ReplicaSlot[] = []
  /** Those of a provider that does not start them. */
  readonly #found = new Map<ProvidedReplica, ReplicaSlot>()
  #inFlight = 0
  #turn = 0
  #startFailures = 0
  #lastFailure: EngineError | null = null
  #readyLast: number
  #upkeep: Promise<void> | null = null
  #isDraining = false
  #whenQuiet: (() => void) | null = null

  constructor(options: ReplicaSetOptions) {
    const { group, revision, clock } = options
    this.#options = options
    this.binding = Object.freeze({ group, revision })
    this.#scaler = new GroupScaler(group, clock)
    this.#readyLast = clock.now()
  }

  get capacity(): number {
    const { maxReplicas, maxConcurrentRequests, source } = this.#options.group
    const listed = source.kind === 'endpoints' ? source.endpoints.length : 0
    const replicas = this.#options.provider.scales ? maxReplicas : Math.max(this.#slots.length, listed, 1)
    return replicas * maxConcurrentRequests
  }

  acquire(signal: CallSignal): Promise<ReplicaLease> {
    if (signal.aborted) return Promise.reject(signal.reason)
    if (this.#lifetime.aborted) return Promise.reject(closedError(this.#options.group))
    if (this.#isDraining) return Promise.reject(drainingError(this.#options.group))
    this.#open()
    const lease = this.#waiting.size === 0 ? this.#place() : null
    if (lease !== null) {
      this.#loadChanged()
      return Promise.resolve(lease)
    }
    return this.#wait(signal, this.#options.group.scaleFromZero === 'hold')
  }

  async prepare(): Promise<void> {
    if (this.#lifetime.aborted) throw closedError(this.#options.group)
    this.#open()
    if (this.#hasReady()) return
    const lease = await this.#wait(NEVER, true)
    lease.release('cancelled')
  }

  status(): GroupStatus {
    const { group, revision } = this.#options
    return Object.freeze({
      group: group.name,
      revision,
      replicas: Object.freeze(this.#slots.map((slot) => slot.status())),
      waiting: this.#waiting.size,
      inFlight: this.#inFlight,
    })
  }

  async drain(): Promise<void> {
    this.#isDraining = true
    if (this.#waiting.size > 0) {
      await new Promise<void>((resolve) => {
        this.#whenQuiet = resolve
      })
    }
    for (const slot of this.#slots) slot.retire()
    await Promise.all(this.#slots.map(({ done }) => done))
    await this.close()
  }

  async close(): Promise<void> {
    const { group, provider } = this.#options
    this.#lifetime.abort(closedError(group))
    this.#waiting.failAll(closedError(group))
    const slots = this.#slots
    for (const slot of slots) slot.close()
    await provider.close()
    await Promise.all([this.#upkeep, ...slots.map(({ done }) => done)])
  }

  #open(): void {
    if (this.#upkeep !== null) return
    const { provider, clock } = this.#options
    this.#readyLast = clock.now()
    this.#upkeep = this.#keepUp()
    if (provider.scales) this.#loadChanged()
    else provider.watch((replicas) => this.#find(replicas), this.#lifetime.signal)
  }

  /** A place at the replica with the least to do; null if all are full. */
  #place(): ReplicaLease | null {
    const { maxConcurrentRequests } = this.#options.group
    const slot = leastLoaded(this.#slots, { from: this.#turn++, callsMax: maxConcurrentRequests })
    if (slot === null) return null
    this.#inFlight++
    return slot.take()
  }

  /** A call that may not be held fails where no replica is ready, but one is started all the same. */
  #wait(signal: CallSignal, mayHold: boolean): Promise<ReplicaLease> {
    const { group, clock, provider } = this.#options
    if (!mayHold && provider.scales && !this.#hasReady()) {
      this.#scaler.noteUse(1)
      this.#scale()
      return Promise.reject(this.#brokenStart() ?? noneReady(group))
    }
    const lease = this.#waiting.wait(signal, clock.now())
    const failure = this.#brokenStart()
    if (failure !== null) this.#waiting.failAll(failure)
    return lease
  }

  /** Why no replica starts, while none is trying to. */
  #brokenStart(): EngineError | null {
    const mayStart = this.#slots.some(({ state }) => state !== 'backoff' && state !== 'draining')
    return mayStart || this.#startFailures < START_FAILURES_MAX ? null : this.#lastFailure
  }

  /** Slots that are not about to be given up. */
  get #active(): number {
    return this.#slots.filter(({ isDraining }) => !isDraining).length
  }

  #hasReady(): boolean {
    return this.#slots.some(({ state }) => state === 'ready')
  }

  #admit(): void {
    if (this.#waiting.size > 0) this.#waiting.admit(() => this.#place())
  }

  #released(): void {
    this.#inFlight--
    this.#loadChanged()
    this.#admit()
  }

  #loadChanged(): void {
    if (this.#waiting.size === 0 && this.#whenQuiet !== null) this.#whenQuiet()
    if (!this.#options.provider.scales) return
    if (this.#scaler.setCalls(this.#inFlight + this.#waiting.size)) this.#scale()
  }

  /** Adds slots and gives some up until there are as many as are wanted. */
  #scale(): void {
    const { group, provider, startsAtOnce = Number.POSITIVE_INFINITY } = this.#options
    if (!provider.scales || this.#lifetime.aborted || this.#isDraining) return
    const { desired } = this.#scaler
    for (const slot of dispensable(this.#slots, desired)) slot.retire()
    let missing = desired - this.#active
    for (const slot of this.#slots) if (missing > 0 && slot.reclaim()) missing--
    // One that drains still takes what a replica takes.
    const starting = this.#slots.filter(({ state }) => state === 'starting').length
    const room = Math.min(missing, group.maxReplicas - this.#slots.length, startsAtOnce - starting)
    for (let added = 0; added < room; added++) this.#addSlot(() => provider.start(), true)
    this.#admit()
  }

  #addSlot(start: () => Promise<ProvidedReplica>, isOwn: boolean): ReplicaSlot {
    const { group, revision, connect, clock, random, log } = this.#options
    const slot = new ReplicaSlot({
      group,
      connect,
      clock,
      random,
      pace: this.#pace,
      isOwn,
      start,
      onReady: (isFirst) => this.#ready(isFirst),
      onReleased: () => this.#released(),
      onStartFailed: (error, isFinal) => this.#startFailed(error, isFinal),
      log: (kind, replica, detail) =>
        log(Object.freeze({ kind, group: group.name, revision, replica, detail })),
    })
    this.#slots = [...this.#slots, slot]
    void slot.done.then(() => this.#remove(slot))
    return slot
  }

  #remove(slot: ReplicaSlot): void {
    this.#slots = this.#slots.filter((other) => other !== slot)
    this.#scale()
  }

  #ready(isFirst: boolean): void {
    this.#startFailures = 0
    this.#readyLast = this.#options.clock.now()
    // It is not ended as soon as it is there, because what it was started for is over.
    if (isFirst) this.#scaler.noteUse(this.#active)
    this.#admit()
    this.#scale()
  }

  #startFailed(error: EngineError, isFinal: boolean): void {
    this.#startFailures = isFinal ? START_FAILURES_MAX : this.#startFailures + 1
    this.#lastFailure = error
    const isHopeless = this.#startFailures >= START_FAILURES_MAX * this.#slots.length && !this.#hasReady()
    if (isHopeless || this.#brokenStart() !== null) this.#waiting.failAll(error)
  }

  /** The replicas that a provider tells of: new ones come in, those that are gone finish their calls. */
  #find(replicas: readonly ProvidedReplica[]): void {
    for (const [replica, slot] of this.#found) {
      if (replicas.includes(replica)) continue
      this.#found.delete(replica)
      slot.retire()
    }
    for (const replica of replicas) {
      if (this.#found.has(replica) || this.#isDraining) continue
      this.#found.set(
        replica,
        this.#addSlot(async () => replica, false),
      )
    }
  }

  /** What time brings: fewer replicas, looks at processors, and calls that have waited in vain. */
  async #keepUp(): Promise<void> {
    const { group, provider } = this.#options
    const tick = Math.min(Math.max(group.shutdownDelaySeconds * 250, TICK_MS_MIN), TICK_MS_MAX)
    while (await this.#sleeps(tick)) {
      if (!provider.scales) this.#failVainCalls()
      else if (await this.#scaler.lookAtCpu(this.#readyReplicas())) this.#loadChanged()
      this.#scale()
    }
  }

  async #sleeps(milliseconds: number): Promise<boolean> {
    if (this.#lifetime.aborted) return false
    await this.#options.clock.sleep(milliseconds, this.#lifetime).catch(() => undefined)
    return !this.#lifetime.aborted
  }

  #readyReplicas(): readonly ProvidedReplica[] {
    return this.#slots.flatMap(({ live, state }) =>
      live !== null && state === 'ready' ? [live.provided] : [],
    )
  }

  #failVainCalls(): void {
    const { group, clock } = this.#options
    const now = clock.now()
    if (this.#hasReady()) this.#readyLast = now
    const since = Math.max(this.#waiting.since ?? now, this.#readyLast)
    const { startupTimeout, timeout, period } = group.readinessProbe
    if (now - since < (group.scaleFromZero === 'hold' ? startupTimeout : period + timeout)) return
    const endpoints = this.#slots.map((slot) => slot.status().endpoint)
    this.#waiting.failAll(noneAnswers(group, endpoints))
  }
}
