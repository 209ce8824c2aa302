import type { StoreDatabase } from './database.ts'
import { type ResultKeys } from './resultKeys.ts'
import { bytesAt, nullable, numberAt, type Row, textAt } from './statement.ts'
import type { ResultSegment } from './stateStore.ts'

/** The journal that stands for the cache, in which every query looks. */
export const cacheJournal = 0

/** A segment that has not been kept yet. */
export interface NewSegment {
  readonly segment: ResultSegment
  /** The keys of its rows, packed. */
  readonly keys: Uint8Array
}

/** The tables of segments. Every method is part of a transaction that its caller has begun. */
export class Segments {
  readonly #keys: ResultKeys
  readonly #statements: ReturnType<typeof prepareStatements>
  /** When segments were made, which never changes. */
  readonly #created = new Map<number, number>()

  constructor(database: StoreDatabase, keys: ResultKeys) {
    this.#keys = keys
    this.#statements = prepareStatements(database)
  }

  /** The number under which the results of a run are kept; null if none are. */
  journal(run: string): number | null {
    const row = this.#statements.findJournal.get(run)
    return row === undefined ? null : numberAt(row, 0)
  }

  add({ segment, keys }: NewSegment): void {
    const { addJournal, addSegment, addData } = this.#statements
    const { function: name, version, run, created, rows, data } = segment
    const journal = run === null ? cacheJournal : (this.journal(run) ?? addJournal.insert(run))
    const bytes = data.length + keys.length
    const used = this.#lastUse(journal) + 1
    const id = addSegment.insert(journal, name, version, created, rows, bytes, used)
    addData.run(id, keys, data)
    this.#keys.put(journal, id, keys)
  }

  read(id: number): ResultSegment | null {
    const row = this.#statements.read.get(id)
    return row === undefined ? null : segmentOf(row)
  }

  /** When a segment that is there was made. */
  created(id: number): number {
    let created = this.#created.get(id)
    if (created === undefined) {
      created = numberAt(this.#statements.findCreated.get(id) ?? [], 0)
      if (this.#created.size >= rememberedSegments) this.#created.clear()
      this.#created.set(id, created)
    }
    return created
  }

  /** Notes that segments of the cache were used, the last one last. */
  use(segments: Iterable<number>): void {
    let used = this.#lastUse(cacheJournal)
    for (const segment of segments) this.#statements.use.run(++used, segment)
  }

  bytes(journal: number): number {
    return numberAt(this.#statements.sumBytes.get(journal) ?? [], 0)
  }

  /** Removes the segments of a journal that are older, some of them at a time; answers how many. */
  removeOlder(journal: number, notBefore: number): number {
    const old = this.#statements.findOlder.all(journal, notBefore, removedAtOnce)
    for (const row of old) this.#remove(journal, numberAt(row, 0))
    return old.length
  }

  /** Removes the segments used least recently until the rest takes no more bytes, some at a time; answers how many. */
  removeUnused(journal: number, maxBytes: number): number {
    let bytes = this.bytes(journal)
    let removed = 0
    for (const row of this.#statements.findUnused.all(journal, removedAtOnce)) {
      if (bytes <= maxBytes) break
      this.#remove(journal, numberAt(row, 0))
      bytes -= numberAt(row, 1)
      removed++
    }
    return removed
  }

  forgetJournal(journal: number): void {
    this.#statements.removeJournal.run(journal)
  }

  #lastUse(journal: number): number {
    return nullable(numberAt, this.#statements.lastUse.get(journal) ?? [null], 0) ?? 0
  }

  #remove(journal: number, segment: number): void {
    const { findKeys, removeData, removeSegment } = this.#statements
    const row = findKeys.get(segment)
    if (row !== undefined) this.#keys.remove(journal, segment, bytesAt(row, 0))
    removeData.run(segment)
    removeSegment.run(segment)
  }
}

/** So that no transaction keeps other processes waiting for long. */
const removedAtOnce = 8

const rememberedSegments = 2 ** 16

function prepareStatements(database: StoreDatabase) {
  return {
    findJournal: database.prepare('SELECT id FROM journals WHERE run = ?'),
    addJournal: database.prepare('INSERT INTO journals (run) VALUES (?)'),
    removeJournal: database.prepare('DELETE FROM journals WHERE id = ?'),
    addSegment: database.prepare(`
      INSERT INTO segments (journal, function, version, created, rows, bytes, used)
      VALUES (?, ?, ?, ?, ?, ?, ?)`),
    addData: database.prepare('INSERT INTO segment_data (segment, keys, data) VALUES (?, ?, ?)'),
    read: database.prepare(`
      SELECT function, version, run, created, rows, data FROM segments
      JOIN segment_data ON segment = segments.id
      LEFT JOIN journals ON journals.id = journal
      WHERE segments.id = ?`),
    findCreated: database.prepare('SELECT created FROM segments WHERE id = ?'),
    findKeys: database.prepare('SELECT keys FROM segment_data WHERE segment = ?'),
    findOlder: database.prepare('SELECT id FROM segments WHERE journal = ? AND created < ? LIMIT ?'),
    findUnused: database.prepare('SELECT id, bytes FROM segments WHERE journal = ? ORDER BY used LIMIT ?'),
    removeData: database.prepare('DELETE FROM segment_data WHERE segment = ?'),
    removeSegment: database.prepare('DELETE FROM segments WHERE id = ?'),
    use: database.prepare('UPDATE segments SET used = ? WHERE id = ?'),
    lastUse: database.prepare('SELECT max(used) FROM segments WHERE journal = ?'),
    sumBytes: database.prepare('SELECT coalesce(sum(bytes), 0) FROM segments WHERE journal = ?'),
  }
}

function segmentOf(row: Row): ResultSegment {
  return Object.freeze({
    function: textAt(row, 0),
    version: numberAt(row, 1),
    run: nullable(textAt, row, 2),
    created: numberAt(row, 3),
    rows: numberAt(row, 4),
    data: bytesAt(row, 5),
  })
}
