import { setImmediate } from 'node:timers/promises'
import { EngineError } from '../../src/base/errors.ts'
import type { StoreDatabase } from './database.ts'
import { maxSegmentRows, packKeys, ResultKeys } from './resultKeys.ts'
import { cacheJournal, type NewSegment, Segments } from './segments.ts'
import type { ResultKey, ResultPlace, ResultSegment, ResultStore } from './stateStore.ts'

/** Keys looked for without a pause, and bytes kept in one transaction, so that nobody waits for long. */
const keysAtOnce = 8192
const bytesAtOnce = 16 * 2 ** 20
/** Milliseconds for which uses of segments are only in memory: to lose them costs no more than an unfit choice of what to remove. */
const useDelay = 10_000

interface PendingSegment extends NewSegment {
  readonly kept: () => void
  readonly failed: (error: unknown) => void
}

/** Results of calls in a file. */
export class LibsqlResults implements ResultStore {
  readonly #database: StoreDatabase
  readonly #keys: ResultKeys
  readonly #segments: Segments
  #pending: PendingSegment[] = []
  #keeping: Promise<void> | null = null
  /** Segments of the cache that were used since the file was told, the last one last. */
  #used = new Set<number>()
  #usesWritten: number = performance.now()

  constructor(database: StoreDatabase) {
    this.#database = database
    this.#keys = new ResultKeys(database)
    this.#segments = new Segments(database, this.#keys)
  }

  async find(
    keys: readonly ResultKey[],
    from: { readonly run: string } | { readonly notBefore: number },
  ): Promise<readonly (ResultPlace | null)[]> {
    const places: (ResultPlace | null)[] = []
    for (let start = 0; start < keys.length; start += keysAtOnce) {
      if (start > 0) await setImmediate()
      const some = keys.slice(start, start + keysAtOnce)
      const found = await this.#database.read(() =>
        'run' in from ? this.#findInJournal(some, from.run) : this.#findInCache(some, from.notBefore),
      )
      for (const place of found) places.push(place)
    }
    if (performance.now() - this.#usesWritten > useDelay) await this.#tryToWriteUses()
    return places
  }

  read(segment: number): Promise<ResultSegment | null> {
    return this.#database.read(() => this.#segments.read(segment))
  }

  async add(segment: ResultSegment, keys: readonly ResultKey[]): Promise<void> {
    checkSegment(segment, keys)
    const packed = packKeys(keys)
    await new Promise<void>((kept, failed) => {
      this.#pending.push({ segment, keys: packed, kept, failed })
      this.#keeping ??= this.#keepPending()
    })
  }

  async evict(maxBytes: number, notBefore: number): Promise<void> {
    await this.#writeUses()
    await this.#repeat(() => this.#segments.removeOlder(cacheJournal, notBefore))
    await this.#repeat(() => this.#segments.removeUnused(cacheJournal, maxBytes))
  }

  bytes(): Promise<number> {
    return this.#database.read(() => this.#segments.bytes(cacheJournal))
  }

  async forgetRun(run: string): Promise<void> {
    const journal = await this.#database.read(() => this.#segments.journal(run))
    if (journal === null) return
    await this.#repeat(() => this.#segments.removeOlder(journal, Number.POSITIVE_INFINITY))
    await this.#database.write(() => {
      if (this.#segments.bytes(journal) === 0) this.#segments.forgetJournal(journal)
    })
  }

  /** Waits until everything that was given is kept. */
  async close(): Promise<void> {
    await this.#keeping
    await this.#tryToWriteUses()
  }

  #findInJournal(keys: readonly ResultKey[], run: string): (ResultPlace | null)[] {
    const journal = this.#segments.journal(run)
    return journal === null ? keys.map(() => null) : this.#keys.find(journal, keys)
  }

  #findInCache(keys: readonly ResultKey[], notBefore: number): (ResultPlace | null)[] {
    const isGood = new Map<number, boolean>()
    return this.#keys.find(cacheJournal, keys).map((place) => {
      if (place === null) return null
      const { segment } = place
      let good = isGood.get(segment)
      if (good === undefined) {
        good = this.#segments.created(segment) >= notBefore
        isGood.set(segment, good)
        if (good) this.#use(segment)
      }
      return good ? place : null
    })
  }

  #use(segment: number): void {
    this.#used.delete(segment)
    this.#used.add(segment)
  }

  async #tryToWriteUses(): Promise<void> {
    try {
      await this.#writeUses()
    } catch {
      // What is kept can still be read, from a full disk too.
    }
  }

  async #writeUses(): Promise<void> {
    const used = this.#used
    this.#used = new Set()
    this.#usesWritten = performance.now()
    if (used.size > 0) await this.#database.write(() => this.#segments.use(used))
  }

  /** Keeps what comes within a turn of the event loop, or while another process holds the file, in one transaction. */
  async #keepPending(): Promise<void> {
    await setImmediate()
    while (this.#pending.length > 0) {
      const some = this.#takePending()
      try {
        await this.#database.write(() => {
          for (const segment of some) this.#segments.add(segment)
        })
        for (const { kept } of some) kept()
      } catch (error) {
        for (const { failed } of some) failed(error)
      }
      await setImmediate()
    }
    this.#keeping = null
  }

  #takePending(): readonly PendingSegment[] {
    let bytes = 0
    const end = this.#pending.findIndex(({ segment }) => (bytes += segment.data.length) > bytesAtOnce)
    return this.#pending.splice(0, end === -1 ? this.#pending.length : Math.max(1, end))
  }

  /** Does part of the work in each transaction until none is left, then gives what is free back to the file system. */
  async #repeat(work: () => number): Promise<void> {
    let removed = await this.#database.write(work)
    if (removed === 0) return
    while (removed > 0) {
      await setImmediate()
      removed = await this.#database.write(work)
    }
    await this.#database.shrink()
  }
}

function checkSegment({ rows }: ResultSegment, keys: readonly ResultKey[]): void {
  if (rows !== keys.length) {
    throw new EngineError('INTERNAL', `a segment of ${rows} rows was given ${keys.length} keys`)
  }
  if (rows > maxSegmentRows) {
    throw new EngineError(
      'BATCH_TOO_LARGE',
      `a segment of results has ${rows} rows, of ${maxSegmentRows} at most`,
    )
  }
}
