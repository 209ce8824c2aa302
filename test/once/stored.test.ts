import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Volatility } from '../../catalog/function.ts'
import { defaultBatching } from '../../catalog/policy/policies.ts'
import type { ResultSegment } from '../../catalog/store/stateStore.ts'
import { encodeColumn } from '../../src/arrow/encode.ts'
import { columnToIpc } from '../../src/arrow/ipcBytes.ts'
import { EngineError } from '../../src/base/errors.ts'
import type { BatchSource } from '../../udf/batching/batchSource.ts'
import { type CallOnceOptions, callOnce } from '../../udf/once/callOnce.ts'
import { arbitraryType } from '../arbitraryType.ts'
import { arbitraryValue } from '../arbitraryValue.ts'
import { failureOf, TestRun } from '../invocations.ts'
import { repeats } from '../repeats.ts'
import { VirtualClock } from '../virtualClock.ts'
import { MemoryResults } from './memoryResults.ts'
import { CountingInvoke, cached, callerOf, deduped, functionOf, Saved } from './onceRuns.ts'

/** A process of its own: nothing but the store is shared. */
function startProcess(
  results: MemoryResults,
  {
    volatility = 'immutable',
    clock = new VirtualClock(),
    ...options
  }: Partial<CallOnceOptions> & {
    volatility?: Volatility
    clock?: VirtualClock
  } = {},
) {
  const behind = new CountingInvoke()
  const once = callOnce({ results, clock, ...options })
  const call = callerOf(once.intercept(once.keepFinished(behind.invoke)), functionOf(volatility))
  return { behind, once, call, clock, saved: new Saved() }
}

/** What a new process gets and calls after what was kept for a, b and c has changed, or gone for null. */
async function afterDamage(damage: (segment: ResultSegment) => ResultSegment | null) {
  const results = new MemoryResults()
  await startProcess(results).call(['a', 'b', 'c'], { policies: cached })
  for (const [id, segment] of results.segments) {
    const damaged = damage(segment)
    if (damaged === null) results.removeSegment(id)
    else results.segments.set(id, damaged)
  }
  const { call, behind, saved } = startProcess(results)
  const values = await call(['a', 'c'], { policies: cached, observer: saved.observer })
  return { values, called: behind.rows, warnings: saved.warnings }
}

describe('the cache', () => {
  it('gives a later run what an earlier one got, and calls only the misses', async () => {
    const results = new MemoryResults()
    const first = startProcess(results)
    await first.call(['a', 'b', 'a', null], { policies: cached })
    expect(
      [...results.segments.values()].map(({ function: name, version, run, rows }) => [
        name,
        version,
        run,
        rows,
      ]),
    ).toEqual([['f', 1, null, 3]])
    const { behind, call, saved } = startProcess(results)
    const context = { policies: cached, observer: saved.observer, firstRow: 10 }
    expect(await call(['a', 'c', 'c', null, 'a'], context)).toEqual(['<a>', '<c>', '<c>', '<null>', '<a>'])
    expect(behind.calls.map(({ values, firstRow }) => [values, firstRow])).toEqual([[['c'], 11]])
    expect(saved.rows).toEqual({ cache: 2, dedupe: 2 })
    expect(await call(['c', 'b'], { policies: cached })).toEqual(['<c>', '<b>'])
    expect(behind.rows).toEqual(['c'])
  })

  it('asks the store for each distinct row once a run', async () => {
    const results = new MemoryResults()
    const { call, behind } = startProcess(results)
    const run = new TestRun()
    for (let batch = 0; batch < 5; batch++) await call(['a', 'b', 'b', 'a'], { run, policies: cached })
    expect(results.finds).toBe(2)
    expect(behind.rows).toEqual(['a', 'b'])
  })

  it('works without dedupe too, and groups equal rows then', async () => {
    const { call, behind, saved } = startProcess(new MemoryResults())
    const context = { policies: { ...cached, dedupe: false }, observer: saved.observer }
    await call(['a', 'a', 'b'], context)
    await call(['b', 'a'], context)
    expect(behind.rows).toEqual(['a', 'b'])
    expect(saved.rows).toEqual({ dedupe: 1, cache: 2 })
  })

  it('lets results grow too old', async () => {
    const results = new MemoryResults()
    const { call, behind, clock } = startProcess(results)
    await call(['a'], { policies: cached })
    await clock.advance(60_000)
    await call(['a'], { policies: cached })
    expect(behind.rows).toEqual(['a'])
    await clock.advance(1)
    await call(['a'], { policies: cached })
    expect(behind.rows).toEqual(['a', 'a'])
    await clock.advance(1_000_000_000)
    await call(['a'], { policies: { ...cached, cache: { ttl: null } } })
    expect(behind.rows).toEqual(['a', 'a'])
  })

  it('keeps no row that failed, and no result for other metadata', async () => {
    const { call, behind } = startProcess(new MemoryResults())
    behind.answer = (values) =>
      values.map((value) => (value === 'x' ? new EngineError('ROW_FAILED', 'no x') : value))
    expect(await call(['a', 'x', 'b'], { policies: cached })).toEqual(['a', 'no x', 'b'])
    expect(await call(['b', 'x', 'a'], { policies: cached })).toEqual(['b', 'no x', 'a'])
    await call(['a'], { policies: cached, metadata: { n: 1 } })
    expect(behind.rows).toEqual(['a', 'x', 'b', 'x', 'a'])
  })

  it('holds itself to its limit now and then', async () => {
    const results = new MemoryResults()
    const { call } = startProcess(results, { cacheLimit: 100_000 })
    for (let batch = 0; batch < 8; batch++) {
      await call([`${batch} `.repeat(2000)], { policies: cached })
    }
    expect(results.evictions.length).toBeGreaterThan(2)
    expect(results.evictions.length).toBeLessThan(8)
    expect(results.evictions[0]).toEqual({ maxBytes: 100_000, notBefore: 0 })
  })

  it('calls when the store fails, and says so once a run', async () => {
    const results = new MemoryResults()
    results.failure = new EngineError('STORE_FAILED', 'the disk is full')
    const { call, behind, saved } = startProcess(results)
    const context = { policies: cached, observer: saved.observer, run: new TestRun() }
    expect(await call(['a', 'b'], context)).toEqual(['<a>', '<b>'])
    expect(await call(['c'], context)).toEqual(['<c>'])
    expect(behind.rows).toEqual(['a', 'b', 'c'])
    expect(saved.warnings).toEqual([
      'kept results cannot be read, so that calls are made again: the disk is full',
    ])
  })

  it('calls again where what is kept is damaged, of another type, or gone', async () => {
    const cutOff = await afterDamage((segment) => ({
      ...segment,
      data: segment.data.subarray(0, segment.data.length >> 1),
    }))
    expect(cutOff).toEqual({
      values: ['<a>', '<c>'],
      called: ['a', 'c'],
      warnings: [expect.stringMatching(/^a kept result is damaged, so that its calls are made again: /)],
    })
    const numbers = columnToIpc(
      { name: 'result', type: { kind: 'integer' } },
      encodeColumn({ kind: 'integer' }, [1, 2, 3]),
    )
    const otherType = await afterDamage((segment) => ({ ...segment, data: numbers }))
    expect(otherType).toMatchObject({ values: ['<a>', '<c>'], called: ['a', 'c'] })
    const otherRows = await afterDamage((segment) => ({ ...segment, rows: 4 }))
    expect(otherRows).toMatchObject({ values: ['<a>', '<c>'], called: ['a', 'c'] })
    const otherFunction = await afterDamage((segment) => ({ ...segment, version: 2 }))
    expect(otherFunction).toEqual({ values: ['<a>', '<c>'], called: ['a', 'c'], warnings: [] })
    const gone = await afterDamage(() => null)
    expect(gone).toEqual({ values: ['<a>', '<c>'], called: ['a', 'c'], warnings: [] })
    for (let at = 0; at < 300; at += 7) {
      const { values, called } = await afterDamage(({ data, ...segment }) => ({
        ...segment,
        data: data.map((byte, index) => (index === at ? byte ^ 0xff : byte)),
      }))
      // Whether the bytes of a text are the right ones only the store could tell.
      expect(values).toHaveLength(2)
      if (called.length === 2) expect(values).toEqual(['<a>', '<c>'])
    }
  })

  it('gives back results of every type as they were', async () => {
    await fc.assert(
      fc.asyncProperty(
        arbitraryType().chain((type) =>
          fc.array(arbitraryValue(type), { minLength: 1, maxLength: 20 }).map((values) => ({ type, values })),
        ),
        async ({ type, values }) => {
          const results = new MemoryResults()
          const registered = functionOf('immutable', { input: { kind: 'integer' }, output: type })
          const answer = (rows: readonly unknown[]) => rows.map((row) => values[Number(row)])
          const rows = values.map((_, row) => row)
          const got = []
          for (let run = 0; run < 2; run++) {
            const behind = new CountingInvoke(answer)
            const { once } = startProcess(results)
            got.push(await callerOf(once.intercept(behind.invoke), registered)(rows, { policies: cached }))
            expect(behind.rows).toHaveLength(run === 0 ? rows.length : 0)
            await once.close()
          }
          expect(got[1]).toEqual(got[0])
          expect(got[0]).toEqual(values)
        },
      ),
      { numRuns: repeats(100) },
    )
  })
})

describe('a look-up', () => {
  it('tells its source that rows may come until they are called, or found', async () => {
    const results = new MemoryResults()
    const { call, behind } = startProcess(results)
    const seen: string[] = []
    const source: BatchSource = {
      active: () => {},
      idle: () => {},
      end: () => {},
      wantedRows: () => 0,
      expectRows: () => {
        let expecting = true
        seen.push('expected')
        return () => {
          if (expecting) seen.push('arrived')
          expecting = false
        }
      },
    }
    behind.answer = async (values) => {
      seen.push('called')
      await new Promise(setImmediate)
      seen.push('done')
      return values
    }
    await call(['a'], { policies: cached, source })
    expect(seen).toEqual(['expected', 'called', 'arrived', 'done'])
    seen.length = 0
    await call(['a'], { policies: cached, source })
    expect(seen).toEqual(['expected', 'arrived'])
    seen.length = 0
    await call(['b'], { policies: deduped, source })
    expect(seen).toEqual(['called', 'done'])
  })
})

describe('the journal of a run', () => {
  it('lets a resumed run call only what is missing', async () => {
    const results = new MemoryResults()
    const first = startProcess(results)
    first.behind.answer = (values) => {
      if (values.includes('c')) throw new EngineError('UNAVAILABLE', 'killed')
      return values.map((value) => `<${String(value)}>`)
    }
    const run = new TestRun('run 1')
    const policies = { ...deduped, dedupe: false }
    await first.call(['a', 'b', 'a'], { run, policies })
    await failureOf(first.call(['c'], { run, policies, firstRow: 3 }))
    const { behind, call, saved } = startProcess(results)
    const again = { run: new TestRun('run 1'), policies, observer: saved.observer }
    expect(await call(['a', 'b', 'a'], again)).toEqual(['<a>', '<b>', '<a>'])
    expect(await call(['c'], { ...again, firstRow: 3 })).toEqual(['<c>'])
    expect(behind.rows).toEqual(['c'])
    expect(saved.rows).toEqual({ journal: 2, dedupe: 1 })
  })

  it('is of one run, and for stable functions too', async () => {
    const results = new MemoryResults()
    const { call, behind } = startProcess(results, { volatility: 'stable' })
    await call(['a'], { run: new TestRun('one') })
    await call(['a'], { run: new TestRun('one') })
    await call(['a'], { run: new TestRun('two') })
    expect(behind.rows).toEqual(['a', 'a'])
  })

  it('knows the results of volatile functions by their place', async () => {
    const results = new MemoryResults()
    let count = 0
    const answer = (values: readonly unknown[]) => values.map((value) => `${String(value)} ${++count}`)
    const first = startProcess(results, { volatility: 'volatile' })
    first.behind.answer = answer
    const run = new TestRun('run')
    expect(await first.call(['a', 'a', 'b'], { run })).toEqual(['a 1', 'a 2', 'b 3'])
    const second = startProcess(results, { volatility: 'volatile' })
    second.behind.answer = answer
    expect(await second.call(['a', 'a'], { run })).toEqual(['a 1', 'a 2'])
    expect(await second.call(['b', 'a'], { run, firstRow: 2 })).toEqual(['b 3', 'a 4'])
    expect(await second.call(['a'], { run: new TestRun('another') })).toEqual(['a 5'])
    expect(second.behind.calls.map(({ firstRow }) => firstRow)).toEqual([3, 0])
  })

  it('tells call sites of volatile functions apart', async () => {
    const { call, behind } = startProcess(new MemoryResults(), {
      volatility: 'volatile',
    })
    const run = new TestRun('run')
    await call(['a'], { run, site: 1 })
    await call(['a'], { run, site: 2 })
    await call(['a'], { run, site: 1 })
    expect(behind.rows).toEqual(['a', 'a'])
  })

  it('has a result before it goes on', async () => {
    const results = new MemoryResults()
    const { call } = startProcess(results)
    const add = results.add.bind(results)
    const kept: string[] = []
    results.add = async (segment, keys) => {
      await new Promise(setImmediate)
      await add(segment, keys)
      kept.push(`${segment.run} ${segment.rows}`)
    }
    await call(['a', 'b'], { run: new TestRun('run'), policies: cached })
    expect(kept).toEqual(['run 2', 'null 2'])
  })

  it('keeps each call of a batch as soon as it is done, those together that end while it writes', async () => {
    const results = new MemoryResults()
    const { call, behind } = startProcess(results)
    behind.answer = (values) => {
      if (values.includes('g')) throw new EngineError('UNAVAILABLE', 'away')
      return values.map((value) => `<${String(value)}>`)
    }
    const run = new TestRun('run')
    const values = ['a', 'b', 'c', 'c', 'd', 'e', 'f', 'g', 'h']
    const batching = { ...defaultBatching, maxBatchingSize: 2 }
    await failureOf(call(values, { run, batching }))
    expect(behind.calls.map((made) => [made.firstRow, made.values])).toEqual([
      [0, ['a', 'b']],
      [2, ['c', 'd']],
      [5, ['e', 'f']],
      [7, ['g', 'h']],
    ])
    await new Promise(setImmediate)
    behind.calls.length = 0
    behind.answer = (list) => list.map((value) => `<${String(value)}>`)
    const resumed = call(values, { run: new TestRun('run'), batching })
    expect(await resumed).toEqual(values.map((value) => `<${value}>`))
    expect(behind.rows).toEqual(['g', 'h'])
    expect(results.segments.size).toBeLessThanOrEqual(3)
  })
})
