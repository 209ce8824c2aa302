import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Price } from '../../catalog/policy/policies.ts'
import { EngineError } from '../../src/base/errors.ts'
import { CallProfiler, historyOf } from '../../src/run/callProfile.ts'
import { describeProfile } from '../../src/run/profile/describeProfile.ts'
import { savedRowsOf } from '../../src/run/profile/runProfile.ts'
import { TIMELINE_BATCHES_MAX, timelineBatches } from '../../src/run/profile/timeline.ts'
import type { CallEvent } from '../../udf/callEvents.ts'

const score = { function: 'score', version: 2 }
const upper = { function: 'upper', version: 1 }
const price: Price = { perCall: 0.01, perRow: 0.001, perUnit: { tokens: 0.00001 } }

type Called = Extract<CallEvent, { kind: 'called' }>

function called(given: Partial<Called> = {}): Called {
  return {
    kind: 'called',
    batch: 0,
    firstRow: 0,
    rows: 64,
    attempt: 1,
    capacity: 64,
    started: 1_700_000_000_000,
    milliseconds: 50,
    error: null,
    ...given,
  }
}

/** A run in which everything happens. */
function fullRun(): CallProfiler {
  const profiler = new CallProfiler((of) => (of.function === 'score' ? price : null))
  const { observe } = profiler
  const unavailable = new EngineError('UNAVAILABLE', 'the service is down')
  observe(score, called())
  observe(score, called({ batch: 1, rows: 32, started: 1_700_000_000_100, milliseconds: 60 }))
  observe(score, called({ batch: 2, started: 1_700_000_000_200, milliseconds: 5, error: unavailable }))
  observe(score, { kind: 'retried', rows: 64, error: unavailable })
  observe(score, called({ batch: 2, attempt: 2, started: 1_700_000_001_205, milliseconds: 55 }))
  observe(score, { kind: 'saved', by: 'dedupe', rows: 62_000 })
  observe(score, { kind: 'saved', by: 'cache', rows: 1000 })
  observe(score, { kind: 'waited', for: 'batch', milliseconds: 2 })
  observe(score, { kind: 'waited', for: 'rateLimit', milliseconds: 20 })
  observe(score, { kind: 'waited', for: 'concurrency', milliseconds: 10 })
  observe(score, { kind: 'waited', for: 'retry', milliseconds: 1000 })
  observe(score, { kind: 'failed', rows: 2, error: new EngineError('ROW_FAILED', 'no such memo') })
  observe(score, { kind: 'usage', key: null, units: { tokens: 1200, dollars: 0.5 } })
  observe(score, { kind: 'usage', key: 'team-a', units: { tokens: 300 } })
  observe(score, { kind: 'log', level: 'warn', message: 'slow', fields: { milliseconds: 60 } })
  observe(upper, called({ rows: 1, capacity: 1, milliseconds: 0.25 }))
  return profiler
}

test('everything that happens is told, to the letter', () => {
  expect(describeProfile(fullRun().toJSON()).join('\n')).toBe(
    `
score (version 2)
  rows     63,160: 160 called, 63,000 saved (equal inputs 62,000, cache 1,000)
  calls    4 of 56 rows on average, batches 88 % full
  run      p50 49 ms, p99 60 ms, 170 ms in all
  queue    p50 10 ms, p99 20 ms
  waits    rows to fill a batch p50 2 ms, p99 2 ms; rate limit p50 20 ms, p99 20 ms; free place p50 10 ms, p99 10 ms; next attempt p50 1 s, p99 1 s
  retries  1 batch attempted again
  errors   2 rows failed: ROW_FAILED 2 rows; UNAVAILABLE 1 attempt
  usage    1,200 tokens; team-a: 300 tokens
  cost     $0.70
upper (version 1)
  rows     1
  calls    1 of 1 rows on average, batches 100 % full
  run      p50 0.25 ms, p99 0.25 ms, 0.25 ms in all
`.trim(),
  )
})

test('calls that a service turned away cost nothing, others do', () => {
  // Three calls of 160 rows, 1,500 tokens, and the half dollar that the handler reported.
  expect(fullRun().totals.dollars).toBeCloseTo(3 * 0.01 + 160 * 0.001 + 1500 * 0.00001 + 0.5, 9)
})

test('totals for the progress line agree with the profile', () => {
  const profiler = fullRun()
  const { functions } = profiler.toJSON()
  expect(profiler.totals).toMatchObject({ rows: 161, calls: 5, savedRows: 63_000, retries: 1, failedRows: 2 })
  expect(functions.map(savedRowsOf)).toEqual([63_000, 0])
})

test('rows that shared the call of another caller count as rows, not as a call', () => {
  const profiler = new CallProfiler()
  profiler.observe(score, called({ rows: 5, calls: 0 }))
  expect(profiler.toJSON()).toMatchObject({
    functions: [{ rows: 5, calls: 0, run: { count: 0 } }],
    timeline: { started: [] },
  })
})

test('calls inside DuckDB are added as sums', () => {
  const profiler = new CallProfiler(() => price)
  profiler.count(score, { calls: 4, rows: 8192, milliseconds: 40 })
  profiler.count(score, { calls: 0, rows: 0, milliseconds: 0 })
  const [profile] = profiler.toJSON().functions
  expect(profile).toMatchObject({ calls: 4, rows: 8192, sent: 8192, run: { count: 4, total: 40, max: 10 } })
  expect(profile!.dollars).toBeCloseTo(4 * 0.01 + 8192 * 0.001)
})

test('parts of a run merge to what one profiler would have seen', () => {
  const merged = new CallProfiler()
  merged.merge(fullRun().toJSON())
  merged.merge(fullRun().toJSON())
  const one = new CallProfiler()
  one.merge(JSON.parse(JSON.stringify(merged.toJSON())))
  expect(one.toJSON()).toEqual(merged.toJSON())
  expect(merged.totals).toMatchObject({ rows: 322, calls: 10, savedRows: 126_000, failedRows: 4 })
  expect(merged.toJSON().timeline.started).toHaveLength(10)
  expect(merged.toJSON().log).toHaveLength(2)
})

test('merging finds the function by name and version, whatever its place', () => {
  const merged = new CallProfiler()
  merged.observe(upper, called({ batch: 7 }))
  merged.merge(fullRun().toJSON())
  const { functions, timeline } = merged.toJSON()
  expect(functions.map((profile) => profile.function)).toEqual(['upper', 'score'])
  const ofUpper = timelineBatches(timeline).filter((batch) => batch.function === 0)
  expect(ofUpper.map(({ batch }) => batch)).toEqual([7, 0])
})

test('what runs teach: rows, calls, time and cost', () => {
  const [first] = historyOf(fullRun().toJSON())
  expect(first).toMatchObject({ function: 'score', version: 2, rows: 160, calls: 4, milliseconds: 170 })
})

test('memory is bounded: batches are sampled, lines dropped, keys and units put together', () => {
  const profiler = new CallProfiler()
  const batches = 3 * TIMELINE_BATCHES_MAX
  for (let batch = 0; batch < batches; batch++) profiler.observe(score, called({ batch, started: batch }))
  for (let line = 0; line < 500; line++) {
    profiler.observe(score, { kind: 'log', level: 'info', message: `line ${line}`, fields: {} })
    profiler.observe(score, { kind: 'usage', key: `key ${line * 3}`, units: { [`unit ${line}`]: 1 } })
  }
  for (let key = 0; key < 2000; key++)
    profiler.observe(score, { kind: 'usage', key: `more ${key}`, units: { tokens: 1 } })
  for (let unit = 0; unit < 100; unit++)
    profiler.observe(score, { kind: 'usage', key: null, units: { [`unit ${unit}`]: 1 } })
  const { timeline, log, logDropped, functions } = profiler.toJSON()
  expect(timeline.every).toBe(4)
  expect(timeline.batch).toHaveLength(batches / 4)
  expect(timeline.batch.every((batch) => batch % 4 === 0)).toBe(true)
  expect(log).toHaveLength(200)
  expect(log.at(-1)).toMatchObject({ message: 'line 499', fields: null })
  expect(logDropped).toBe(300)
  expect(functions[0]!.calls).toBe(batches)
  expect(functions[0]!.usage.length).toBeLessThanOrEqual(1001)
  expect(Object.keys(functions[0]!.usage.at(-1)!.units).length).toBeLessThanOrEqual(51)
  const tokens = functions[0]!.usage.reduce((sum, { units }) => sum + (units['tokens'] ?? 0), 0)
  expect(tokens).toBe(2000)
})

test('sampled timelines merge at the coarser of the two', () => {
  const many = new CallProfiler()
  for (let batch = 0; batch <= TIMELINE_BATCHES_MAX; batch++) many.observe(score, called({ batch }))
  const few = new CallProfiler()
  for (let batch = 0; batch < 10; batch++) few.observe(score, called({ batch }))
  const merged = new CallProfiler()
  merged.merge(few.toJSON())
  merged.merge(many.toJSON())
  const { every, batch } = merged.toJSON().timeline
  expect(every).toBe(2)
  expect(batch.length).toBe(5 + TIMELINE_BATCHES_MAX / 2 + 1)
})

test('rows are neither lost nor counted twice, however they are saved or called', () => {
  const savings = fc.constantFrom('dedupe', 'inFlight', 'cache', 'journal')
  const events = fc.array(
    fc.oneof(
      fc.record({ kind: fc.constant('saved' as const), by: savings, rows: fc.nat(5000) }),
      fc.nat(5000).map((rows) => called({ rows })),
    ),
  )
  fc.assert(
    fc.property(events, fc.nat(), (all, cut) => {
      const [first, second] = [new CallProfiler(), new CallProfiler()]
      all.forEach((event, index) => (index < cut ? first : second).observe(score, event))
      first.merge(second.toJSON())
      const { rows, savedRows } = first.totals
      expect(rows + savedRows).toBe(all.reduce((sum, event) => sum + event.rows, 0))
    }),
  )
})
