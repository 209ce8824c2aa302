import { type Context, context, SpanStatusCode, TraceFlags, trace } from '@opentelemetry/api'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { RegisteredFunction } from '../../catalog/registerFunction.ts'
import { encodeColumn } from '../../src/arrow/encode.ts'
import { EngineError } from '../../src/base/errors.ts'
import { openQuerySpan } from '../../src/telemetry/openSpan.ts'
import { traceQuery, traceStage } from '../../src/telemetry/querySpans.ts'
import { traceAttempts, traceBatches } from '../../src/telemetry/traceCalls.ts'
import type { Tracing } from '../../src/telemetry/tracing.ts'
import type { CallEvent } from '../../udf/callEvents.ts'
import { type Invoke, type InvokeContext, succeeded } from '../../udf/executor.ts'
import type { TraceCarrier } from '../../udf/traceCarrier.ts'
import { batchOf, registered } from '../executor.conformance.ts'
import { contextOf } from '../invocations.ts'
import { recordSpans, spanTree } from './spanTree.ts'

const upper = registered('upper')
const batch = batchOf(upper, ['a', 'b', 'c'])
const answer = () => succeeded(encodeColumn(upper.signature.output, ['A', 'B', 'C']))

describe('with an SDK', () => {
  let sdk: ReturnType<typeof recordSpans>

  beforeAll(() => {
    sdk = recordSpans()
  })
  afterEach(() => sdk.reset())
  afterAll(() => sdk.forget())

  it('a query is a tree of stages, batches and attempts', async () => {
    await runQuery(async () => answer())
    expect(spanTree(sdk.spans(), describeSpan)).toBe(
      `
query {"db.query.text":"SELECT 1","callplane.run":"run-1"}
  stage {"callplane.stage":"call upper"}
    batch upper_batch {"callplane.function":"upper_batch","callplane.version":2,"callplane.batch":7,"callplane.first_row":1000,"callplane.rows":3}
      attempt upper_batch {"callplane.function":"upper_batch","callplane.version":2,"callplane.batch":7,"callplane.first_row":1000,"callplane.rows":3,"callplane.attempt":1,"callplane.executor":"pool"}
`.trim(),
    )
  })

  it('each attempt is a span, and says how it failed', async () => {
    let calls = 0
    await runQuery(async () => {
      if (++calls < 3) throw new EngineError('UNAVAILABLE', `down for the ${calls}. time`)
      return answer()
    })
    expect(spanTree(sdk.spans(), describeEnd)).toBe(
      `
query
  stage
    batch upper_batch
      attempt upper_batch: UNAVAILABLE, down for the 1. time
      attempt upper_batch: UNAVAILABLE, down for the 2. time
      attempt upper_batch
`.trim(),
    )
  })

  it('a batch that fails says so, and what it failed with goes on', async () => {
    const error = await runQuery(async () => {
      throw new EngineError('FUNCTION_FAILED', 'boom')
    })
    expect(error).toMatchObject({ code: 'FUNCTION_FAILED' })
    expect(sdk.spans().filter(({ status }) => status.code === SpanStatusCode.ERROR)).toHaveLength(4)
  })

  it('rows that fail alone are counted', async () => {
    await runQuery(async () => ({
      ...answer(),
      failures: [{ row: 1, error: new EngineError('ROW_FAILED', 'no') }],
    }))
    const counts = sdk.spans().map(({ attributes }) => attributes['callplane.failed_rows'] ?? null)
    expect(counts).toEqual([1, 1, null, null])
  })

  it('what a handler measures lies in its attempt, each span in its own', async () => {
    const told: CallEvent[] = []
    await runQuery(measuring, { observer: (_called, event) => told.push(event) })
    expect(spanTree(sdk.spans(), describeEnd)).toBe(
      `
query
  stage
    batch upper_batch
      attempt upper_batch
        model
          tokenize
          infer: undefined, no memory
`.trim(),
    )
    const tokenize = sdk.spans().find(({ name }) => name === 'tokenize')!
    expect(tokenize.startTime).toEqual([1_700_000_000, 2_000_000])
    expect(tokenize.duration).toEqual([0, 2_500_000])
    expect(told.map(({ kind }) => kind)).toEqual(['saved'])
  })

  it('a function that a handler calls lies in the attempt that calls it', async () => {
    const inner = invokeWith(async () => answer())
    await runQuery(async (fn, rows, given) => {
      await inner(fn, rows, given)
      return answer()
    })
    expect(spanTree(sdk.spans())).toBe(
      `
query
  stage
    batch upper_batch
      attempt upper_batch
        batch upper_batch
          attempt upper_batch
`.trim(),
    )
  })

  it('a handler finds itself within its attempt', async () => {
    let active: string | undefined
    await runQuery(async () => {
      await Promise.resolve()
      active = trace.getActiveSpan()?.spanContext().spanId
      return answer()
    })
    const attempt = sdk.spans().find(({ name }) => name === 'attempt upper_batch')!
    expect(active).toBe(attempt.spanContext().spanId)
  })

  it.each<[Tracing, number, string, string]>([
    [undefined, 0, 'caller>query', ''],
    [false, 0, 'caller', ''],
    [true, 0.99, 'caller>query', 'query'],
    [{ sampleRate: 0 }, 0, 'caller>query', ''],
    [{ sampleRate: 0.5 }, 0.49, 'caller>query', 'query'],
    [{ sampleRate: 0.5 }, 0.5, 'caller>query', ''],
    [{ sampleRate: 1 }, 0.99, 'caller>query', 'query'],
  ])(
    'tracing %o at %d gives %s below a traced caller, %j else',
    async (tracing, number, traced, untraced) => {
      const query = () => openQuerySpan({ name: 'query', attributes: {} }, tracing, () => number).end(null)
      query()
      expect(
        sdk
          .spans()
          .map(({ name }) => name)
          .join(),
        'no caller',
      ).toBe(untraced)
      sdk.reset()
      context.with(unsampledCaller(), query)
      expect(
        sdk
          .spans()
          .map(({ name }) => name)
          .join(),
        'a caller that is not sampled',
      ).toBe(untraced)
      sdk.reset()
      trace.getTracer('test').startActiveSpan('caller', (caller) => {
        query()
        caller.end()
      })
      expect(spanTree(sdk.spans()).replaceAll(/\n */g, '>'), 'a caller that is sampled').toBe(traced)
    },
  )

  it('a trace of its own, beside a caller that is not sampled, links to it', () => {
    context.with(unsampledCaller(), () => openQuerySpan({ name: 'query', attributes: {} }, true).end(null))
    const [query] = sdk.spans()
    expect(query!.parentSpanContext).toBeUndefined()
    expect(query!.links.map(({ context: linked }) => linked.traceId)).toEqual(['1'.repeat(32)])
  })

  it('without a carrier nothing is recorded, and what is around is left as it is', async () => {
    const contexts: InvokeContext[] = []
    const given = contextOf()
    await invokeWith(async (_fn, _rows, passed) => {
      contexts.push(passed)
      return answer()
    })(upper, batch, given)
    expect(sdk.spans()).toEqual([])
    expect(contexts[0]!.observer).toBe(given.observer)
  })
})

describe('without an SDK', () => {
  it('nothing is traced, whatever is asked for', async () => {
    const query = traceQuery({ statement: null, run: null }, true)
    expect(query.carrier).toBeNull()
    const stage = traceStage(query.carrier, 'call upper')
    const invoked = traceBatches(traceAttempts(async () => answer()))
    await invoked(upper, batch, contextOf({ trace: stage.carrier }))
    stage.end(new EngineError('INTERNAL', 'no'))
    query.end(null)
    expect(stage.carrier).toBeNull()
  })

  it("a caller's carrier goes through as it came", async () => {
    const carrier: TraceCarrier = {
      traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
      tracestate: null,
    }
    let seen: InvokeContext['trace']
    const executor: Invoke = async (_fn: RegisteredFunction, _rows, given) => {
      seen = given.trace
      return answer()
    }
    await traceBatches(traceAttempts(executor))(upper, batch, contextOf({ trace: carrier }))
    expect(seen).toEqual(carrier)
  })
})

/** Attempts a batch until it succeeds. */
function retrying(next: Invoke): Invoke {
  return async (fn, rows, given) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await next(fn, rows, { ...given, attempt })
      } catch (error) {
        if (attempt === 3) throw error
      }
    }
  }
}

function span(id: number, parent: number | null, name: string, error: string | null = null): CallEvent {
  const started = 1_700_000_000_000 + id
  return {
    kind: 'span',
    batch: 7,
    firstRow: 1000,
    attempt: 1,
    id,
    parent,
    name,
    started,
    milliseconds: 2.5,
    error,
  }
}

async function runQuery(executor: Invoke, options: Partial<InvokeContext> = {}): Promise<unknown> {
  const query = traceQuery({ statement: 'SELECT 1', run: 'run-1' }, true)
  const stage = traceStage(query.carrier, 'call upper')
  try {
    return await invokeWith(executor)(upper, batch, contextOf({ trace: stage.carrier, ...options }))
  } catch (error) {
    return error
  } finally {
    stage.end(null)
    query.end(null)
  }
}

function invokeWith(executor: Invoke): Invoke {
  return traceBatches(retrying(traceAttempts(executor)))
}

/** Tells of spans as handlers do: inner ones first. */
const measuring: Invoke = async (_fn, _rows, { observer }) => {
  const called = { function: 'upper', version: 2 }
  observer(called, span(2, 1, 'tokenize'))
  observer(called, span(3, 1, 'infer', 'no memory'))
  observer(called, { kind: 'saved', by: 'cache', rows: 1 })
  observer(called, span(1, null, 'model'))
  return answer()
}

function unsampledCaller(): Context {
  return trace.setSpanContext(context.active(), {
    traceId: '1'.repeat(32),
    spanId: '2'.repeat(16),
    traceFlags: TraceFlags.NONE,
  })
}

function describeSpan({ name, attributes }: ReadableSpan): string {
  return `${name} ${JSON.stringify(attributes)}`
}

function describeEnd({ name, status, attributes }: ReadableSpan): string {
  if (status.code !== SpanStatusCode.ERROR) return name
  return `${name}: ${String(attributes['error.type'])}, ${status.message}`
}
