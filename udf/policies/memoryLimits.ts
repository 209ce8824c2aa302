import type { Lease, LimitStore } from '../../catalog/store/stateStore.ts'

interface TokenLog {
  /** When tokens were taken, the oldest first. */
  taken: number[]
  /** Those before are older than any window that was asked for. */
  from: number
  windowMs: number
}

/** Limits that the sessions of one process share, in its memory. */
export class MemoryLimits implements LimitStore {
  readonly #logs = new Map<string, TokenLog>()
  /** For each key when the leases run out, by their ids. */
  readonly #leases = new Map<string, Map<string, number>>()
  #leasesGiven = 0

  takeToken(
    key: string,
    { tokens, windowMs }: { readonly tokens: number; readonly windowMs: number },
    now: number,
  ): number {
    const log = this.#logs.get(key) ?? { taken: [], from: 0, windowMs }
    this.#logs.set(key, log)
    log.windowMs = Math.max(log.windowMs, windowMs)
    // A clock that was set back would make everybody wait until it is as late as it was.
    for (let last = log.taken.length - 1; last >= log.from && log.taken[last]! > now; last--)
      log.taken[last] = now
    forgetBefore(log, now - log.windowMs)
    const blocking = log.taken.length - tokens
    const wait = blocking < log.from ? 0 : log.taken[blocking]! + windowMs - now
    if (wait > 0) return wait
    log.taken.push(now)
    return 0
  }

  async acquire(key: string, slots: number, leaseMs: number, now: number): Promise<Lease | null> {
    const leases = this.#leases.get(key) ?? new Map<string, number>()
    this.#leases.set(key, leases)
    for (const [id, until] of leases) if (until <= now) leases.delete(id)
    if (leases.size >= slots) return null
    const id = String(++this.#leasesGiven)
    leases.set(id, now + leaseMs)
    return { key, id }
  }

  async renew({ key, id }: Lease, leaseMs: number, now: number): Promise<boolean> {
    const leases = this.#leases.get(key)
    if (leases === undefined || (leases.get(id) ?? 0) <= now) return false
    leases.set(id, now + leaseMs)
    return true
  }

  async release({ key, id }: Lease): Promise<void> {
    const leases = this.#leases.get(key)
    leases?.delete(id)
    if (leases?.size === 0) this.#leases.delete(key)
  }
}

/** Limits with a key, where no store is configured that other processes share. */
export const processLimits: LimitStore = new MemoryLimits()

/** Forgets the tokens that were taken at that time or before. */
function forgetBefore(log: TokenLog, time: number): void {
  while (log.from < log.taken.length && log.taken[log.from]! <= time) log.from++
  if (log.from <= log.taken.length / 2) return
  log.taken = log.taken.slice(log.from)
  log.from = 0
}
