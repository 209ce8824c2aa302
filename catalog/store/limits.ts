import { randomUUID } from 'node:crypto'
import type { StoreDatabase } from './database.ts'
import { numberAt } from './statement.ts'
import type { Lease, LimitStore } from './stateStore.ts'

/** Tokens that no window needs any more and that one take removes; more than the one it adds, so that they never pile up. */
const removedByTake = 8

/**
 * Limits in a file. The tokens taken of a key are numbered in the order of their times, so that the one that stands in the way of
 * another is found by its number, whatever each caller's limit is.
 */
export class LibsqlLimits implements LimitStore {
  readonly #database: StoreDatabase
  readonly #statements: ReturnType<typeof prepareStatements>

  constructor(database: StoreDatabase) {
    this.#database = database
    this.#statements = prepareStatements(database)
  }

  takeToken(
    key: string,
    limit: { readonly tokens: number; readonly windowMs: number },
    now: number,
  ): Promise<number> {
    return this.#database.write((waited) => this.#take(key, limit, now + waited))
  }

  acquire(key: string, slots: number, leaseMs: number, now: number): Promise<Lease | null> {
    const { removeExpired, countLeases, addLease } = this.#statements
    return this.#database.write((waited) => {
      removeExpired.run(key, now + waited)
      if (numberAt(countLeases.get(key) ?? [], 0) >= slots) return null
      const lease = { key, id: randomUUID() }
      addLease.run(key, lease.id, now + waited + leaseMs)
      return lease
    })
  }

  renew({ key, id }: Lease, leaseMs: number, now: number): Promise<boolean> {
    return this.#database.write(
      (waited) => this.#statements.prolongLease.run(now + waited + leaseMs, key, id, now + waited) === 1,
    )
  }

  async release({ key, id }: Lease): Promise<void> {
    await this.#database.write(() => this.#statements.removeLease.run(key, id))
  }

  #take(key: string, { tokens, windowMs }: { tokens: number; windowMs: number }, now: number): number {
    const statements = this.#statements
    const known = statements.findLimit.get(key)
    if (known === undefined) {
      statements.addLimit.run(key, windowMs)
      statements.addToken.run(numberAt(statements.findLimit.get(key) ?? [], 0), 0, now)
      return 0
    }
    const limit = numberAt(known, 0)
    const first = numberAt(known, 1)
    const last = numberAt(known, 2)
    const longest = Math.max(numberAt(known, 3), windowMs)
    if (longest > numberAt(known, 3)) statements.keepLonger.run(longest, limit)
    // The clock was set back: tokens of a time to come would stand in the way until then.
    if (this.#takenAt(limit, last) > now + windowMs) statements.bringBack.run(now, limit, now)
    const before = this.#takenAt(limit, last - tokens + 1)
    if (before + windowMs > now) return before + windowMs - now
    // Two processes may get here in another order than they read the clock.
    statements.addToken.run(limit, last + 1, Math.max(now, this.#takenAt(limit, last)))
    const removed = statements.removeTokens.run(limit, first + removedByTake, now - longest)
    statements.moveLimit.run(first + removed, last + 1, limit)
    return 0
  }

  /** When the token of that number was taken; long ago if it is not kept any more. */
  #takenAt(limit: number, number: number): number {
    const token = this.#statements.findToken.get(limit, number)
    return token === undefined ? Number.NEGATIVE_INFINITY : numberAt(token, 0)
  }
}

function prepareStatements(database: StoreDatabase) {
  return {
    findLimit: database.prepare('SELECT id, first, last, longest FROM limits WHERE key = ?'),
    addLimit: database.prepare('INSERT INTO limits (key, first, last, longest) VALUES (?, 0, 0, ?)'),
    moveLimit: database.prepare('UPDATE limits SET first = ?, last = ? WHERE id = ?'),
    keepLonger: database.prepare('UPDATE limits SET longest = ? WHERE id = ?'),
    findToken: database.prepare('SELECT taken FROM tokens WHERE "limit" = ? AND number = ?'),
    addToken: database.prepare('INSERT INTO tokens ("limit", number, taken) VALUES (?, ?, ?)'),
    removeTokens: database.prepare('DELETE FROM tokens WHERE "limit" = ? AND number < ? AND taken <= ?'),
    bringBack: database.prepare('UPDATE tokens SET taken = ? WHERE "limit" = ? AND taken > ?'),
    removeExpired: database.prepare('DELETE FROM leases WHERE key = ? AND expires <= ?'),
    countLeases: database.prepare('SELECT count(*) FROM leases WHERE key = ?'),
    addLease: database.prepare('INSERT INTO leases (key, id, expires) VALUES (?, ?, ?)'),
    prolongLease: database.prepare('UPDATE leases SET expires = ? WHERE key = ? AND id = ? AND expires > ?'),
    removeLease: database.prepare('DELETE FROM leases WHERE key = ? AND id = ?'),
  }
}
