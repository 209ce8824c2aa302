import type { ScalingGroupSpec } from '../../catalog/groups/scalingGroup.ts'
import { Cancellation, onAbort } from '../../src/base/cancellation.ts'
import { type EngineError, toEngineError } from '../../src/base/errors.ts'
import { backoffDelay, restartBackoff } from './backoff.ts'
import { LiveReplica, type LiveReplicaOptions, type ReplicaEnd } from './liveReplica.ts'
import type { ProvidedReplica, ReplicaLease, ReplicaState, ReplicaStatus } from './replica.ts'
import { endedAtStart, exitText, notReady } from './scalingErrors.ts'
import type { ScalingEvent } from './scalingEvent.ts'

/** How long a replica may take to end after it was asked to. */
const STOP_GRACE_MS = 30_000
/** A replica that was well for so long did not fail because of how it was started. */
const WELL_MS = 10_000
/** Starts in a row whose port another program took in the meantime; more, and the program takes no notice of its port. */
const PORTS_TAKEN_MAX = 3

export interface SlotOptions extends Omit<LiveReplicaOptions, 'provided' | 'log'> {
  readonly group: ScalingGroupSpec
  /** Starts a replica, or gives the one that is there. */
  readonly start: () => Promise<ProvidedReplica>
  /** `isFinal`: trying again will not help. */
  readonly onStartFailed: (error: EngineError, isFinal: boolean) => void
  readonly log: (kind: ScalingEvent['kind'], replica: string | null, detail: string | null) => void
}

/** A place for one replica: starts it, and again when it ends, until it is not needed any more. */
export class ReplicaSlot {
  /** Resolves when the slot is empty for good. */
  readonly done: Promise<void>
  readonly #options: SlotOptions
  readonly #leaving = new Cancellation()
  #live: LiveReplica | null = null
  /** The one before, while there is none. */
  #last: LiveReplica | null = null
  #isWaiting = false
  #isDraining = false
  #isClosed = false
  #restarts = 0
  #portsTaken = 0

  constructor(options: SlotOptions) {
    this.#options = options
    this.done = this.#keep()
  }

  get live(): LiveReplica | null {
    return this.#live
  }

  get inFlight(): number {
    return this.#live?.inFlight ?? 0
  }

  get isDraining(): boolean {
    return this.#isDraining
  }

  get state(): ReplicaState {
    if (this.#isDraining) return 'draining'
    return this.#live?.state ?? (this.#isWaiting ? 'backoff' : 'starting')
  }

  take(): ReplicaLease {
    return this.#live!.take()
  }

  status(): ReplicaStatus {
    const shown = this.#live ?? this.#last
    return Object.freeze({
      id: shown?.provided.id ?? '',
      endpoint: shown?.provided.endpoint ?? '',
      pid: this.#live?.provided.pid ?? null,
      state: this.state,
      inFlight: this.inFlight,
      started: shown?.started ?? 0,
      restarts: this.#restarts,
    })
  }

  /** Gives it no more calls, and ends it when those in flight are done. */
  retire(): void {
    if (this.#isDraining) return
    this.#isDraining = true
    if (this.#live !== null) this.#log('draining', null)
    this.#leaveIfIdle()
  }

  /** Takes it back into use, if it is not ending yet. Whether it did. */
  reclaim(): boolean {
    if (!this.#isDraining || this.#leaving.aborted) return false
    this.#isDraining = false
    return true
  }

  /** Ends it now, as far as it is ours; its provider ends the replica. */
  close(): void {
    this.#isClosed = true
    this.#leaving.abort(null)
  }

  #leaveIfIdle(): void {
    if (this.#isDraining && this.inFlight === 0) this.#leaving.abort(null)
  }

  async #keep(): Promise<void> {
    for (let failures = 0; ; this.#restarts++) {
      const live = await this.#begin()
      if (live !== null) await this.#follow(live)
      if (this.#leaving.aborted) return
      if (this.#portsTaken > 0) continue
      const wasWell = live !== null && (live.wasOfUse || (live.readyFor ?? 0) >= WELL_MS)
      failures = wasWell ? 1 : failures + 1
      await this.#backOff(failures)
      if (this.#leaving.aborted) return
    }
  }

  /** Null if it did not start. */
  async #begin(): Promise<LiveReplica | null> {
    this.#isWaiting = false
    const { start, onStartFailed, onReleased } = this.#options
    try {
      const provided = await start()
      const live = new LiveReplica({
        ...this.#options,
        provided,
        onReleased: () => {
          this.#leaveIfIdle()
          onReleased()
        },
        log: (kind, detail) => this.#log(kind, detail),
      })
      this.#live = live
      this.#log('started', null)
      return live
    } catch (thrown) {
      this.#isWaiting = true
      if (!this.#leaving.aborted) onStartFailed(toEngineError(thrown, 'GROUP_START_FAILED'), true)
      return null
    }
  }

  /** Stays with it to its end. */
  async #follow(live: LiveReplica): Promise<void> {
    const stopListening = onAbort(this.#leaving, () => live.close())
    if (this.#leaving.aborted) live.close()
    const end = await live.end
    stopListening()
    this.#last = live
    if (end.kind === 'closed') {
      if (this.#isClosed) return
      await live.provided.stop(STOP_GRACE_MS)
      return this.#log('stopped', null)
    }
    const wasReady = live.readyFor !== null
    const isPortTaken = !wasReady && end.kind === 'ended' && end.exit.isPortTaken
    this.#portsTaken = isPortTaken && this.#portsTaken < PORTS_TAKEN_MAX ? this.#portsTaken + 1 : 0
    this.#log('failed', detailOf(end))
    this.#live = null
    this.#isWaiting = this.#portsTaken === 0
    this.#leaveIfIdle()
    if (end.kind !== 'ended') await live.provided.stop(0)
    if (!wasReady) await this.#tellOfStart(live, end)
  }

  async #tellOfStart(live: LiveReplica, end: ReplicaEnd): Promise<void> {
    const { group, onStartFailed } = this.#options
    if (end.kind === 'ended') {
      if (this.#portsTaken === 0) onStartFailed(endedAtStart(group, end.exit), false)
      return
    }
    const { problem } = await live.provided.ended
    onStartFailed(notReady(group, problem), true)
  }

  async #backOff(failures: number): Promise<void> {
    const { clock, random } = this.#options
    const delay = backoffDelay(restartBackoff, failures, random)
    await clock.sleep(delay, this.#leaving).catch(() => undefined)
  }

  #log(kind: ScalingEvent['kind'], detail: string | null): void {
    this.#options.log(kind, (this.#live ?? this.#last)?.provided.id ?? null, detail)
  }
}

function detailOf(end: ReplicaEnd): string {
  switch (end.kind) {
    case 'ended':
      return exitText(end.exit)
    case 'notReady':
      return 'it was not ready in time'
    case 'silent':
      return 'it did not answer for too long'
    case 'closed':
      return 'it was closed'
  }
}
