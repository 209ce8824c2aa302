import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkTracing, decideTracing, type Tracing } from '../../src/telemetry/tracing.ts'
import { carrierOf, spanContextOf } from '../../udf/traceCarrier.ts'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const spanId = 'b7ad6b7169203331'

test.each<[Tracing, string, string]>([
  // what is set, with a caller that is traced, without
  [undefined, 'continue', 'none'],
  [false, 'none', 'none'],
  [true, 'continue', 'root'],
  [{ sampleRate: 0 }, 'continue', 'none'],
  [{ sampleRate: 0.5 }, 'continue', 'root below 0.5'],
  [{ sampleRate: 1 }, 'continue', 'root'],
])('tracing %o: %s if the caller is traced, else %s', (tracing, traced, untraced) => {
  expect(decideTracing(tracing, true, () => 0.9)).toBe(traced)
  expect(decideTracing(tracing, false, () => 0.49)).toBe(untraced.replace(' below 0.5', ''))
  expect(decideTracing(tracing, false, () => 0.5)).toBe(untraced.includes('below') ? 'none' : untraced)
  expect(decideTracing(tracing, false, () => 0)).toBe(untraced.replace(' below 0.5', ''))
})

test('the same random numbers give the same decisions', () => {
  const draws = fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }))
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, noNaN: true }), draws, (sampleRate, numbers) => {
      const decisions = numbers.map((number) => decideTracing({ sampleRate }, false, () => number))
      expect(decisions).toEqual(numbers.map((number) => (number < sampleRate ? 'root' : 'none')))
    }),
  )
})

test.each([
  ['yes', 'tracing is "yes": it must be true, false or { sampleRate: 0 to 1 }'],
  [null, 'tracing is null: it must be true, false or { sampleRate: 0 to 1 }'],
  [{ sampleRate: 2 }, 'tracing is {"sampleRate":2}: it must be true, false or { sampleRate: 0 to 1 }'],
  [{ rate: 1 }, 'tracing is {"rate":1}: it must be true, false or { sampleRate: 0 to 1 }'],
])('%o says nothing of tracing', (given, message) => {
  expect(() => checkTracing(given)).toThrow(message)
})

test('what is understood comes back', () => {
  expect([undefined, true, false, { sampleRate: 0.25 }].map(checkTracing)).toEqual([
    undefined,
    true,
    false,
    { sampleRate: 0.25 },
  ])
})

const hex = (length: number) =>
  fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`)).filter((text) => /[^0]/.test(text))

test('a carrier is written as W3C Trace Context says, and read back', () => {
  fc.assert(
    fc.property(hex(32), hex(16), fc.nat(255), (trace, span, traceFlags) => {
      const carrier = carrierOf({ traceId: trace, spanId: span, traceFlags })
      expect(carrier).not.toBeNull()
      expect(spanContextOf(carrier!)).toEqual({ traceId: trace, spanId: span, traceFlags, isRemote: true })
    }),
  )
})

test('vendor state goes along', () => {
  const span = spanContextOf({ traceparent: `00-${traceId}-${spanId}-01`, tracestate: 'a=1,b=2' })
  expect(carrierOf(span!)).toEqual({ traceparent: `00-${traceId}-${spanId}-01`, tracestate: 'a=1,b=2' })
})

test.each([
  '',
  'garbage',
  `00-${traceId}-${spanId}`,
  `00-${traceId}-${spanId}-01-more`,
  `ff-${traceId}-${spanId}-01`,
  `00-${'0'.repeat(32)}-${spanId}-01`,
  `00-${traceId}-${'0'.repeat(16)}-01`,
  `00-${traceId.toUpperCase()}-${spanId}-01`,
])('%j is no traceparent', (traceparent) => {
  expect(spanContextOf({ traceparent, tracestate: null })).toBeNull()
})

test('a later version of the format may say more', () => {
  expect(spanContextOf({ traceparent: `01-${traceId}-${spanId}-01-more`, tracestate: null })).toMatchObject({
    traceId,
  })
})
