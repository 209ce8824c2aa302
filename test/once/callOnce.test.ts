import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Volatility } from '../../catalog/function.ts'
import { onAbort } from '../../src/base/cancellation.ts'
import { EngineError } from '../../src/base/errors.ts'
import { type CallOnceOptions, callOnce } from '../../udf/once/callOnce.ts'
import { arbitraryType } from '../arbitraryType.ts'
import { arbitraryValue } from '../arbitraryValue.ts'
import { failureOf, TestRun } from '../invocations.ts'
import { repeats } from '../repeats.ts'
import { VirtualClock } from '../virtualClock.ts'
import { MemoryResults } from './memoryResults.ts'
import {
  batchOf,
  CountingInvoke,
  cached,
  callerOf,
  deduped,
  dedupedContextOf,
  functionOf,
  Saved,
} from './onceRuns.ts'

function setUp(options: Partial<CallOnceOptions> = {}, volatility: Volatility = 'immutable') {
  const behind = new CountingInvoke()
  const clock = new VirtualClock()
  const once = callOnce({ results: null, clock, ...options })
  const registered = functionOf(volatility)
  const call = callerOf(once.intercept(behind.invoke), registered)
  return { behind, clock, once, registered, call, run: new TestRun() }
}

/** A promise that a test settles. */
class Gate {
  readonly passed: Promise<void>
  #settle: ((error: Error | null) => void) | null = null

  constructor() {
    this.passed = new Promise((resolve, reject) => {
      this.#settle = (error) => (error === null ? resolve() : reject(error))
    })
  }

  open(): void {
    this.#settle?.(null)
  }

  fail(error: Error): void {
    this.#settle?.(error)
  }
}

const poison = (text: unknown): EngineError => new EngineError('ROW_FAILED', `no ${String(text)}`)

describe('dedupe', () => {
  it('calls distinct rows, in the order in which they first came, and puts results where they belong', async () => {
    const { behind, call, run } = setUp()
    const saved = new Saved()
    const context = { run, observer: saved.observer, firstRow: 100 }
    expect(await call(['b', 'a', 'b', null, 'a', '', null], context)).toEqual([
      '<b>',
      '<a>',
      '<b>',
      '<null>',
      '<a>',
      '<>',
      '<null>',
    ])
    expect(behind.calls.map(({ values, firstRow }) => ({ values, firstRow }))).toEqual([
      { values: ['b', 'a', null, ''], firstRow: 100 },
    ])
    expect(saved.rows).toEqual({ dedupe: 3 })
  })

  it('calls a row once a run, whatever lies between, and says where the first new row was', async () => {
    const { behind, call, run } = setUp()
    await call(['a', 'b'], { run })
    expect(await call(['b', 'c', 'a', 'c'], { run, firstRow: 2 })).toEqual(['<b>', '<c>', '<a>', '<c>'])
    expect(behind.calls.map(({ values, firstRow }) => [values, firstRow])).toEqual([
      [['a', 'b'], 0],
      [['c'], 3],
    ])
    expect(await call(['a', 'b'], { run })).toEqual(['<a>', '<b>'])
    expect(behind.calls).toHaveLength(2)
  })

  it('remembers nothing for another run, other metadata, or another function', async () => {
    const { behind, call, run, once } = setUp()
    await call(['a'], { run })
    await call(['a'], { run: new TestRun() })
    await call(['a'], { run, metadata: { style: 'short' } })
    await call(['a'], { run, metadata: { style: 'short' } })
    await callerOf(once.intercept(behind.invoke), functionOf())(['a'], { run })
    expect(behind.rows).toEqual(['a', 'a', 'a', 'a'])
  })

  it('stays away where it is not asked for, and from volatile functions', async () => {
    const plain = setUp()
    await plain.call(['a', 'a'], { policies: { ...deduped, dedupe: false } })
    expect(plain.behind.rows).toEqual(['a', 'a'])
    const { behind, call } = setUp({ results: new MemoryResults() }, 'volatile')
    await call(['a', 'a'], { policies: cached })
    expect(behind.rows).toEqual(['a', 'a'])
  })

  it('passes a batch without equal rows as it is, and none for no rows', async () => {
    const { once, registered } = setUp()
    const seen: unknown[] = []
    const invoke = once.intercept(async (_, batch, { keepsInput }) => {
      seen.push([batch, keepsInput])
      return { column: batch.columns[0]!, failures: [] }
    })
    const batch = batchOf(registered, ['a', 'b'])
    const context = dedupedContextOf({ keepsInput: true })
    const { column } = await invoke(registered, batch, context)
    expect(seen).toEqual([[batch, true]])
    expect(column).toEqual(batch.columns[0])
    expect(column.values!.buffer).not.toBe(batch.columns[0]!.values!.buffer)
    await invoke(registered, batchOf(registered, ['a', 'b', 'a', 'c']), context)
    expect(seen[1]).toEqual([batchOf(registered, ['c']), false])
  })

  it('joins equal rows that are in flight, of the same run and of others', async () => {
    const { behind, call, run } = setUp()
    const gate = new Gate()
    behind.answer = async (values) => {
      await gate.passed
      return values.map((value) => `<${String(value)}>`)
    }
    const saved = new Saved()
    const other = new TestRun()
    const results = [
      call(['a', 'b'], { run }),
      call(['b', 'c'], { run, observer: saved.observer }),
      call(['c', 'a', 'c', 'd'], { run: other, observer: saved.observer }),
    ]
    gate.open()
    expect(await Promise.all(results)).toEqual([
      ['<a>', '<b>'],
      ['<b>', '<c>'],
      ['<c>', '<a>', '<c>', '<d>'],
    ])
    expect(behind.rows).toEqual(['a', 'b', 'c', 'd'])
    expect(saved.rows).toEqual({ inFlight: 4 })
    // What was joined is known from then on.
    await call(['a', 'c', 'd'], { run: other })
    expect(behind.rows).toHaveLength(4)
  })

  it('joins no call of another query where the function is only stable', async () => {
    const { behind, call, run } = setUp({}, 'stable')
    await Promise.all([call(['a'], { run }), call(['a'], { run }), call(['a'], { run: new TestRun() })])
    expect(behind.rows).toEqual(['a', 'a'])
  })

  it('tells every row that shares one of its failure, and calls it again when it comes again', async () => {
    const { behind, call, run } = setUp()
    behind.answer = (values) => values.map((value) => (value === 'x' ? poison(value) : `<${String(value)}>`))
    expect(await call(['x', 'a', 'x'], { run })).toEqual(['no x', '<a>', 'no x'])
    expect(await call(['a', 'x'], { run })).toEqual(['<a>', 'no x'])
    expect(behind.rows).toEqual(['x', 'a', 'x'])
    behind.answer = (values) => values.map(() => 'now')
    expect(await call(['x', 'x'], { run })).toEqual(['now', 'now'])
  })

  it('makes a call itself that failed where it was joined: the batch, or the row', async () => {
    const { behind, call, run } = setUp()
    const gate = new Gate()
    behind.answer = async (values) => {
      if (behind.calls.length === 1) await gate.passed
      return values.map((value) => `<${String(value)}>`)
    }
    const failing = failureOf(call(['a', 'b'], { run }))
    const waiting = [call(['b', 'c'], { run }), call(['a'], { run: new TestRun() })]
    gate.fail(new EngineError('UNAVAILABLE', 'away'))
    expect(await failing).toMatchObject({ code: 'UNAVAILABLE' })
    expect(await Promise.all(waiting)).toEqual([['<b>', '<c>'], ['<a>']])
    expect(behind.rows).toEqual(['a', 'b', 'c', 'a', 'b'])

    const rows = setUp()
    const second = new Gate()
    rows.behind.answer = async (values) => {
      if (rows.behind.calls.length === 1) await second.passed
      const first = rows.behind.calls.length <= 1 || values.includes('y')
      return values.map((value) => (value === 'x' && first ? poison(value) : `<${String(value)}>`))
    }
    const both = [rows.call(['x', 'y'], { run }), rows.call(['x', 'y'], { run })]
    second.open()
    expect(await Promise.all(both)).toEqual([
      ['no x', '<y>'],
      ['<x>', '<y>'],
    ])
    expect(rows.behind.rows).toEqual(['x', 'y', 'x'])
  })

  it('fails nobody else when a query is cancelled, and one of those that wait makes the call', async () => {
    const { behind, call, run } = setUp()
    behind.answer = async (values, { signal }) => {
      if (behind.calls.length === 1) {
        await new Promise((_, reject) => onAbort(signal, () => reject(poison('cancelled'))))
      }
      return values.map((value) => `<${String(value)}>`)
    }
    const controller = new AbortController()
    const cancelled = failureOf(call(['a'], { run, signal: controller.signal }))
    const waiting = [1, 2, 3].map(() => call(['a'], { run: new TestRun() }))
    while (behind.calls.length === 0) await Promise.resolve()
    controller.abort()
    expect(await cancelled).toMatchObject({ message: 'no cancelled' })
    expect(await Promise.all(waiting)).toEqual([['<a>'], ['<a>'], ['<a>']])
    expect(behind.rows).toEqual(['a', 'a'])
  })

  it('stops to wait when it is cancelled itself, and leaves the call alone', async () => {
    const { behind, call, run } = setUp()
    const gate = new Gate()
    behind.answer = async (values) => {
      await gate.passed
      return values
    }
    const controller = new AbortController()
    const first = call(['a'], { run })
    const second = failureOf(call(['a'], { run: new TestRun(), signal: controller.signal }))
    controller.abort()
    expect(await second).toMatchObject({
      code: 'CANCELLED',
      message: "function 'f' (version 1) was cancelled in batch 7",
    })
    gate.open()
    expect(await first).toEqual(['a'])
    expect(behind.calls[0]?.signal.aborted).toBe(false)
  })

  it('lets functions that call each other wait for no circle', async () => {
    const { behind, call, once, run } = setUp()
    const g = callerOf(once.intercept(behind.invoke), named('g'))
    behind.answer = async (values) => {
      if (behind.calls.length === 1) await g(['y'], { run, chain: ['f'] })
      else if (behind.calls.length === 2) await call(['x'], { run, chain: ['f', 'g'] })
      return values
    }
    expect(await call(['x'], { run })).toEqual(['x'])
    expect(behind.rows).toEqual(['x', 'y', 'x'])
  })

  it('forgets what a run knew when it ends, and can still be called', async () => {
    const { behind, call, run, once } = setUp()
    await call(['a'], { run })
    await run.end()
    expect(await call(['a', 'a'], { run })).toEqual(['<a>', '<a>'])
    expect(behind.rows).toEqual(['a', 'a'])
    await call(['b'], { run: new TestRun() })
    await once.close()
  })

  it('fails where its results do not fit into memory or on disk, and leaves nobody waiting', async () => {
    const { call, run } = setUp({ memoryLimit: 0 })
    const before = process.env['TMPDIR']
    process.env['TMPDIR'] = '/nowhere/at/all'
    try {
      const { code, message } = await failureOf(call(['a'], { run }))
      expect([code, message]).toEqual([
        'IO_FAILED',
        expect.stringMatching(
          /^cannot keep results in a temporary file in \/nowhere\/at\/all: ENOENT: .*\n {2}make room there, set TMPDIR to another directory, or allow more memory$/,
        ),
      ])
    } finally {
      if (before === undefined) delete process.env['TMPDIR']
      else process.env['TMPDIR'] = before
    }
    expect(await call(['a'], { run: new TestRun() })).toEqual(['<a>'])
  })

  it('gives what direct calls give, and calls each distinct row once, for all types and any memory', async () => {
    await fc.assert(
      fc.asyncProperty(
        arbitraryType().chain((type) =>
          fc
            .array(arbitraryValue(type), { minLength: 1, maxLength: 40 })
            .chain((values) =>
              fc
                .array(fc.array(fc.nat(values.length - 1), { maxLength: 60 }), { maxLength: 8 })
                .map((batches) => ({ type, values, batches })),
            ),
        ),
        fc.constantFrom(0, 1000, 1 << 20),
        fc.boolean(),
        async ({ type, values, batches }, memoryLimit, atOnce) => {
          const once = callOnce({ results: null, clock: new VirtualClock(), memoryLimit })
          const registered = functionOf('immutable', { input: type, output: type })
          const behind = new CountingInvoke((list) => list)
          const call = callerOf(once.intercept(behind.invoke), registered)
          const direct = callerOf(new CountingInvoke((list) => list).invoke, registered)
          const run = new TestRun()
          const made = batches.map((batch) => batch.map((index) => values[index]))
          if (atOnce) {
            const results = await Promise.all(made.map((batch) => call(batch, { run })))
            expect(results).toEqual(await Promise.all(made.map((batch) => direct(batch))))
          } else {
            for (const batch of made) expect(await call(batch, { run })).toEqual(await direct(batch))
          }
          const called = behind.rows.length
          for (const batch of made) await call(batch, { run })
          expect(behind.rows).toHaveLength(called)
          await once.close()
        },
      ),
      { numRuns: repeats(200) },
    )
  })
})

function named(name: string) {
  const registered = functionOf()
  return { ...registered, signature: { ...registered.signature, name } }
}
