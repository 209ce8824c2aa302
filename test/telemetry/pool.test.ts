import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { registerFunction } from '../../catalog/registerFunction.ts'
import { PoolExecutor } from '../../dist/udf/executors/pool/pool.js'
import { traceQuery } from '../../src/telemetry/querySpans.ts'
import { traceAttempts, traceBatches } from '../../src/telemetry/traceCalls.ts'
import { batchOf, valuesOf } from '../executor.conformance.ts'
import { whereTraced } from '../fixtures/functions/traced.ts'
import { contextOf } from '../invocations.ts'
import { recordSpans, spanTree } from './spanTree.ts'

const url = new URL('../fixtures/functions/traced.ts', import.meta.url).href
const fn = registerFunction({ ...whereTraced, executor: 'pool' }, { url, exportName: 'whereTraced' })
let pool: PoolExecutor
let sdk: ReturnType<typeof recordSpans>

beforeAll(() => {
  pool = new PoolExecutor(1)
  sdk = recordSpans()
})
afterEach(() => sdk.reset())
afterAll(async () => {
  await pool.close()
  await sdk.forget()
})

const invoke = traceBatches(traceAttempts((...call) => pool.invoke(...call)))

it('a handler in a pool thread stands within its attempt, and its spans come back to it', async () => {
  const query = traceQuery({ statement: null, run: null }, true)
  const result = await invoke(fn, batchOf(fn, ['a']), contextOf({ trace: query.carrier }))
  query.end(null)
  const attempt = sdk
    .spans()
    .find(({ name }) => name === 'attempt where_traced')!
    .spanContext()
  expect(valuesOf(fn, result)).toEqual([`${attempt.traceId} ${attempt.spanId}`])
  expect(spanTree(sdk.spans())).toBe(
    `
query
  batch where_traced
    attempt where_traced
      outer
        inner
`.trim(),
  )
})

it('a call that is not traced says nothing to its thread', async () => {
  expect(valuesOf(fn, await invoke(fn, batchOf(fn, ['a']), contextOf()))).toEqual(['nowhere'])
  expect(sdk.spans()).toEqual([])
})
