import type { ScalingGroupSpec } from '../../catalog/groups/scalingGroup.ts'
import { Cancellation } from '../../src/base/cancellation.ts'
import type { CallChannel } from '../../src/protocol/callChannel.ts'
import type { Clock, Random } from '../clock.ts'
import { backoffDelay, ejectionBackoff } from './backoff.ts'
import type { CallPace } from './callPace.ts'
import type { Connect, LeaseOutcome, ProvidedReplica, ReplicaExit, ReplicaLease } from './replica.ts'
import type { ScalingEvent } from './scalingEvent.ts'

/** Between the first questions to a replica that starts; each that follows comes half as late again. */
const STARTUP_MS_MIN = 40
const STARTUP_MS_MAX = 500
/** How often calls that are overdue are looked for. */
const LOOK_MS = 500
/** The time of a core that a replica may use and still do nothing. */
const IDLE_CPU_MS = 10
/** How long a replica may say nothing until its calls are given up, where nobody knows whether it works. */
const UNKNOWN_PATIENCE_MS = 30_000

/** Why a replica is of no use any more. */
export type ReplicaEnd =
  | { readonly kind: 'ended'; readonly exit: ReplicaExit }
  | { readonly kind: 'notReady' }
  /** It had no calls and did not answer for as long as one may take to start. */
  | { readonly kind: 'silent' }
  /** It was closed. */
  | { readonly kind: 'closed' }

export interface LiveReplicaOptions {
  readonly group: ScalingGroupSpec
  readonly provided: ProvidedReplica
  readonly connect: Connect
  readonly clock: Clock
  readonly random: Random
  readonly pace: CallPace
  /** Whether it can be started again: then it is given up when it is silent for too long. */
  readonly isOwn: boolean
  /** It takes calls; `isFirst`: for the first time. */
  readonly onReady: (isFirst: boolean) => void
  /** A place is free again. */
  readonly onReleased: () => void
  readonly log: (kind: ScalingEvent['kind'], detail: string | null) => void
}

interface PlacedCall {
  /** Milliseconds since 1970. */
  readonly begun: number
}

/** A replica that runs: its connection, its calls, and whether it is well. */
export class LiveReplica {
  readonly provided: ProvidedReplica
  /** Milliseconds since 1970. */
  readonly started: number
  readonly end: Promise<ReplicaEnd>
  readonly #options: LiveReplicaOptions
  /** Ends the watch over it. */
  readonly #over = new Cancellation()
  #settle: (end: ReplicaEnd) => void = () => undefined
  #channel: CallChannel
  #state: 'starting' | 'ready' | 'ejected' = 'starting'
  /** Since when it could take calls; null before. */
  #readySince: number | null = null
  /** In the order in which they came. */
  readonly #calls = new Set<PlacedCall>()
  #hasAnswered = false
  /** Questions about its health, in a row, that it did not answer. */
  #misses = 0
  /** Calls, in a row, that did not reach it. */
  #failures = 0
  #startupDelay = STARTUP_MS_MIN
  #askedLast: number
  #silentSince: number | null = null
  #idleSince: number | null = null
  #wasAbandoned = false
  #nap = new Cancellation()

  constructor(options: LiveReplicaOptions) {
    const { provided, clock, connect, group } = options
    this.#options = options
    this.provided = provided
    this.started = clock.now()
    this.#askedLast = this.started
    this.#channel = connect(provided.endpoint, group)
    this.end = new Promise((resolve) => {
      this.#settle = resolve
    })
    void provided.ended.then((exit) => this.#finish({ kind: 'ended', exit }))
    void this.#watch()
  }

  get state(): 'starting' | 'ready' | 'ejected' {
    return this.#state
  }

  get inFlight(): number {
    return this.#calls.size
  }

  /** Whether it has answered a call. */
  get wasOfUse(): boolean {
    return this.#hasAnswered
  }

  /** Milliseconds since it was ready first; null before. */
  get readyFor(): number | null {
    return this.#readySince === null ? null : this.#options.clock.now() - this.#readySince
  }

  take(): ReplicaLease {
    const channel = this.#channel
    const call: PlacedCall = { begun: this.#options.clock.now() }
    this.#calls.add(call)
    const release = (outcome: LeaseOutcome): void => {
      if (!this.#calls.delete(call)) return
      // What becomes of calls that were given up says nothing new.
      if (channel === this.#channel) this.#learn(outcome, call)
      this.#options.onReleased()
    }
    return { channel, endpoint: this.provided.endpoint, release }
  }

  /** Ends the connection and the watch; the replica itself is its provider's. */
  close(): void {
    this.#finish({ kind: 'closed' })
  }

  #finish(end: ReplicaEnd): void {
    if (this.#over.aborted) return
    this.#over.abort(null)
    this.#nap.abort(null)
    this.#channel.close()
    this.#settle(end)
  }

  #learn(outcome: LeaseOutcome, { begun }: PlacedCall): void {
    if (outcome === 'cancelled' || this.#over.aborted) return
    if (outcome === 'answered') {
      this.#hasAnswered = true
      this.#failures = 0
      this.#misses = 0
      this.#options.pace.note(this.#options.clock.now() - begun)
      if (this.#state === 'ejected') this.#nap.abort(null)
      return
    }
    this.#failures++
    if (this.#state === 'ready') this.#eject('a call did not reach it')
  }

  #eject(detail: string): void {
    this.#state = 'ejected'
    this.#options.log('ejected', detail)
    this.#nap.abort(null)
  }

  async #watch(): Promise<void> {
    for (;;) {
      const hasSlept = await this.#sleep(this.#delay())
      if (this.#over.aborted) return
      if (hasSlept && this.#isQuestionDue()) await this.#ask()
      if (this.#over.aborted) return
    }
  }

  /** False where something happened meanwhile that changes how long to sleep. */
  async #sleep(milliseconds: number): Promise<boolean> {
    if (milliseconds === 0) return true
    const nap = new Cancellation()
    this.#nap = nap
    await this.#options.clock.sleep(milliseconds, nap).catch(() => undefined)
    return !nap.aborted
  }

  #delay(): number {
    switch (this.#state) {
      case 'starting': {
        const delay = this.#startupDelay
        this.#startupDelay = Math.min(delay * 1.5, STARTUP_MS_MAX)
        return delay
      }
      case 'ready':
        return Math.min(this.#options.group.readinessProbe.period, LOOK_MS)
      case 'ejected': {
        const failures = this.#failures + this.#misses - 1
        return failures < 1 ? 0 : backoffDelay(ejectionBackoff, failures, this.#options.random)
      }
    }
  }

  #isQuestionDue(): boolean {
    if (this.#state !== 'ready' || this.#misses > 0 || this.#isOverdue()) return true
    const { group, clock } = this.#options
    return clock.now() - this.#askedLast >= group.readinessProbe.period
  }

  /** Whether a call takes far longer than others do. */
  #isOverdue(): boolean {
    const [oldest] = this.#calls
    return (
      oldest !== undefined && this.#options.clock.now() - oldest.begun > this.#options.pace.overdueAfter()
    )
  }

  async #ask(): Promise<void> {
    const { clock, group } = this.#options
    const isSuspect = this.#state === 'ejected' || (this.#state === 'ready' && this.#isOverdue())
    const usedBefore = isSuspect ? await this.provided.cpuTime() : null
    const [asked, channel] = [clock.now(), this.#channel]
    this.#askedLast = asked
    const { service, timeout } = group.readinessProbe
    const answers = await channel.isServing(service, timeout)
    if (this.#over.aborted || channel !== this.#channel) return
    if (answers) return this.#heard()
    if (this.#state === 'starting') return this.#giveUpStart()
    const usedAfter = isSuspect ? await this.provided.cpuTime() : null
    const used = usedBefore === null || usedAfter === null ? null : usedAfter - usedBefore
    if (!this.#over.aborted) this.#missed(asked, { used, isSuspect })
  }

  #heard(): void {
    const { clock, pace, log, onReady } = this.#options
    this.#misses = 0
    this.#silentSince = null
    this.#idleSince = null
    if (this.#wasAbandoned) pace.gaveUpTooSoon()
    this.#wasAbandoned = false
    if (this.#state === 'ready') return
    const isFirst = this.#state === 'starting'
    this.#state = 'ready'
    this.#readySince ??= clock.now()
    log(isFirst ? 'ready' : 'readmitted', null)
    onReady(isFirst)
  }

  #giveUpStart(): void {
    const { clock, group, isOwn } = this.#options
    const isLate = clock.now() - this.started >= group.readinessProbe.startupTimeout
    if (isLate && isOwn) this.#finish({ kind: 'notReady' })
  }

  #missed(asked: number, { used, isSuspect }: { used: number | null; isSuspect: boolean }): void {
    const { group, isOwn, clock } = this.#options
    this.#misses++
    this.#silentSince ??= asked
    if (isSuspect) this.#idleSince = used !== null && used > IDLE_CPU_MS ? null : (this.#idleSince ?? asked)
    if (this.#state === 'ready') {
      if (this.#isOverdue()) this.#eject('a call takes far longer than others, and it does not answer')
      else if (this.#misses >= group.readinessProbe.failureThreshold) this.#eject('it does not answer')
    }
    if (this.#state !== 'ejected') return
    if (this.#calls.size > 0) return this.#abandonIfIdle(used)
    const isSilent = clock.now() - this.#silentSince >= group.readinessProbe.startupTimeout
    if (isSilent && isOwn) this.#finish({ kind: 'silent' })
  }

  /** Gives its calls up, so that they are made elsewhere, once it has done nothing for too long. */
  #abandonIfIdle(used: number | null): void {
    const { clock, connect, group, pace, log } = this.#options
    const patience = used === null ? Math.max(pace.patience(), UNKNOWN_PATIENCE_MS) : pace.patience()
    if (this.#idleSince === null || clock.now() - this.#idleSince < patience) return
    const silent = this.#channel
    this.#channel = connect(this.provided.endpoint, group)
    this.#wasAbandoned = true
    log('abandoned', `it said nothing and did nothing for ${clock.now() - this.#idleSince} ms`)
    silent.close()
  }
}
