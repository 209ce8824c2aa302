import { defineFunction, type SessionOptions } from 'callplane'
import { expect, test } from 'vitest'
import { estimatedCardinality } from '../../src/session/estimateRows.ts'
import { openSession } from '../sessions.ts'

const ask = defineFunction({
  name: 'ask',
  input: { i: 'BIGINT' },
  output: 'BIGINT',
  batching: { maxBatchingSize: 64, maxBytes: 100_000 },
  retries: 2,
  rateLimit: { rate: 10, per: 'minute', key: 'asked' },
  timeout: 500,
  cache: { ttl: 60 },
  onError: 'null',
  maxErrors: 5,
  price: { perRow: 0.01 },
  handler: async ({ i }) => i,
})

const explained = async (query: string, options: SessionOptions = {}): Promise<readonly string[]> => {
  const session = await openSession({ functions: [ask], state: null, ...options })
  const text = await session.explain(query)
  return text
    .slice(text.indexOf('\nCalls\n') + 7, text.indexOf('\nStages'))
    .trimEnd()
    .split('\n')
}

test('EXPLAIN says what is done around a call and what it will take', async () => {
  expect(await explained('SELECT ask(i) FROM range(6400) t(i)')).toEqual([
    '  ask (version 1): staged, on the main thread: its handler is async',
    "    batches of 64 or 100000 bytes, within 1000 ms; 32 at a time (what the main thread has room for); 10 a minute, shared as 'asked'; 2 retries, exponential from 1 s; timeout 500 ms; equal inputs once; cached for 60 s; rows that fail become null, up to 5 rows",
    '    estimate: 6,400 rows in 100 calls, $64.00 (no earlier run)',
  ])
})

test('and what the call site asks for', async () => {
  const [, policies] = await explained(
    "SELECT try_catalog_call('ask', i, options => {batch_size: 8, concurrency: 2, cache: false, dedupe: false}) FROM range(10) t(i)",
  )
  expect(policies).toBe(
    "    batches of 8 or 100000 bytes, within 1000 ms; 2 at a time; 10 a minute, shared as 'asked'; 2 retries, exponential from 1 s; timeout 500 ms; errors are values",
  )
})

test('a plan without an estimate has none', () => {
  expect(estimatedCardinality('[{"name":"X","children":[{"name":"Y"},{"name":"Z"}]}]')).toBeNull()
  expect(estimatedCardinality('[]')).toBeNull()
  const below = '[{"children":[{"extra_info":{"Estimated Cardinality":"12"}}]}]'
  expect(estimatedCardinality(below)).toBe(12)
})
