import { randomUUID } from 'node:crypto'
import { setInterval } from 'node:timers'
import { messageOf } from '../../src/base/errors.ts'
import { type GroupLoad, isActive, type LoadReport, REPORT_MS } from './loadReport.ts'
import { openPost, type Post } from './postReport.ts'
import type { GroupStatus } from './replica.ts'

/** Milliseconds between two looks at the groups: a first call that waits is told of within one. */
const LOOK_MS = 100

export interface LoadReporterOptions {
  /** Where `callplane scaler` takes reports, such as `http://callplane-scaler.ml.svc:9091`. */
  readonly url: string
  /** What it asks for as a bearer token; null for none. */
  readonly token: string | null
  /** PEM file of the authority of its certificate; null for those that Node knows. */
  readonly ca?: string | null
  /** The groups of this process as they are now; several revisions of one count together. */
  readonly groups: () => Iterable<Pick<GroupStatus, 'group' | 'inFlight' | 'waiting'>>
  /** Is told once when reports begin to fail. Default: nobody is. */
  readonly warn?: (problem: string) => void
  /** Calls back at each interval until what it answers is called. Default: a timer that keeps no process alive. */
  readonly every?: (milliseconds: number, callback: () => void) => () => void
}

/**
 * Tells the scaler of a cluster how many calls each group has: each second while there are any, and at once when a group gets its
 * first.
 */
export class LoadReporter {
  readonly #options: LoadReporterOptions
  readonly #client = randomUUID()
  readonly #post: Post
  readonly #stop: () => void
  #reported: ReadonlyMap<string, GroupLoad> = new Map()
  #looksSince = 0
  #failing = false
  #posting: Promise<void> | null = null

  constructor(options: LoadReporterOptions) {
    this.#options = options
    this.#post = openPost(options)
    this.#stop = (options.every ?? everyInterval)(LOOK_MS, () => this.#look())
  }

  /** Tells the scaler that this process has no calls any more. Takes half a second at most. */
  async close(): Promise<void> {
    this.#stop()
    await this.#posting
    if (this.#reported.size > 0) await this.#send(new Map(), REPORT_MS / 2)
    this.#post.close()
  }

  #look(): void {
    this.#looksSince++
    if (this.#posting !== null) return
    const loads = this.#loads()
    const changed = [...loads.keys()].some((group) => !this.#reported.has(group))
    const due = this.#looksSince * LOOK_MS >= REPORT_MS && loads.size + this.#reported.size > 0
    if (!due && (!changed || this.#failing)) return
    this.#looksSince = 0
    this.#posting = this.#send(loads, REPORT_MS).finally(() => (this.#posting = null))
  }

  /** Those that have calls. */
  #loads(): ReadonlyMap<string, GroupLoad> {
    const loads = new Map<string, GroupLoad>()
    for (const { group, inFlight, waiting } of this.#options.groups()) {
      const other = loads.get(group) ?? { inFlight: 0, waiting: 0 }
      const both = { inFlight: other.inFlight + inFlight, waiting: other.waiting + waiting }
      if (isActive(both)) loads.set(group, both)
    }
    return loads
  }

  async #send(loads: ReadonlyMap<string, GroupLoad>, timeoutMs: number): Promise<void> {
    const report: LoadReport = { client: this.#client, groups: Object.fromEntries(loads) }
    try {
      await this.#post.send(JSON.stringify(report), timeoutMs)
      this.#reported = loads
      this.#failing = false
    } catch (error) {
      if (!this.#failing) this.#options.warn?.(`cannot report to the scaler: ${messageOf(error)}`)
      this.#failing = true
    }
  }
}

function everyInterval(milliseconds: number, callback: () => void): () => void {
  const timer = setInterval(callback, milliseconds).unref()
  return () => clearInterval(timer)
}
