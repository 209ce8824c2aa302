import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { errorCodes } from '../src/base/errorCodes.ts'
import { decodeError, EngineError, encodeError, isEngineError, toEngineError } from '../src/base/errors.ts'

test('docs/errors.md lists every code with its kind, whether it is retryable, and what it means', () => {
  const documented = [
    ...readFileSync('docs/errors.md', 'utf8').matchAll(/^\| `(\w+)` \| (\w+) \| (\w+) \| (.*) \|$/gm),
  ]
  const rows = documented.map(([, code, kind, retryable, about]) => [
    code,
    { kind, retryable: retryable === 'yes', about },
  ])
  expect(Object.fromEntries(rows)).toEqual(errorCodes)
})

test('an error keeps its class, code, details, hint and cause over a thread', () => {
  const cause = new Error('the disk is full')
  const error = new EngineError(
    'IO_FAILED',
    'cannot write a.parquet',
    { path: 'a.parquet', hint: 'free some space' },
    cause,
  )
  const copy = decodeError(structuredClone(encodeError(error)))
  expect(copy).toBeInstanceOf(EngineError)
  expect(copy.message).toBe('cannot write a.parquet\n  free some space')
  expect(copy.message).toBe(error.message)
  expect({ code: copy.code, kind: copy.kind, retryable: copy.retryable, details: copy.details }).toEqual({
    code: 'IO_FAILED',
    kind: 'user',
    retryable: false,
    details: { path: 'a.parquet', hint: 'free some space' },
  })
  expect(copy.cause).toEqual(cause)
})

test('what is no EngineError becomes one; one that is stays as it is', () => {
  const error = new EngineError('CANCELLED', 'stopped')
  expect(toEngineError(error, 'INTERNAL')).toBe(error)
  expect(toEngineError('text', 'FUNCTION_FAILED')).toMatchObject({
    code: 'FUNCTION_FAILED',
    message: 'text',
    kind: 'function',
  })
  expect(isEngineError({ code: 'CANCELLED' })).toBe(false)
})
