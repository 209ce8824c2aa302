import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { significantTokens, stringValue, tokenize } from '../../sql/tokens.ts'
import { openTestDatabase, type TestDatabase } from './duckdbBinder.ts'

/** Kind and text of each token but spaces. */
function kinds(text: string): readonly string[] {
  return tokenize(text)
    .filter(({ kind }) => kind !== 'space')
    .map(({ kind, text: own }) => `${kind} ${own}`)
}

describe('tokens', () => {
  test('concatenate to the text, at their positions', () => {
    const piece = fc.constantFrom(
      ' ',
      '\n',
      'SELECT',
      'é',
      '😀',
      '"a ""b"',
      "'it''s'",
      "E'\\''",
      '$$a;$$',
      '$x$ $$ $x$',
      '-- c\n',
      '/* /* */ */',
      '1.5e-3',
      '1..2',
      '1_000',
      '?',
      '?2',
      '$1',
      '$name',
      '=>',
      ':=',
      '::',
      '->>',
      '(',
      ')',
      '{',
      ';',
      '.',
      ',',
      '#1',
      '@',
      '\\',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join('')
        let tokens: ReturnType<typeof tokenize>
        try {
          tokens = tokenize(text)
        } catch {
          // Joined pieces may open a string that nothing closes.
          return
        }
        expect(tokens.map((token) => token.text).join('')).toBe(text)
        let end = 0
        for (const token of tokens) {
          expect(token.start).toBe(end)
          end = token.end
          expect(text.slice(token.start, token.end)).toBe(token.text)
        }
      }),
    )
  })

  test('any text is split or refused for something that does not end', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
        try {
          expect(
            tokenize(text)
              .map((token) => token.text)
              .join(''),
          ).toBe(text)
        } catch (error) {
          expect(String(error)).toMatch(/^EngineError: unterminated /)
        }
      }),
    )
  })

  test.each([
    [
      "f(a => 'x', b := -1)",
      [
        'word f',
        'symbol (',
        'word a',
        'symbol =>',
        "string 'x'",
        'symbol ,',
        'word b',
        'symbol :=',
        'symbol -',
        'number 1',
        'symbol )',
      ],
    ],
    ['x=>-1', ['word x', 'symbol =>', 'symbol -', 'number 1']],
    ['a->>b -> c', ['word a', 'symbol ->>', 'word b', 'symbol ->', 'word c']],
    [
      'x::INT[1:2]',
      ['word x', 'symbol ::', 'word INT', 'symbol [', 'number 1', 'symbol :', 'number 2', 'symbol ]'],
    ],
    ['a$$b$$ $$c$$', ['word a$$b$$', 'string $$c$$']],
    ['"a""b".c', ['name "a""b"', 'symbol .', 'word c']],
    ["E'a\\';b' 'c\\'", ["string E'a\\';b'", "string 'c\\'"]],
    ['1.5 .5 1. 2e10 1_0', ['number 1.5', 'number .5', 'number 1.', 'number 2e10', 'number 1_0']],
    ['? ?3 $1 $name', ['parameter ?', 'parameter ?3', 'parameter $1', 'parameter $name']],
    ['a--b\nc', ['word a', 'comment --b', 'word c']],
    ['a+--b', ['word a', 'symbol +', 'comment --b']],
    ['a/*;/*;*/;*/b', ['word a', 'comment /*;/*;*/;*/', 'word b']],
    ['a\u00a0b\u3000c', ['word a', 'word b', 'word c']],
    ['größe😀', ['word größe😀']],
  ] as const)('of %s', (text, expected) => {
    expect(kinds(text)).toEqual(expected)
  })

  test.each([
    ["SELECT 'a", 'unterminated string at character 8', 7],
    ['SELECT "a', 'unterminated quoted name at character 8', 7],
    ["SELECT E'a\\'", 'unterminated string at character 8', 7],
    ['SELECT $x$a$$', 'unterminated string $x$ at character 8', 7],
    ['/* /* */', 'unterminated comment at character 1', 0],
  ])('refuse %s', (text, message, position) => {
    expect(() => tokenize(text)).toThrow(
      expect.objectContaining({ code: 'SQL_INVALID', message, details: { position } }),
    )
  })

  describe('strings', () => {
    let database: TestDatabase
    beforeAll(async () => {
      database = await openTestDatabase()
    })
    afterAll(() => database.close())

    test.each([
      "'it''s'",
      "'a\\n'",
      "E'a\\nb\\t\\\\'",
      "E'it\\'s'",
      "e'''x'",
      "$$a'b$$",
      '$t$ $$ $t$',
      "E'\\101\\x42\\q'",
      "''",
    ])('%s means what it means to DuckDB', async (text) => {
      const reader = await database.connection.runAndReadAll(`SELECT ${text}`)
      const [token] = significantTokens(text)
      expect(token === undefined ? null : stringValue(token)).toBe(reader.getRows()[0]?.[0])
    })
  })
})
