import type { Clock } from '../../udf/clock.ts'
import { type GroupLoad, isActive, type LoadReport, REPORT_LIFE_MS } from '../../udf/scaling/loadReport.ts'
import { EngineError } from '../base/errors.ts'

/** Processes that may report. */
const CLIENTS_MAX = 4_000

/** Groups that may have calls. */
const GROUPS_MAX = 1_000

interface Client {
  /** Milliseconds since 1970. */
  readonly expires: number
  readonly groups: LoadReport['groups']
}

/** What all processes together have told of their calls in the last seconds. */
export class LoadBoard {
  readonly #clock: Pick<Clock, 'now'>
  /** Until then there may be processes that have not reported yet. */
  readonly #settled: number
  /** Those that expire first come first. */
  readonly #clients = new Map<string, Client>()
  /** Of groups that have calls. */
  readonly #totals = new Map<string, GroupLoad>()
  readonly #watchers = new Set<() => void>()
  #isSettled = false

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock
    this.#settled = clock.now() + REPORT_LIFE_MS
  }

  /** The calls of a group. Null where nobody has told of any, but somebody may not have reported yet. */
  load(group: string): GroupLoad | null {
    this.expire()
    const total = this.#totals.get(group)
    if (total !== undefined) return total
    return this.#clock.now() < this.#settled ? null : { inFlight: 0, waiting: 0 }
  }

  /** Those of all groups that have calls, by name. */
  loads(): Readonly<Record<string, GroupLoad>> {
    this.expire()
    return Object.fromEntries([...this.#totals].toSorted(([a], [b]) => (a < b ? -1 : 1)))
  }

  /** Takes the place of what the process told before. Throws RESOURCE_EXHAUSTED where too many report. */
  report({ client, groups }: LoadReport): void {
    this.expire()
    if (!this.#clients.has(client) && this.#clients.size >= CLIENTS_MAX) {
      throw new EngineError('RESOURCE_EXHAUSTED', `${CLIENTS_MAX} processes report already`)
    }
    const more = Object.keys(groups).filter((group) => !this.#totals.has(group))
    if (this.#totals.size + more.length > GROUPS_MAX) {
      throw new EngineError('RESOURCE_EXHAUSTED', `more than ${GROUPS_MAX} groups have calls`)
    }
    const before = this.#active()
    this.#forget(client)
    this.#clients.set(client, { expires: this.#clock.now() + REPORT_LIFE_MS, groups })
    for (const [group, load] of Object.entries(groups)) this.#add(group, load, 1)
    this.#tell(before)
  }

  /** Forgets processes that are heard of no more; to be called now and then. */
  expire(): void {
    const now = this.#clock.now()
    const before = this.#active()
    for (const [client, { expires }] of this.#clients) {
      if (expires > now) break
      this.#forget(client)
    }
    this.#tell(before)
    if (this.#isSettled || now < this.#settled) return
    this.#isSettled = true
    for (const changed of this.#watchers) changed()
  }

  /** Calls back when {@link load} may have begun or ceased to be 0, until what it answers is called. */
  watch(changed: () => void): () => void {
    this.#watchers.add(changed)
    return () => void this.#watchers.delete(changed)
  }

  #forget(client: string): void {
    const groups = this.#clients.get(client)?.groups ?? {}
    this.#clients.delete(client)
    for (const [group, load] of Object.entries(groups)) this.#add(group, load, -1)
  }

  #add(group: string, { inFlight, waiting }: GroupLoad, sign: 1 | -1): void {
    const total = this.#totals.get(group) ?? { inFlight: 0, waiting: 0 }
    const sum = { inFlight: total.inFlight + sign * inFlight, waiting: total.waiting + sign * waiting }
    if (isActive(sum)) this.#totals.set(group, sum)
    else this.#totals.delete(group)
  }

  #active(): ReadonlySet<string> {
    return new Set(this.#totals.keys())
  }

  #tell(before: ReadonlySet<string>): void {
    const same = before.size === this.#totals.size && [...before].every((group) => this.#totals.has(group))
    if (same) return
    for (const changed of this.#watchers) changed()
  }
}
