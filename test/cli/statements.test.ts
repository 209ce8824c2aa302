import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { onOneLine, splitStatements } from '../../src/cli/repl/statements.ts'

describe('a statement ends with its semicolon', () => {
  test.each<readonly [string, readonly string[], string]>([
    ['', [], ''],
    ['  \n -- nothing\n', [], ''],
    ['select 1', [], 'select 1'],
    ['select 1;', ['select 1'], ''],
    [' select 1 ; select\n 2; select', ['select 1', 'select\n 2'], ' select'],
    [';;select 1;;', ['select 1'], ''],
    ["select ';' ; x", ["select ';'"], ' x'],
    ['select ";" ;', ['select ";"'], ''],
    ['select $$;$$ ;', ['select $$;$$'], ''],
    ['select 1 -- ;\n;', ['select 1 -- ;'], ''],
    ['select 1 /* ; */;', ['select 1 /* ; */'], ''],
    ["select 1; select 'open;", ['select 1'], " select 'open;"],
    ['select "open;', [], 'select "open;'],
    ['/* open ;', [], '/* open ;'],
    ['select 1; /* open', ['select 1'], ' /* open'],
  ])('%j', (text, statements, rest) => {
    expect(splitStatements(text)).toEqual({ statements, rest })
  })

  test('wherever the text is cut into lines', () => {
    const statement = fc.constantFrom(
      'select 1',
      "select ';\n'",
      'select "a;b" -- c;\n',
      'select /* ;\n */ 1',
      'x',
    )
    fc.assert(
      fc.property(fc.array(statement, { maxLength: 5 }), fc.nat(), (statements, at) => {
        const text = statements.map((each) => `${each};`).join('\n')
        const cut = text.length === 0 ? 0 : at % text.length
        const first = splitStatements(text.slice(0, cut))
        const second = splitStatements(first.rest + text.slice(cut))
        expect([...first.statements, ...second.statements]).toEqual(statements.map((each) => each.trim()))
      }),
    )
  })
})

test.each([
  ['select 1;', 'select 1;'],
  ['  select\n  a, -- the first\n  b\nfrom t;', 'select a, b from t;'],
  ["select 'a  b' /* c */ ;", "select 'a  b' ;"],
  ["select 'a\nb';", null],
])('%j is remembered as %j', (text, line) => expect(onOneLine(text)).toBe(line))
