import { describe, expect, it } from 'vitest'
import { decodeError, EngineError, encodeError } from '../../src/base/errors.ts'
import { classifyFailure } from '../../udf/policies/classifyFailure.ts'
import { isWorthRetrying } from '../../udf/policies/retryDecision.ts'
import { failed, unavailable } from './calls.ts'

const thrown = (properties: object, cause?: unknown): EngineError =>
  failed('failed', Object.assign(new Error('failed', { cause }), properties))

describe('a failure', () => {
  it('is told by what a handler threw, and by what caused that', () => {
    const cases = [
      [thrown({}), 'thrown'],
      [failed('a text', 'a text'), 'thrown'],
      [thrown({ status: 429 }), 'exhausted'],
      [thrown({ statusCode: '429' }), 'exhausted'],
      [thrown({ status: 502 }), 'unavailable'],
      [thrown({ status: 503 }), 'unavailable'],
      [thrown({ statusCode: 504 }), 'unavailable'],
      [thrown({ status: 500 }), 'thrown'],
      [thrown({ code: 'ECONNREFUSED' }), 'unavailable'],
      [thrown({ code: 'ENOENT' }), 'thrown'],
      [thrown({}, Object.assign(new Error('x'), { code: 'ECONNRESET' })), 'unavailable'],
      [thrown({}, new TypeError('x', { cause: { code: 'EAI_AGAIN' } })), 'unavailable'],
      [failed('nested', unavailable()), 'unavailable'],
      [failed('nested', thrown({ status: 429 })), 'exhausted'],
      [new EngineError('RESOURCE_EXHAUSTED', 'x'), 'exhausted'],
      [new EngineError('TIMED_OUT', 'x'), 'unavailable'],
      [new EngineError('ROW_FAILED', 'x', {}, { status: 429 }), 'exhausted'],
      [new EngineError('FUNCTION_RESULT_INVALID', 'x', {}, { status: 429 }), 'other'],
      [new EngineError('BATCH_TOO_LARGE', 'x'), 'other'],
    ] as const
    for (const [error, expected] of cases) {
      expect(classifyFailure(error), error.code).toBe(expected)
      expect(classifyFailure(decodeError(encodeError(error))), 'from another thread').toBe(expected)
    }
    const circular = new Error('circular')
    circular.cause = circular
    expect(classifyFailure(failed('failed', circular))).toBe('thrown')
  })
})

describe('what is worth another attempt', () => {
  it('is what may pass, if a policy does not say', () => {
    for (const error of [
      thrown({}),
      thrown({ status: 429 }),
      unavailable(),
      new EngineError('ROW_FAILED', 'x'),
    ]) {
      expect(isWorthRetrying(error, null)).toBe(true)
    }
    for (const code of ['FUNCTION_RESULT_ROWS', 'FUNCTION_RESULT_INVALID', 'ROWS_LOST'] as const) {
      expect(isWorthRetrying(new EngineError(code, 'x'), null), code).toBe(false)
    }
  })

  it('is what a policy lists: codes, classes and statuses', () => {
    class QuotaError extends Error {}
    const quota = failed('failed', new QuotaError('no more'))
    const cases = [
      [quota, ['QuotaError'], true],
      [quota, ['TypeError'], false],
      [quota, ['FUNCTION_FAILED'], true],
      [failed('failed', new TypeError('x')), ['RangeError', 'TypeError'], true],
      [decodeError(encodeError(failed('failed', new TypeError('x')))), ['TypeError'], true],
      [thrown({ status: 500 }), ['500'], true],
      [thrown({ status: 503 }), ['500'], false],
      [thrown({ status: 503 }), ['UNAVAILABLE'], true],
      [thrown({ status: 429 }), ['RESOURCE_EXHAUSTED'], true],
      [thrown({ code: 'ECONNRESET' }), ['ECONNRESET'], true],
      [unavailable(), ['TIMED_OUT'], false],
      [new EngineError('FUNCTION_RESULT_INVALID', 'x'), ['FUNCTION_RESULT_INVALID'], true],
    ] as const
    for (const [error, retryOn, expected] of cases) expect(isWorthRetrying(error, retryOn)).toBe(expected)
  })

  it('is never what cannot change, nor a stream that has begun', () => {
    const codes = [
      'BATCH_TOO_LARGE',
      'BUDGET_EXCEEDED',
      'CANCELLED',
      'DEADLINE_EXCEEDED',
      'DEFINITION_INVALID',
      'FUNCTION_RETURNED_PROMISE',
      'INTERNAL',
      'STORE_FAILED',
    ] as const
    for (const code of codes) {
      expect(isWorthRetrying(new EngineError(code, 'x'), null), code).toBe(false)
      expect(isWorthRetrying(new EngineError(code, 'x'), [code]), code).toBe(false)
    }
    expect(isWorthRetrying(new EngineError('FUNCTION_FAILED', 'x', { itemsYielded: 1 }), null)).toBe(false)
    expect(isWorthRetrying(new EngineError('FUNCTION_FAILED', 'x', { itemsYielded: 0 }), null)).toBe(true)
  })
})
