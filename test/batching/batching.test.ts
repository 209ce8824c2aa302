import { describe, expect, it } from 'vitest'
import { defaultPolicies } from '../../catalog/policy/policies.ts'
import { EngineError, isEngineError } from '../../src/base/errors.ts'
import type { CallEvent } from '../../udf/callEvents.ts'
import { succeeded } from '../../udf/executor.ts'
import { TestRun } from '../invocations.ts'
import { batchOf, firstContextOf, functionOf, Harness, range } from './batchingHarness.ts'

const f = functionOf('f')

const said = (error: unknown): string =>
  isEngineError(error) ? `${error.code}: ${error.message}` : String(error)

describe('batching', () => {
  it('splits a call and joins its results in order', async () => {
    const harness = new Harness()
    const result = harness.call(f, range(0, 25), { batch: 3, firstRow: 100 })
    expect(await harness.clock.until(result)).toEqual(range(0, 25))
    expect(harness.sizes).toEqual([10, 10, 5])
    expect(harness.sent.map(({ context }) => [context.batch, context.firstRow])).toEqual([
      [3, 100],
      [3, 110],
      [3, 120],
    ])
    expect(harness.clock.pending).toBe(0)
  })

  it('joins results in the order of the rows, whichever batch is done first', async () => {
    const harness = new Harness()
    harness.answer = async ({ values, context }) => {
      await harness.clock.sleep(100 - values[0]!, context.signal)
      return succeeded(batchOf(values).columns[0]!)
    }
    expect(await harness.clock.until(harness.call(f, range(0, 45)))).toEqual(range(0, 45))
  })

  it('passes on what nothing asks to batch, and calls without rows', async () => {
    const harness = new Harness(() => null)
    expect(await harness.clock.until(harness.call(f, range(0, 5000)))).toEqual(range(0, 5000))
    expect(await harness.clock.until(harness.call(f, []))).toEqual([])
    const row = functionOf('rows_of', 'row')
    expect(await harness.clock.until(harness.call(row, range(0, 50)))).toEqual(range(0, 50))
    expect(harness.sizes).toEqual([5000, 0, 50])
  })

  it('makes one call a row of a function that takes rows, where policies are for calls', async () => {
    const harness = new Harness(() => null)
    const policies = { ...defaultPolicies, timeout: 100 }
    const row = functionOf('rows_of', 'row')
    expect(await harness.clock.until(harness.call(row, range(0, 50), { policies }))).toEqual(range(0, 50))
    expect(harness.sizes).toEqual(Array.from({ length: 50 }, () => 1))
    expect(harness.sent.map(({ context }) => context.firstRow)).toEqual(range(0, 50))
  })

  it('lets calls of one instant share batches', async () => {
    const harness = new Harness()
    const results = Promise.all(range(0, 25).map((value) => harness.call(f, [value])))
    expect(await harness.clock.until(results)).toEqual(range(0, 25).map((value) => [value]))
    expect(harness.sizes).toEqual([10, 10, 5])
    expect(harness.sent.map(({ at }) => at - harness.sent[0]!.at)).toEqual([0, 0, 0])
    expect(harness.clock.pending).toBe(0)
  })

  it('lets calls share a batch that come through layers of different depth, or as their source ends', async () => {
    const harness = new Harness()
    const run = new TestRun()
    const source = harness.batching.openSource([f], run)
    const late = async (value: number): Promise<(number | null)[]> => {
      for (let layer = 0; layer < value * 5; layer++) await Promise.resolve()
      return harness.call(f, [value], { batch: value, run, source })
    }
    const results = Promise.all(range(0, 6).map(late))
    source.end()
    await harness.clock.until(results)
    expect(harness.sizes).toEqual([6])
  })

  it('waits for a source that may fill the batch, as long as its rows may wait', async () => {
    const harness = new Harness({ maxBufferDuration: 50 })
    const start = harness.clock.now()
    const source = harness.batching.openSource([f], new TestRun())
    const single = harness.call(f, [7])
    await harness.clock.advance(49)
    expect(harness.sent).toEqual([])
    await harness.clock.advance(1)
    expect(harness.sent.map(({ at, values }) => [at - start, values])).toEqual([[50, [7]]])
    expect(await harness.clock.until(single)).toEqual([7])
    const second = harness.call(f, [8])
    await harness.clock.advance(10)
    source.idle()
    await harness.clock.settle()
    expect(harness.sizes).toEqual([1, 1])
    expect(await harness.clock.until(second)).toEqual([8])
    expect(harness.clock.pending).toBe(0)
  })

  it('fills batches over the batches of a source, and sends the rest when that is stuck or has ended', async () => {
    const harness = new Harness()
    const run = new TestRun()
    const source = harness.batching.openSource([f], run)
    const first = harness.call(f, range(0, 14), { batch: 0, run, source })
    const second = harness.call(f, range(14, 14), { batch: 1, firstRow: 14, run, source })
    source.idle()
    await harness.clock.settle()
    // The oldest batch is on its way: once it is done the source goes on.
    expect(harness.sizes).toEqual([10, 10])
    expect(await harness.clock.until(first)).toEqual(range(0, 14))
    expect(harness.sizes).toEqual([10, 10])
    source.active()
    const third = harness.call(f, range(28, 3), { batch: 2, firstRow: 28, run, source })
    source.end()
    expect(await harness.clock.until(Promise.all([second, third]))).toEqual([range(14, 14), range(28, 3)])
    expect(harness.sizes).toEqual([10, 10, 10, 1])
    expect(harness.sent[1]!.context).toMatchObject({ batch: 0, firstRow: 10 })
    expect(harness.clock.pending).toBe(0)
  })

  it('waits for what a layer above looks up', async () => {
    const harness = new Harness()
    const run = new TestRun()
    const source = harness.batching.openSource([f], run)
    const found = source.expectRows()
    const first = harness.call(f, [1], { run, source })
    source.idle()
    await harness.clock.advance(100)
    expect(harness.sizes).toEqual([])
    const second = harness.call(f, [2], { batch: 1, run, source })
    found()
    expect(await harness.clock.until(Promise.all([first, second]))).toEqual([[1], [2]])
    expect(harness.sizes).toEqual([2])
  })

  it('does not wait for a query that waits for its own rows', async () => {
    const harness = new Harness()
    const run = new TestRun()
    const below = harness.batching.openSource([f], run)
    const above = harness.batching.openSource([f], run)
    const earlier = harness.call(f, [1], { run, source: above })
    const result = harness.call(f, [2], { run, source: below })
    below.end()
    expect(await harness.clock.until(result)).toEqual([2])
    expect(harness.clock.now() - harness.sent[0]!.at).toBe(5)
    await earlier
    await run.end()
  })

  it('shares no batch where metadata, policies or the policy differ', async () => {
    const harness = new Harness()
    const contexts = [
      { metadata: { a: 1, b: 2 } },
      { metadata: { b: 2, a: 1 } },
      { metadata: { a: 1 } },
      {},
      { policies: { ...defaultPolicies } },
      { policies: { ...defaultPolicies, timeout: 5 } },
      { run: { journal: 'run', onEnd() {} } },
    ]
    const results = contexts.map((context, index) => harness.call(f, [index], context))
    expect(await harness.clock.until(Promise.all(results))).toEqual(range(0, 7).map((value) => [value]))
    expect(harness.sent.map(({ values }) => values)).toEqual([[0, 1], [2], [3, 4], [5], [6]])
  })

  it('shares no batch with other callers where the function says so', async () => {
    const harness = new Harness({ acrossCallers: false })
    const runs = [new TestRun(), new TestRun()]
    const sources = runs.map((run) => harness.batching.openSource([f], run))
    const results = range(0, 6).map((value) =>
      harness.call(f, [value], { batch: value, run: runs[value % 2]!, source: sources[value % 2]! }),
    )
    const alone = [harness.call(f, [6]), harness.call(f, [7])]
    for (const source of sources) source.end()
    await harness.clock.until(Promise.all([...results, ...alone]))
    expect(harness.sent.map(({ values }) => values).toSorted((a, b) => a[0]! - b[0]!)).toEqual([
      [0, 2, 4],
      [1, 3, 5],
      [6],
      [7],
    ])
  })

  it('takes the rows of a cancelled caller out, and gives a batch up with the last of its callers', async () => {
    const harness = new Harness()
    const source = harness.batching.openSource([f], new TestRun())
    const callers = range(0, 5).map(() => new AbortController())
    const results = callers.map(({ signal }, index) =>
      harness.call(f, range(index * 4, 4), { signal, batch: index }).catch(said),
    )
    await harness.clock.settle()
    expect(harness.sent.map(({ values }) => values)).toEqual([range(0, 10), range(10, 10)])
    callers[0]!.abort()
    callers[1]!.abort()
    expect(harness.sent[0]!.context.signal.aborted).toBe(false)
    callers[2]!.abort()
    expect(harness.sent.map(({ context }) => context.signal.aborted)).toEqual([true, false])
    expect(await harness.clock.until(Promise.all(results))).toEqual([
      "CANCELLED: function 'f' (version 1) was cancelled in batch 0",
      "CANCELLED: function 'f' (version 1) was cancelled in batch 1",
      "CANCELLED: function 'f' (version 1) was cancelled in batch 2",
      range(12, 4),
      range(16, 4),
    ])
    const waiting = new AbortController()
    const gone = harness.call(f, [1, 2], { signal: waiting.signal }).catch(said)
    const stays = harness.call(f, [3])
    waiting.abort()
    expect(await gone).toContain('CANCELLED')
    source.end()
    expect(await harness.clock.until(stays)).toEqual([3])
    expect(harness.sent.at(-1)!.values).toEqual([3])
    expect(harness.clock.pending).toBe(0)
  })

  it('lets each caller stop at its own deadline while the call goes on', async () => {
    const harness = new Harness()
    const start = harness.clock.now()
    const early = harness.call(f, [1], { deadline: start + 3 }).catch(said)
    const late = harness.call(f, [2], { deadline: start + 10, batch: 4 })
    expect(await harness.clock.until(early)).toEqual(
      "DEADLINE_EXCEEDED: function 'f' (version 1) was not done with batch 0 by its deadline",
    )
    expect(harness.clock.now() - start).toBe(3)
    expect(harness.sent[0]!.context.deadline).toBe(start + 10)
    expect(await harness.clock.until(late)).toEqual([2])
    expect(harness.clock.pending).toBe(0)
  })

  it('fails every caller of a batch, naming its own, and sends no more of their rows', async () => {
    const harness = new Harness()
    harness.answer = async ({ context }) => {
      await harness.clock.sleep(5, context.signal)
      throw new EngineError('FUNCTION_FAILED', `function 'f' (version 1) failed in batch ${context.batch}`, {
        function: 'f',
        batch: context.batch,
        hint: 'do not fail',
      })
    }
    const source = harness.batching.openSource([f], new TestRun())
    const results = [6, 6].map((rows, batch) => harness.call(f, range(0, rows), { batch }).catch(said))
    expect(await harness.clock.until(Promise.all(results))).toEqual([
      "FUNCTION_FAILED: function 'f' (version 1) failed in batch 0\n  do not fail",
      "FUNCTION_FAILED: batch 1 of function 'f' (version 1) shared a call that failed: function 'f' (version 1) failed in batch 0\n  do not fail",
    ])
    source.end()
    await harness.clock.advance(2000)
    expect(harness.sizes).toEqual([10])
    expect(harness.clock.pending).toBe(0)
  })

  it('gives failed rows to the caller whose they are', async () => {
    const harness = new Harness()
    const error = new EngineError('ROW_FAILED', 'no')
    harness.answer = async ({ values }) => ({
      column: batchOf(values).columns[0]!,
      failures: values.flatMap((value, row) => (value % 4 === 1 ? [{ row, error }] : [])),
    })
    const results = await Promise.all(
      [12, 3].map(async (rows, index) => {
        const { failures } = await harness.invoke(f, batchOf(range(index * 12, rows)), firstContextOf())
        return failures.map(({ row }) => row)
      }),
    )
    expect(results).toEqual([[1, 5, 9], [1]])
  })

  it('keeps to bytes and costs, and sends a row that is too large alone', async () => {
    const bytes = new Harness({ maxBytes: 40 })
    expect(await bytes.clock.until(bytes.call(f, range(0, 12)))).toEqual(range(0, 12))
    expect(bytes.sizes).toEqual([5, 5, 2])
    const costs = new Harness(() => ({
      policy: { maxBatchingSize: 4, maxBufferDuration: 0, maxBytes: null, maxCost: 10, acrossCallers: true },
      costOf: ({ columns }) => Array.from(columns[0]!.values!, Number),
      concurrency: 4,
    }))
    const values = [3, 3, 4, 1, 99, 5, 6, 0, 0, 0, 0, 1]
    expect(await costs.clock.until(costs.call(f, values))).toEqual(values)
    expect(costs.sent.map(({ values: sent }) => sent)).toEqual([
      [3, 3, 4],
      [1],
      [99],
      [5],
      [6, 0, 0, 0],
      [0, 1],
    ])
    await expect(costs.call(f, [1, -1])).rejects.toThrow(
      "costOf of function 'f' (version 1) gave -1 for row 1: a cost is a number from 0",
    )
  })

  it('tells each caller its part of what happens', async () => {
    const harness = new Harness()
    harness.answer = async ({ values, context }) => {
      const called = { function: 'f', version: 1 }
      const { batch, firstRow, attempt } = context
      const shape = {
        kind: 'called',
        batch,
        firstRow,
        attempt,
        capacity: 10,
        started: 0,
        error: null,
      } as const
      context.observer(called, { ...shape, rows: values.length, milliseconds: 8 })
      context.observer(called, { kind: 'usage', key: null, units: { tokens: 50 } })
      context.observer(called, { kind: 'waited', for: 'rateLimit', milliseconds: 3 })
      context.observer(called, { kind: 'failed', rows: 1, error: new EngineError('ROW_FAILED', 'no') })
      return {
        column: batchOf(values).columns[0]!,
        failures: [{ row: 3, error: new EngineError('ROW_FAILED', 'no') }],
      }
    }
    const told: CallEvent[][] = [[], []]
    await Promise.all(
      [1, 4].map((rows, index) =>
        harness.call(f, range(0, rows), {
          batch: index + 5,
          firstRow: 100 * index,
          observer: (_, event) => told[index]!.push(event),
        }),
      ),
    )
    expect(told).toMatchObject([
      [
        { kind: 'called', batch: 5, firstRow: 0, rows: 1, calls: 0, capacity: 1, milliseconds: 0 },
        { kind: 'usage', units: { tokens: 10 } },
      ],
      [
        { kind: 'called', batch: 6, firstRow: 100, rows: 4, capacity: 9, milliseconds: 8 },
        { kind: 'usage', units: { tokens: 40 } },
        { kind: 'waited', for: 'rateLimit', milliseconds: 3 },
        { kind: 'failed', rows: 1 },
      ],
    ])
  })

  it('fails what waits when it is closed', async () => {
    const harness = new Harness()
    harness.batching.openSource([f], new TestRun())
    const waiting = [harness.call(f, range(0, 14)), harness.call(f, [1])]
    await harness.clock.settle()
    harness.batching.close()
    for (const result of waiting) await expect(result).rejects.toThrow('batching is closed')
    await expect(harness.call(f, [1])).rejects.toThrow('batching is closed')
    expect(harness.clock.pending).toBe(0)
    expect(harness.sent[0]!.context.signal.aborted).toBe(true)
  })
})
