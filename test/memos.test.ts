import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { type MemoBatch, type MemoOptions, memoBatches } from '../examples/memos/memoBatches.ts'
import { longestMemo, shortestMemo } from '../examples/memos/memoWriter.ts'

interface Ledger {
  readonly id: bigint[]
  readonly amount: number[]
  readonly memo: (string | null)[]
  readonly booked: number[]
}

function ledgerOf(options: MemoOptions): Ledger {
  const ledger: Ledger = { id: [], amount: [], memo: [], booked: [] }
  for (const { id, amount, memo, booked } of memoBatches(options)) {
    ledger.id.push(...id)
    ledger.amount.push(...amount)
    ledger.memo.push(...memo)
    ledger.booked.push(...booked)
  }
  return ledger
}

function memosOf(options: MemoOptions): string[] {
  return ledgerOf(options).memo.filter((memo) => memo !== null)
}

const scripts = [
  'Latin',
  'Cyrillic',
  'Greek',
  'Arabic',
  'Hebrew',
  'Devanagari',
  'Han',
  'Hiragana',
  'Hangul',
  'Thai',
]

describe('memos', () => {
  const memos = memosOf({ rows: 30_000 })

  test('have 40 to 200 characters', () => {
    const lengths = memos.map((memo) => memo.length)
    expect([shortestMemo, longestMemo]).toEqual([40, 200])
    expect(Math.min(...lengths)).toBeGreaterThanOrEqual(shortestMemo)
    expect(Math.max(...lengths)).toBeLessThanOrEqual(longestMemo)
  })

  test.each(scripts)('are written in %s too', (script) => {
    const pattern = new RegExp(`\\p{Script=${script}}{2}`, 'u')
    expect(memos.filter((memo) => pattern.test(memo)).length / memos.length).toBeGreaterThan(0.03)
  })

  test('have accents, and emoji of several code points', () => {
    const signs = ['é', 'ü', 'ł', 'ğ', '👩‍💻', '👍🏽', '🇯🇵']
    expect(signs.filter((sign) => !memos.some((memo) => memo.includes(sign)))).toEqual([])
  })

  test('leave no slot of a phrase open, and no character in half', () => {
    expect(memos.filter((memo) => /[{}]|undefined|null/.test(memo))).toEqual([])
    for (const memo of memos) expect(() => encodeURIComponent(memo)).not.toThrow()
  })
})

describe('the same seed', () => {
  test('gives the same rows on every machine', () => {
    const { memo, amount, booked } = ledgerOf({ rows: 5000, seed: 7 })
    const digest = createHash('sha256').update(JSON.stringify({ memo, amount, booked })).digest('hex')
    expect(digest).toBe('417718dca83062456f3b6ec5fd5f21189a01d50c44802ea1f74e326c644d108a')
  })

  test('gives the same rows in batches of any size', () => {
    const whole = ledgerOf({ rows: 1000, seed: 3 })
    for (const batchRows of [1, 7, 999, 1000, 5000])
      expect(ledgerOf({ rows: 1000, seed: 3, batchRows })).toEqual(whole)
  })

  test('gives fewer rows as the beginning of more', () => {
    expect(ledgerOf({ rows: 500 }).memo).toEqual(ledgerOf({ rows: 800 }).memo.slice(0, 500))
  })

  test('is not the same as another', () => {
    expect(memosOf({ rows: 100, seed: 1 })).not.toEqual(memosOf({ rows: 100, seed: 2 }))
  })
})

describe('shares', () => {
  test.each([0, 0.25, 0.9])('duplicates: %d', (duplicates) => {
    const memos = memosOf({ rows: 20_000, nulls: 0, duplicates })
    expect(1 - new Set(memos).size / memos.length).toBeCloseTo(duplicates, 1)
  })

  test('no duplicates are no duplicates', () => {
    const memos = memosOf({ rows: 50_000, nulls: 0, duplicates: 0 })
    expect(new Set(memos).size).toBeGreaterThan(49_900)
  })

  test.each([0, 0.02, 0.5, 1])('nulls: %d', (nulls) => {
    const { memo } = ledgerOf({ rows: 20_000, nulls })
    expect(memo.filter((value) => value === null).length / memo.length).toBeCloseTo(nulls, 1)
  })
})

describe('batches', () => {
  test('have all columns in one length, the last one the rest', () => {
    const lengths = [...memoBatches({ rows: 25, batchRows: 10 })].map(
      ({ id, amount, memo, booked }: MemoBatch) => {
        expect([id.length, amount.length, booked.length]).toEqual([memo.length, memo.length, memo.length])
        return memo.length
      },
    )
    expect(lengths).toEqual([10, 10, 5])
    expect([...memoBatches({ rows: 0 })]).toEqual([])
  })

  test('count their rows from 0, in cents, within ten years', () => {
    const { id, amount, booked } = ledgerOf({ rows: 2000, batchRows: 64 })
    expect(id).toEqual(Array.from({ length: 2000 }, (_, row) => BigInt(row)))
    expect(
      amount.every((value) => Math.abs(value) <= 1_000_000 && Number.isInteger(Math.round(value * 100))),
    ).toBe(true)
    expect(booked.every((day) => day >= 16_436 && day < 16_436 + 3653)).toBe(true)
  })

  test('are made one at a time', () => {
    const batches = memoBatches({ rows: Number.MAX_SAFE_INTEGER, batchRows: 10 })
    expect(batches.next().value).toMatchObject({ memo: expect.anything() })
    batches.return(undefined)
  })
})
