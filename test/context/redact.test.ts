import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EngineError } from '../../src/base/errors.ts'
import { createRedactor } from '../../src/base/redact.ts'
import { redactError } from '../../udf/redactError.ts'
import { repeats } from '../repeats.ts'

/** Beginnings and ends in which no encoded secret could hide by chance. */
const around = fc.string({ unit: fc.constantFrom('.', '!', ':', ' '), maxLength: 5 })
const awkward = Array.from('aZ09+/=&?% "\\\n-_.{}[]$^*()|')
const secret = fc.oneof(
  fc.string({ minLength: 6, maxLength: 40, unit: 'grapheme' }),
  fc.string({ minLength: 6, maxLength: 40, unit: fc.constantFrom(...awkward) }),
  fc.base64String({ minLength: 8, maxLength: 40 }),
)

const encodings: Readonly<Record<string, (value: string) => string>> = {
  clear: (value) => value,
  url: (value) => encodeURIComponent(value),
  'url in lower case': (value) => encodeURIComponent(value).replaceAll(/%../g, (byte) => byte.toLowerCase()),
  'whole url': (value) => encodeURI(value),
  form: (value) => new URLSearchParams({ value }).toString().slice('value='.length),
  json: (value) => JSON.stringify(value).slice(1, -1),
  hexadecimal: (value) => Buffer.from(value).toString('hex'),
  base64: (value) => Buffer.from(value).toString('base64'),
  base64url: (value) => Buffer.from(value).toString('base64url'),
}

const isWellFormed = (text: string): boolean => Buffer.from(text).toString() === text

describe('a redactor', () => {
  it.each(Object.keys(encodings))('takes out secrets in %s, wherever they stand', (name) => {
    fc.assert(
      fc.property(secret, around, around, (value, before, after) => {
        fc.pre(!/^[\s.!:]*$/.test(value) && isWellFormed(value))
        const redact = createRedactor({ KEY: value })
        expect(redact(`${before}${encodings[name]!(value)}${after}`)).toBe(`${before}[secret KEY]${after}`)
      }),
      { numRuns: repeats(300) },
    )
  })

  it('takes out secrets that are a part of what was encoded', () => {
    fc.assert(
      fc.property(
        secret,
        fc.string({ maxLength: 8 }),
        fc.string({ maxLength: 8 }),
        (value, before, after) => {
          fc.pre(isWellFormed(value))
          const redact = createRedactor({ KEY: value })
          for (const encoding of ['base64', 'base64url'] as const) {
            const text = Buffer.from(`${before}${value}${after}`).toString(encoding)
            expect(Buffer.from(redact(text).replaceAll('[secret KEY]', ''), encoding).includes(value)).toBe(
              false,
            )
            expect(redact(text)).toContain('[secret KEY]')
          }
        },
      ),
      { numRuns: repeats(500) },
    )
  })

  it('leaves other text alone', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 4, unit: fc.constantFrom('x', 'y') }), (text) => {
        expect(createRedactor({ KEY: 'a secret' })(text)).toBe(text)
      }),
    )
    expect(createRedactor({})('text')).toBe('text')
  })

  it('does not look for values so short that any text holds them', () => {
    expect(createRedactor({ PIN: '123' })('12345')).toBe('12345')
  })

  it('takes the longer of two secrets that begin alike', () => {
    const redact = createRedactor({ SHORT: 'abcdef', LONG: 'abcdefghi' })
    expect(redact('abcdefghi abcdef')).toBe('[secret LONG] [secret SHORT]')
  })
})

describe('a redacted error', () => {
  it('tells no secret, in nothing that it holds', () => {
    const value = 'hunter2-hunter2'
    const request = Object.assign(new TypeError(`fetch ${value}`, { cause: new Error(`to ${value}`) }), {
      status: 401,
      code: `E ${value}`,
      config: { headers: { authorization: value } },
    })
    const error = new EngineError(
      'FUNCTION_FAILED',
      `failed: ${value}`,
      { function: 'f', hint: `use ${value}`, functionStack: String(request.stack) },
      request,
    )
    const redacted = redactError(error, createRedactor({ PASSWORD: value }))
    expect(inspect(redacted, { depth: 20, showHidden: true })).not.toContain(value)
    expect(redacted.message).toBe('failed: [secret PASSWORD]\n  use [secret PASSWORD]')
    expect(redacted).toMatchObject({
      code: 'FUNCTION_FAILED',
      cause: {
        name: 'TypeError',
        status: 401,
        code: 'E [secret PASSWORD]',
        cause: { message: 'to [secret PASSWORD]' },
      },
    })
  })
})
