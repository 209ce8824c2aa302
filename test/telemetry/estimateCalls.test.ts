import { expect, test } from 'vitest'
import { describeEstimate, estimateCalls } from '../../src/run/profile/estimateCalls.ts'
import {
  formatAmount,
  formatDollars,
  formatMilliseconds,
  formatShare,
} from '../../src/run/profile/formatFigures.ts'

const forecast = {
  rows: 64_000,
  batchSize: 64,
  rowByRow: false,
  concurrency: 32,
  price: null,
  history: null,
}
const history = { function: 'score', version: 2, rows: 1000, calls: 20, milliseconds: 1000, dollars: 0.5 }

test('without anything known, only the calls', () => {
  expect(describeEstimate(estimateCalls(forecast))).toBe(
    'estimate: 64,000 rows in 1,000 calls (no earlier run)',
  )
})

test('a price gives the cost', () => {
  const price = { perCall: 0.01, perRow: 0.001, perUnit: {} }
  expect(describeEstimate(estimateCalls({ ...forecast, price }))).toBe(
    'estimate: 64,000 rows in 1,000 calls, $74.00 (no earlier run)',
  )
})

test('earlier runs give the fill of batches, time and cost', () => {
  expect(describeEstimate(estimateCalls({ ...forecast, history }))).toBe(
    'estimate: 64,000 rows in 1,280 calls, 2 s, $32.00 (from 1,000 rows of earlier runs)',
  )
})

test('fewer calls than may run at once share their time among fewer', () => {
  const estimate = estimateCalls({ ...forecast, rows: 100, history })
  expect(estimate).toMatchObject({ calls: 2, seconds: 0.05 })
})

test('a call a row costs its price a row, whatever batches took before it had one', () => {
  const price = { perCall: 0.01, perRow: 0, perUnit: {} }
  const free = { ...history, dollars: 0 }
  const single = { ...forecast, batchSize: null, rowByRow: true, rows: 500, price }
  expect(describeEstimate(estimateCalls({ ...single, history: free }))).toBe(
    'estimate: 500 rows in 500 calls, 15.6 ms, $5.00 (from 1,000 rows of earlier runs)',
  )
  expect(estimateCalls(single)).toMatchObject({ calls: 500, dollars: 5 })
})

test('nothing to call takes nothing', () => {
  expect(estimateCalls({ ...forecast, rows: 0, history })).toMatchObject({ calls: 0, seconds: 0, dollars: 0 })
})

test('what was learned from no rows says nothing of batches', () => {
  const failed = { ...history, rows: 0, calls: 3, dollars: 0 }
  expect(estimateCalls({ ...forecast, history: failed })).toMatchObject({ calls: 1000, learnedRows: 0 })
})

test.each([
  [formatMilliseconds(0), '0 ms'],
  [formatMilliseconds(0.25), '0.25 ms'],
  [formatMilliseconds(999.4), '999 ms'],
  [formatMilliseconds(999.6), '1 s'],
  [formatMilliseconds(59_949), '59.9 s'],
  [formatMilliseconds(59_960), '1 min'],
  [formatMilliseconds(245_000), '4 min 5 s'],
  [formatMilliseconds(7_380_000), '2 h 3 min'],
  [formatMilliseconds(273_600_000), '3 d 4 h'],
  [formatDollars(0), '$0.00'],
  [formatDollars(0.0012), '$0.0012'],
  [formatDollars(0.5), '$0.50'],
  [formatDollars(0.074), '$0.074'],
  [formatDollars(0.999), '$1.00'],
  [formatDollars(1234.5), '$1,234.50'],
  [formatAmount(17.256), '17.3'],
  [formatAmount(1234.5), '1,235'],
  [formatShare(0), '0 %'],
  [formatShare(0.004), '0.4 %'],
  [formatShare(0.98), '98 %'],
])('%s', (formatted, expected) => {
  expect(formatted).toBe(expected)
})
