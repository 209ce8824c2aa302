import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DurationHistogram, joinDistributions } from '../../src/run/profile/distribution.ts'

const durations = fc.array(fc.double({ min: 0.002, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 200 })

function distributionOf(values: readonly number[]) {
  const histogram = new DurationHistogram()
  for (const value of values) histogram.record(value)
  return histogram.toJSON()
}

test('quantiles are within 2 % of the exact ones', () => {
  fc.assert(
    fc.property(durations, (values) => {
      const sorted = values.toSorted((a, b) => a - b)
      const exact = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length - 1e-9) - 1)]!
      const { p50, p99, max, count } = distributionOf(values)
      expect(count).toBe(values.length)
      expect(max).toBe(sorted.at(-1))
      expect(Math.abs(p50 / exact(0.5) - 1)).toBeLessThan(0.02)
      expect(Math.abs(p99 / exact(0.99) - 1)).toBeLessThan(0.02)
    }),
  )
})

test('joining gives what recording everything in one would have given', () => {
  fc.assert(
    fc.property(durations, durations, (some, others) => {
      const { total, ...joined } = joinDistributions([distributionOf(some), distributionOf(others)])
      const { total: wholeTotal, ...whole } = distributionOf([...some, ...others])
      expect(joined).toEqual(whole)
      expect(total).toBeCloseTo(wholeTotal, 0)
    }),
  )
})

test('survives JSON, and holds few buckets whatever it is given', () => {
  const histogram = new DurationHistogram()
  for (let exponent = -9; exponent < 15; exponent += 0.001) histogram.record(10 ** exponent)
  const distribution = histogram.toJSON()
  expect(distribution.buckets.length).toBeLessThanOrEqual(801)
  expect(JSON.parse(JSON.stringify(distribution))).toEqual(distribution)
})

test('a clock that was set back does not break it', () => {
  expect(distributionOf([-5, 0])).toMatchObject({ count: 2, total: 0, max: 0, p50: 0, p99: 0 })
  expect(distributionOf([])).toMatchObject({ count: 0, total: 0, max: 0, p50: 0, p99: 0 })
})
