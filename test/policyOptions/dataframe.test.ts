import { describe, expect, test } from 'vitest'
import { DataFrame } from '../../dataframe/dataFrame.ts'
import { F } from '../../dataframe/functions.ts'
import { _ } from '../../dataframe/underscore.ts'
import { isEngineError } from '../../src/base/errors.ts'

const misspelt: object = { maxError: 2 }
const called = F.catalogCall('f', _.a)
const frame = DataFrame.table('t').select('a', 'b', 'x_error')

function refusal(make: () => unknown): string {
  try {
    make()
  } catch (error) {
    if (!isEngineError(error)) throw error
    return `${error.code} ${error.message}`
  }
  return 'accepted'
}

/** The topmost node of what was built. */
function top(built: DataFrame<object>): string {
  return built.toString().split('\n')[0] ?? ''
}

describe('a call says what is done around it', () => {
  test('method by method, in whatever order, and prints as it is written in SQL', () => {
    const careful = called
      .withBatchSize(64, 20)
      .withRetry(3)
      .withRateLimit({ rate: 5, per: 'minute' })
      .withConcurrency(2)
      .withTimeout(500)
      .withDeadline(5000)
      .withCircuitBreaker()
      .withDedupe(false)
      .withCache({ ttl: 60 })
      .withErrorBudget({ maxErrors: 3 })
      .onError('null')
      .withMetadata({ language: 'de' })
    expect(String(careful)).toBe(
      `"f"("a", metadata => {'language': 'de'}, options => {retries: 3, rate_limit: {rate: 5, per: 'minute'}, ` +
        `concurrency: 2, timeout: 500, deadline: 5000, circuit_breaker: true, dedupe: false, cache: {ttl: 60}, ` +
        `on_error: 'null', max_errors: 3, batch_size: 64, buffer_duration: 20})`,
    )
  })

  test('the last word counts', () => {
    expect(String(called.withRetry(3).withRetry(0).withRateLimit(null))).toBe(
      '"f"("a", options => {retries: NULL, rate_limit: NULL})',
    )
  })

  test.each([
    [() => called.plus(1).withRetry(3), 'withRetry', '.withRetry(3)'],
    [() => F.count().withTimeout(3), 'withTimeout', '.withTimeout(500)'],
    [() => F.col('a').onError('null'), 'onError', ".onError('column')"],
    [() => F.col('a').withMetadata({ a: 1 }), 'withMetadata', ".withMetadata({ language: 'de' })"],
  ])('%s belongs to a call', (make, method, example) => {
    expect(refusal(make)).toBe(
      `PLAN_INVALID ${method} belongs to a catalog call\n  F.catalogCall('extract_entities', _.memo)${example}`,
    )
  })

  test('wrong values are refused as in definitions', () => {
    expect(refusal(() => called.withTimeout(-3))).toBe(
      "WRONG_ARGUMENTS the call of 'f' has timeout -3; it must be a number above 0",
    )
    expect(refusal(() => called.withErrorBudget(misspelt))).toBe(
      "WRONG_ARGUMENTS the call of 'f' has an unknown option 'maxError': did you mean 'maxErrors'?",
    )
  })
})

describe('errors of rows', () => {
  test('a tried call has no further use for onError', () => {
    expect(String(F.tryCatalogCall('f', _.a).withRetry(2))).toBe(
      `try_catalog_call('f', "a", options => {retries: 2})`,
    )
    expect(refusal(() => F.tryCatalogCall('f', _.a).onError('null'))).toBe(
      "PLAN_INVALID onError has no use for a call that is tried: its 'error' says why\n" +
        "  use F.catalogCall(…).onError('column'), or F.tryCatalogCall(…) alone",
    )
    expect(refusal(() => Reflect.apply(F.tryCatalogCall, F, [_.a]))).toBe(
      "WRONG_ARGUMENTS tryCatalogCall takes the name of a function first, got a column\n  F.tryCatalogCall('extract_entities', _.memo)",
    )
  })

  test('recover is the value, or the fallback where the call failed', () => {
    expect(top(frame.project({ r: F.recover(called.onError('null'), F.catalogCall('g', _.a)) }))).toBe(
      "project r = CASE WHEN (struct_extract(try_catalog_call('f', a), 'error') IS NULL) " +
        "THEN struct_extract(try_catalog_call('f', a), 'value') ELSE g(a) END",
    )
    const hint = "  F.recover(F.catalogCall('extract_entities', _.memo), F.lit(null))"
    expect(refusal(() => F.recover(F.col('a'), 1))).toBe(
      `PLAN_INVALID recover takes a catalog call, before any other operator\n${hint}`,
    )
    expect(refusal(() => F.recover(F.tryCatalogCall('f', _.a), 1))).toBe(
      `PLAN_INVALID recover takes a call that is not tried already\n${hint}`,
    )
  })

  const outcome = "try_catalog_call('f', a, options => {on_error: 'column'})"
  const value = `struct_extract(${outcome}, 'value')`
  const error = `struct_extract(${outcome}, 'error')`

  test("onError('column') puts a column of errors behind the call, which the next verb can read", () => {
    const projected = frame.project({ y: called.onError('column'), b: _.b })
    expect(top(projected)).toBe(`project y = ${value}, y_error = ${error}, b`)
    expect(top(projected.select('y_error'))).toBe('project y_error')
    expect(top(frame.withColumns({ b: called.onError('column') }))).toBe(
      `project a, b = ${value}, b_error = ${error}, x_error`,
    )
  })

  test('in place of one that was there, but not of another column that is given', () => {
    expect(top(frame.withColumns({ x: called.onError('column') }))).toBe(
      `project a, b, x = ${value}, x_error = ${error}`,
    )
    expect(refusal(() => frame.project({ y: called.onError('column'), y_error: _.a }))).toBe(
      "DUPLICATE_NAME project has two columns named 'y_error'",
    )
  })

  test('elsewhere it waits for the optimizer', () => {
    expect(top(frame.filter(called.onError('column').eq('x')))).toBe(
      "filter (f(a, options => {on_error: 'column'}) = 'x')",
    )
  })
})
