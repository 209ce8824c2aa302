import fc from 'fast-check'
import { expect, test } from 'vitest'
import { optionsText, parseOptionsText } from '../../catalog/policy/optionsText.ts'
import { callPlace } from '../../catalog/policy/place.ts'
import { readCallOptions } from '../../catalog/policy/readOptions.ts'
import { isEngineError } from '../../src/base/errors.ts'

const time = fc.integer({ min: 1, max: 1e9 })
const some = <Value>(...values: fc.Arbitrary<Value>[]): fc.Arbitrary<Value> => fc.oneof(...values)
const given = fc.record(
  {
    retries: some<unknown>(
      fc.constant(null),
      fc.nat(9),
      fc.record({ attempts: fc.nat(9), delay: fc.nat(9) }, { requiredKeys: ['delay'] }),
      fc.record(
        { attempts: fc.nat(9), initial: fc.nat(9), retryOn: fc.constant(['429', 'TypeError']) },
        { requiredKeys: [] },
      ),
    ),
    rateLimit: some<unknown>(
      fc.constant(null),
      time,
      fc.record(
        { rate: time, per: fc.constantFrom('second', 'hour'), key: fc.constantFrom("it's", 'k') },
        { requiredKeys: ['rate'] },
      ),
    ),
    concurrency: some<unknown>(fc.constant(null), time, fc.constant({ maxConcurrent: 3, key: 'Käse_x' })),
    timeout: fc.option(time),
    deadline: fc.option(time),
    circuitBreaker: some<unknown>(
      fc.boolean(),
      fc.constant({ failures: 2 }),
      fc.constant({ resetAfter: 0.5 }),
    ),
    dedupe: fc.boolean(),
    cache: some<unknown>(fc.boolean(), fc.constant({ ttl: 60 })),
    onError: fc.constantFrom('fail', 'null', 'column', 'deadLetter'),
    maxErrors: fc.option(fc.nat(9)),
    maxErrorRate: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
    batchSize: some<unknown>(time, fc.constant('auto')),
    bufferDuration: fc.nat(9),
  },
  { requiredKeys: [] },
)

test('options are the same after their way through DuckDB', () => {
  fc.assert(
    fc.property(given, (options) => {
      const read = readCallOptions(options, callPlace('f'))
      if (read !== null) expect(parseOptionsText(optionsText(read), 'f')).toEqual(read)
    }),
  )
})

test.each([
  ['rubbish', "WRONG_ARGUMENTS the call of 'f' has options that are no JSON object: rubbish"],
  ['3', "WRONG_ARGUMENTS the call of 'f' has options that are no JSON object: 3"],
  [
    '{"retires":3}',
    "WRONG_ARGUMENTS the call of 'f' has an unknown option 'retires': did you mean 'retries'?",
  ],
])('%s are none', (text, message) => {
  let refusal = ''
  try {
    parseOptionsText(text, 'f')
  } catch (error) {
    if (isEngineError(error)) refusal = `${error.code} ${error.message}`
  }
  expect(refusal).toBe(message)
})
