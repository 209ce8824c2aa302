import { DuckDBInstance } from '@duckdb/node-api'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { displayWidth, shortenToWidth } from '../../dataframe/displayWidth.ts'
import { formatTable } from '../../dataframe/formatTable.ts'
import { formatDate, formatInterval, formatTime, formatTimestamp } from '../../dataframe/formatTime.ts'
import { formatValue } from '../../dataframe/formatValue.ts'
import type { Schema } from '../../src/base/dataType.ts'
import { parseType } from '../../src/base/parseType.ts'
import { repeats } from '../repeats.ts'

function schemaOf(types: Readonly<Record<string, string>>): Schema {
  return Object.entries(types).map(([name, type]) => ({ name, type: parseType(type) }))
}

const memos = schemaOf({ id: 'INTEGER', memo: 'VARCHAR', entities: 'STRUCT(kind VARCHAR, "at" DATE)[]' })
const rows = [
  { id: 1, memo: 'Zürich 東京 👩‍👩‍👧 café', entities: [{ kind: "O'Hara", at: 19_000 }] },
  { id: null, memo: 'two\nlines\tand\u0007', entities: [] },
  { id: -30, memo: '🇨🇭 ✈️ ✈ \u202eabc', entities: null },
]

test('values in line, numbers to the right, nulls shown, control characters escaped', () => {
  expect(formatTable(memos, rows, { footer: '3 rows' })).toBe(
    `
┌─────────┬───────────────────────┬─────────────────────────────────────┐
│      id │ memo                  │ entities                            │
│ INTEGER │ VARCHAR               │ STRUCT(kind VARCHAR, "at" DATE)[]   │
├─────────┼───────────────────────┼─────────────────────────────────────┤
│       1 │ Zürich 東京 👩‍👩‍👧 café   │ [{kind: 'O\\'Hara', at: 2022-01-08}] │
│    NULL │ two\\nlines\\tand\\u0007 │ []                                  │
│     -30 │ 🇨🇭 ✈️ ✈ \\u202eabc     │ NULL                                │
└─────────┴───────────────────────┴─────────────────────────────────────┘
3 rows`.trim(),
  )
})

test('the widest columns are shortened to the terminal', () => {
  expect(formatTable(memos, rows, { width: 50 })).toBe(
    `
┌─────────┬──────────────────┬──────────────────┐
│      id │ memo             │ entities         │
│ INTEGER │ VARCHAR          │ STRUCT(kind VAR… │
├─────────┼──────────────────┼──────────────────┤
│       1 │ Zürich 東京 👩‍👩‍👧 … │ [{kind: 'O\\'Har… │
│    NULL │ two\\nlines\\tand… │ []               │
│     -30 │ 🇨🇭 ✈️ ✈ \\u202ea… │ NULL             │
└─────────┴──────────────────┴──────────────────┘`.trim(),
  )
})

const wide = schemaOf(
  Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`column_${index}`, 'VARCHAR'])),
)
const wideRow = Object.fromEntries(wide.map(({ name }, index) => [name, `value ${index}`]))

test('columns around the middle are left out where shortening does not help', () => {
  expect(formatTable(wide, [wideRow], { width: 50, footer: '1 row' })).toBe(
    `
┌──────────┬──────────┬───┬───────────┐
│ column_0 │ column_1 │ … │ column_11 │
│ VARCHAR  │ VARCHAR  │   │ VARCHAR   │
├──────────┼──────────┼───┼───────────┤
│ value 0  │ value 1  │ … │ value 11  │
└──────────┴──────────┴───┴───────────┘
1 row, 12 columns, 3 shown`.trim(),
  )
  expect(formatTable(wide, [wideRow], { width: 20 })).toBe(
    `
┌──────────┬───┐
│ column_0 │ … │
│ VARCHAR  │   │
├──────────┼───┤
│ value 0  │ … │
└──────────┴───┘
12 columns, 1 shown`.trim(),
  )
})

test('no rows, and no columns', () => {
  expect(formatTable(schemaOf({ id: 'BIGINT' }), [], { footer: '0 rows' })).toBe(
    `
┌────────┐
│     id │
│ BIGINT │
├────────┤
└────────┘
0 rows`.trim(),
  )
  expect(formatTable([], [], { footer: '0 rows' })).toBe('┌┐\n││\n││\n├┤\n└┘\n0 rows')
})

test('lines of a table are equally wide, and as wide as the terminal at most', () => {
  const cell = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 60 }), fc.constant(null))
  fc.assert(
    fc.property(
      fc.array(fc.record({ a: cell, b: cell, c: cell }), { maxLength: 5 }),
      fc.integer({ min: 20, max: 120 }),
      (found, width) => {
        const schema = schemaOf({ a: 'VARCHAR', b: 'VARCHAR', c: 'VARCHAR' })
        const lines = formatTable(schema, found, { width })
          .split('\n')
          .filter((line) => /^[┌│├└]/.test(line))
        expect(lines).toHaveLength(5 + found.length)
        expect(new Set(lines.map(displayWidth)).size).toBe(1)
        expect(displayWidth(lines[0] ?? '')).toBeLessThanOrEqual(width)
      },
    ),
  )
})

test.for([
  ['', 0],
  ['abc', 3],
  ['é', 1],
  ['e\u0301', 1],
  ['東京', 4],
  ['ｱ', 1],
  ['Ａ', 2],
  ['한국', 4],
  ['\u1112\u1161\u11ab', 2],
  ['👍🏽', 2],
  ['👩‍👩‍👧', 2],
  ['🇨🇭', 2],
  ['✈', 1],
  ['✈️', 2],
  ['1️⃣', 2],
  ['\u200b', 0],
  ['مرحبا', 5],
] as const)('%s takes %i cells', ([text, width]) => {
  expect(displayWidth(text)).toBe(width)
})

test('a text is cut between graphemes, and left alone if it fits', () => {
  expect(shortenToWidth('abcdef', 6)).toBe('abcdef')
  expect(shortenToWidth('abcdef', 5)).toBe('abcd…')
  expect(shortenToWidth('東京都', 5)).toBe('東京…')
  expect(shortenToWidth('東京都', 4)).toBe('東…')
  expect(shortenToWidth('e\u0301e\u0301e\u0301', 2)).toBe('e\u0301…')
  expect(shortenToWidth('👩‍👩‍👧👩‍👩‍👧', 3)).toBe('👩‍👩‍👧…')
})

const values: readonly (readonly [unknown, string | null, string])[] = [
  [null, 'VARCHAR', 'NULL'],
  [undefined, null, 'NULL'],
  ["it's", 'VARCHAR', "it's"],
  [["it's", null], 'VARCHAR[]', "['it\\'s', NULL]"],
  [1e21, 'DOUBLE', '1e+21'],
  [-0, 'DOUBLE', '-0'],
  [NaN, 'DOUBLE', 'NaN'],
  [true, 'BOOLEAN', 'true'],
  ['1.50', 'DECIMAL(5,2)', '1.50'],
  [['1.50'], 'DECIMAL(5,2)[]', '[1.50]'],
  [170141183460469231731687303715884105727n, 'HUGEINT', '170141183460469231731687303715884105727'],
  [0, 'DATE', '1970-01-01'],
  [-719_529, 'DATE', '0002-12-31 (BC)'],
  [11_017, 'DATE', '2000-03-01'],
  [2_147_483_647, 'DATE', 'infinity'],
  [-2_147_483_647, 'DATE', '-infinity'],
  [new Date('2024-02-29T00:00:00Z'), 'DATE', '2024-02-29'],
  [new Date('2024-02-29T12:00:00.250Z'), 'TIMESTAMP', '2024-02-29 12:00:00.25'],
  [new Date('x'), 'TIMESTAMP', 'Invalid Date'],
  [1_700_000_000_123_456n, 'TIMESTAMP', '2023-11-14 22:13:20.123456'],
  [-1n, 'TIMESTAMP', '1969-12-31 23:59:59.999999'],
  [1_700_000_000n, 'TIMESTAMP_S', '2023-11-14 22:13:20'],
  [1_700_000_000_120n, 'TIMESTAMP_MS', '2023-11-14 22:13:20.12'],
  [1_700_000_000_000_000_001n, 'TIMESTAMP_NS', '2023-11-14 22:13:20.000000001'],
  [1_700_000_000_000_000n, 'TIMESTAMPTZ', '2023-11-14 22:13:20+00'],
  [9_223_372_036_854_775_807n, 'TIMESTAMP', 'infinity'],
  [86_399_999_999n, 'TIME', '23:59:59.999999'],
  [1n, 'TIME_NS', '00:00:00.000000001'],
  [{ months: 14, days: -1, micros: 3_600_000_000n }, 'INTERVAL', '1 year 2 months -1 day 01:00:00'],
  [{ months: 0, days: 0, micros: -1_500_000n }, 'INTERVAL', '-00:00:01.5'],
  [{ months: -13, days: 1, micros: 0n }, 'INTERVAL', '-1 year -1 month 1 day'],
  [{ months: 0, days: 0, micros: 0n }, 'INTERVAL', '00:00:00'],
  [Uint8Array.of(1, 65, 92, 255), 'BLOB', '\\x01A\\x5C\\xFF'],
  [
    { city: 'Bern', 'odd name': { at: 0 } },
    'STRUCT(city VARCHAR, "odd name" STRUCT("at" DATE))',
    "{city: 'Bern', 'odd name': {at: 1970-01-01}}",
  ],
  [new Map([[1, 'a']]), 'MAP(INTEGER, VARCHAR)', "{1: 'a'}"],
  [Float64Array.of(1, 2.5), 'DOUBLE[]', '[1, 2.5]'],
]

test.for(values)('%s of %s', ([value, type, text]) => {
  expect(formatValue(value, type === null ? null : parseType(type))).toBe(text)
})

test('dates and times are those of DuckDB', async () => {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  const day = fc.integer({ min: -2_000_000_000, max: 2_000_000_000 })
  const micros = fc.bigInt({ min: -9_223_372_022_400_000_000n, max: 9_223_372_036_854_775_806n })
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(day, micros), { minLength: 20, maxLength: 20 }), async (pairs) => {
      const list = pairs.map(([days, ticks]) => `(${days}, ${ticks})`).join(', ')
      const found = await connection.runAndReadAll(
        `SELECT (DATE '1970-01-01' + d::INTEGER)::VARCHAR, make_timestamp(t)::VARCHAR, make_timestamp(t)::TIME::VARCHAR,
          (to_months((d % 100)::INTEGER) + to_days((t % 50)::INTEGER) + to_microseconds(t))::VARCHAR FROM (VALUES ${list}) v(d, t)`,
      )
      const expected = found.getRows()
      const got = pairs.map(([days, ticks]) => {
        const ofDay = ((ticks % 86_400_000_000n) + 86_400_000_000n) % 86_400_000_000n
        const interval = { months: days % 100, days: Number(ticks % 50n), micros: ticks }
        return [formatDate(days), formatTimestamp(ticks, 6), formatTime(ofDay, 6), formatInterval(interval)]
      })
      expect(got).toEqual(expected)
    }),
    { numRuns: repeats(20) },
  )
  connection.closeSync()
  instance.closeSync()
})
