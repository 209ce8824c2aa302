import { EngineError } from '../../src/base/errors.ts'
import type { StoreDatabase } from './database.ts'
import { type Statement, textAt } from './statement.ts'
import type { ResultKey, ResultPlace } from './stateStore.ts'

export const keyBytes = 32

/** Rows of a segment at most: a place crosses from SQL as one number, exact in a double. */
export const maxSegmentRows: number = 2 ** 24

/** Where each result lies, by the journal it was kept for and its key. */
export class ResultKeys {
  readonly #find: Statement
  readonly #put: Statement
  readonly #remove: Statement

  constructor(database: StoreDatabase) {
    // One statement for thousands of keys: it costs half as much as one for each.
    this.#find = database.prepare(`
      WITH RECURSIVE asked (position) AS (
        SELECT 0 UNION ALL SELECT position + 1 FROM asked WHERE position + 1 < ?3
      )
      SELECT json_group_array(coalesce((
        SELECT segment * ${maxSegmentRows} + row FROM result_keys
        WHERE journal = ?1 AND key = substr(?2, position * ${keyBytes} + 1, ${keyBytes})
      ), -1)) FROM asked`)
    this.#put = database.prepare(`
      INSERT INTO result_keys (journal, key, segment, row) VALUES (?, ?, ?, ?)
      ON CONFLICT (journal, key) DO UPDATE SET segment = excluded.segment, row = excluded.row`)
    this.#remove = database.prepare('DELETE FROM result_keys WHERE journal = ? AND key = ? AND segment = ?')
  }

  find(journal: number, keys: readonly ResultKey[]): (ResultPlace | null)[] {
    if (keys.length === 0) return []
    const row = this.#find.get(journal, packKeys(keys), keys.length) ?? []
    const found: unknown = JSON.parse(textAt(row, 0))
    return Array.isArray(found) ? found.map(placeOf) : []
  }

  put(journal: number, segment: number, keys: Uint8Array): void {
    for (let row = 0; row * keyBytes < keys.length; row++) {
      this.#put.run(journal, keys.subarray(row * keyBytes, (row + 1) * keyBytes), segment, row)
    }
  }

  /** Removes those of the keys that lead to the segment still. */
  remove(journal: number, segment: number, keys: Uint8Array): void {
    for (let start = 0; start < keys.length; start += keyBytes) {
      this.#remove.run(journal, keys.subarray(start, start + keyBytes), segment)
    }
  }
}

/** The keys one after the other. */
export function packKeys(keys: readonly ResultKey[]): Uint8Array {
  const packed = new Uint8Array(keys.length * keyBytes)
  keys.forEach((key, index) => {
    if (key.length !== keyBytes) {
      throw new EngineError('INTERNAL', `a result key has ${keyBytes} bytes, this one has ${key.length}`)
    }
    packed.set(key, index * keyBytes)
  })
  return packed
}

function placeOf(found: unknown): ResultPlace | null {
  if (typeof found !== 'number' || found < 0) return null
  return { segment: Math.floor(found / maxSegmentRows), row: found % maxSegmentRows }
}
