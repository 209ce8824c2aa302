import { DuckDBInstance } from '@duckdb/node-api'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { parseType } from '../src/base/parseType.ts'
import { exprChildren, mapExprChildren } from '../src/expr/children.ts'
import { exprEquals, exprKey } from '../src/expr/equal.ts'
import type { Expr, LiteralValue } from '../src/expr/expr.ts'
import { and, call, caseWhen, coalesce, column, literal, or, sql } from '../src/expr/factories.ts'
import { formatExpr } from '../src/expr/print.ts'
import { quoteIdentifier, quoteLiteral, renderExpr } from '../src/expr/render.ts'
import {
  collectCalls,
  collectColumns,
  containsCall,
  holdsScope,
  isConstant,
  isRowWise,
  isVolatile,
  substituteColumns,
  transformUp,
} from '../src/expr/walk.ts'
import { repeats } from './repeats.ts'

const a = column('a')
const b = column('b')
const c = column('c')
const plus = (left: Expr, right: Expr): Expr => sql(['(', ' + ', ')'], [left, right])
const f = (...args: Expr[]): Expr => call('f', args)

describe('factories', () => {
  it('make frozen data', () => {
    const made = caseWhen([{ when: a, result: and([a, or([b, c])]) }], coalesce([a, f(b)]))
    const check = (expr: Expr): void => {
      expect(Object.isFrozen(expr)).toBe(true)
      for (const child of exprChildren(expr)) check(child)
    }
    check(made)
    expect(Object.isFrozen(made.branches[0])).toBe(true)
    expect(structuredClone(made)).toEqual(made)
  })

  it('flatten what is nested and drop what is alone', () => {
    expect(and([a, and([b, c])])).toEqual(and([a, b, c]))
    expect(or([or([a, b]), and([b, c])])).toEqual(or([a, b, and([b, c])]))
    expect(and([a])).toBe(a)
    expect(and([])).toEqual(literal(true))
    expect(or([])).toEqual(literal(false))
    expect(coalesce([a])).toBe(a)
  })

  it('join the text of expressions over one row', () => {
    const sum = plus(plus(a, literal(1)), f(b))
    expect(sum).toEqual(sql(['((', ' + ', ') + ', ')'], [a, literal(1), f(b)]))
    const volatile = plus(sql(['random()'], [], { volatile: true }), a)
    expect(volatile).toEqual(sql(['(random() + ', ')'], [a], { volatile: true }))
    const total = sql(['sum(', ')'], [plus(a, b)], { scope: 'aggregate' })
    expect(total.args).toEqual([plus(a, b)])
    expect(plus(total, a)).toEqual(sql(['(', ' + ', ')'], [total, a]))
  })

  it('refuse what cannot be', () => {
    expect(() => column('')).toThrow('a column needs a name')
    expect(() => caseWhen([])).toThrow('CASE needs at least one branch')
    expect(() => coalesce([])).toThrow('coalesce needs at least one operand')
    expect(() => sql(['a'], [a])).toThrow('1 arguments need 2 parts, got 1')
    expect(() => literal('ab\ud800')).toThrow('text with half of a surrogate pair at offset 2 is no literal')
    expect(() => literal([{ x: new Date(Number.NaN) }])).toThrow('an invalid Date is no literal')
  })
})

describe('walks', () => {
  const expr = caseWhen([{ when: f(a), result: call('g', [f(b)], { metadata: c }) }], and([a, literal(true)]))

  it('visit every operand', () => {
    expect(exprChildren(expr)).toEqual([f(a), call('g', [f(b)], { metadata: c }), and([a, literal(true)])])
    expect([...collectColumns(expr)]).toEqual(['a', 'b', 'c'])
    expect(collectCalls(expr).map((found) => found.function)).toEqual(['f', 'f', 'g'])
    expect([containsCall(expr), containsCall(plus(a, b))]).toEqual([true, false])
  })

  it('give the same object back if nothing changed', () => {
    for (const each of [expr, sql(['x(', ')'], [a]), coalesce([a, f(b)]), literal(1), a]) {
      expect(mapExprChildren(each, (child) => child)).toBe(each)
      expect(transformUp(each, (node) => node)).toBe(each)
      expect(substituteColumns(each, new Map([['z', a]]))).toBe(each)
    }
  })

  it('replace columns everywhere', () => {
    const swapped = substituteColumns(
      expr,
      new Map<string, Expr>([
        ['a', b],
        ['b', a],
        ['c', literal(1)],
      ]),
    )
    expect(renderExpr(swapped)).toBe(
      'CASE WHEN "f"("b") THEN "g"("f"("a"), CAST(to_json(1) AS VARCHAR)) ELSE ("b" AND true) END',
    )
  })

  it('know what is volatile, constant and computed from one row', () => {
    const catalog = {
      functions: new Map([
        ['f', { volatility: 'immutable' as const }],
        ['g', { volatility: 'volatile' as const }],
      ]),
    }
    const random = sql(['random()'], [], { volatile: true })
    expect(
      [f(a), call('g', []), call('unknown', []), random].map((each) => isVolatile(each, catalog)),
    ).toEqual([false, true, true, true])
    expect([literal(1), plus(literal(1), literal(2)), f(literal(1)), a, random].map(isConstant)).toEqual([
      true,
      true,
      true,
      false,
      false,
    ])
    const total = sql(['sum(', ') OVER ()'], [a], { scope: 'window' })
    const subquery = sql(['(SELECT max(', ') FROM t)'], [total], { scope: 'query' })
    expect([plus(a, b), plus(a, total), subquery].map(isRowWise)).toEqual([true, false, false])
    expect([plus(a, total), subquery].map((each) => holdsScope(each, 'window'))).toEqual([true, false])
  })
})

describe('equality', () => {
  it('does not look at positions', () => {
    expect(exprEquals(call('f', [a], { position: 3 }), call('f', [a]))).toBe(true)
    expect(exprEquals(call('f', [a], { metadata: b }), call('f', [a, b]))).toBe(false)
  })

  it('tells values of different kinds apart', () => {
    const numbers: LiteralValue[] = [0, -0, 1, 1n, 0n, Number.NaN, true, null]
    const texts: LiteralValue[] = ['', '1', 'null', 'NaN']
    const nested: LiteralValue[] = [[], {}, [1], ['1'], { a: 1 }, { b: 1 }, [[1], 2], [1, [2]]]
    const objects: LiteralValue[] = [new Date(0), new Uint8Array(), new Uint8Array([1])]
    const values = [...numbers, ...texts, ...nested, ...objects]
    const keys = values.map((value) => exprKey(literal(value)))
    expect(new Set(keys).size).toBe(values.length)
    expect(exprKey(literal(1, { kind: 'double' }))).not.toBe(exprKey(literal(1)))
  })
})

describe('rendering', () => {
  let read: (expr: Expr) => Promise<{ readonly type: unknown; readonly text: unknown }>

  beforeAll(async () => {
    const connection = await (await DuckDBInstance.create(':memory:')).connect()
    await connection.run("SET TimeZone = 'America/New_York'")
    read = async (expr) => {
      const text = renderExpr(expr)
      const result = await connection.runAndReadAll(
        `SELECT typeof(x), CAST(x AS VARCHAR) FROM (SELECT ${text} AS x)`,
      )
      const [type, value] = result.getRowsJson().at(0)!
      return { type, text: value }
    }
  })

  it('quotes names and text', () => {
    expect(quoteIdentifier('a "b"')).toBe('"a ""b"""')
    expect(() => quoteIdentifier('a\0')).toThrow('a name cannot hold a NUL character: "a\\u0000"')
    expect(quoteLiteral("it's")).toBe("'it''s'")
    expect(quoteLiteral('a\0b')).toBe("('a' || chr(0) || 'b')")
  })

  it.each<[LiteralValue, string, unknown]>([
    [null, '"NULL"', null],
    [true, 'BOOLEAN', 'true'],
    [42, 'INTEGER', '42'],
    [-7, 'INTEGER', '-7'],
    [2 ** 40, 'BIGINT', '1099511627776'],
    [0.1, 'DOUBLE', '0.1'],
    [0.1 + 0.2, 'DOUBLE', '0.30000000000000004'],
    [-0, 'DOUBLE', '-0.0'],
    [1e300, 'DOUBLE', '1e+300'],
    [5e-324, 'DOUBLE', '5e-324'],
    [Number.NaN, 'DOUBLE', 'nan'],
    [Number.NEGATIVE_INFINITY, 'DOUBLE', '-inf'],
    [-(2n ** 63n), 'HUGEINT', '-9223372036854775808'],
    [2n ** 63n - 1n, 'BIGINT', '9223372036854775807'],
    [-(2n ** 127n), 'HUGEINT', '-170141183460469231731687303715884105728'],
    [2n ** 128n - 1n, 'UHUGEINT', '340282366920938463463374607431768211455'],
    [2n ** 200n, 'BIGNUM', String(2n ** 200n)],
    ['it\'s \\ "q" é 🎉\n', 'VARCHAR', 'it\'s \\ "q" é 🎉\n'],
    ['a\0b', 'VARCHAR', 'a\0b'],
    [new Date('2024-02-29T12:34:56.789Z'), 'TIMESTAMP', '2024-02-29 12:34:56.789'],
    [new Date('-000043-03-15T00:00:00Z'), 'TIMESTAMP', '0044-03-15 (BC) 00:00:00'],
    [new Date('+012345-01-01T00:00:00Z'), 'TIMESTAMP', '12345-01-01 00:00:00'],
    [new Uint8Array([0, 65, 255]), 'BLOB', '\\x00A\\xFF'],
    [new Uint8Array(), 'BLOB', ''],
    [[1, null, 3], 'INTEGER[]', '[1, NULL, 3]'],
    [[], '"NULL"[]', '[]'],
    [{ a: 1, 'b "c"': ['x'] }, 'STRUCT(a INTEGER, "b ""c""" VARCHAR[])', "{'a': 1, 'b \"c\"': [x]}"],
  ])('writes %s as %s', async (value, type, text) => {
    expect(await read(literal(value))).toEqual({ type, text })
  })

  it.each<[LiteralValue, string, unknown]>([
    [null, 'DATE', null],
    [1, 'DOUBLE', '1.0'],
    [-5, 'TINYINT', '-5'],
    ['12.50', 'DECIMAL(10,2)', '12.50'],
    [new Date('2024-02-29T23:34:56Z'), 'DATE', '2024-02-29'],
    [new Date('2024-07-01T12:00:00Z'), 'TIMESTAMP WITH TIME ZONE', '2024-07-01 08:00:00-04'],
    [new Date('-000043-03-15T12:00:00Z'), 'TIMESTAMP WITH TIME ZONE', '0044-03-15 (BC) 07:03:58-04:56'],
    [[new Date('2024-07-01T12:00:00Z')], 'TIMESTAMP WITH TIME ZONE[]', "['2024-07-01 08:00:00-04']"],
    [[], 'VARCHAR[]', '[]'],
    [[1, 2], 'INTEGER[2]', '[1, 2]'],
    [{ b: 'x' }, 'STRUCT(a INTEGER, b VARCHAR)', "{'a': NULL, 'b': x}"],
    [{ k: 1 }, 'MAP(VARCHAR, BIGINT)', '{k=1}'],
    [[{ key: 1, value: 'x' }], 'MAP(INTEGER, VARCHAR)', '{1=x}'],
    [{}, 'MAP(VARCHAR, BIGINT)', '{}'],
    ['happy', "ENUM('sad', 'happy')", 'happy'],
  ])('casts %s to %s', async (value, type, text) => {
    expect(await read(literal(value, parseType(type)))).toEqual({ type, text })
  })

  it('is exact for all text and all doubles', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), fc.double(), async (text, number) => {
        expect((await read(literal(text))).text).toBe(text)
        const same = sql(
          ['(', ' IS NOT DISTINCT FROM CAST(', ' AS DOUBLE))'],
          [literal(number), literal(String(number))],
        )
        expect((await read(same)).text).toBe('true')
      }),
      { numRuns: repeats(100) },
    )
  })

  it('keeps operands apart', () => {
    expect(renderExpr(sql(['(5 - ', ')'], [literal(-5)]))).toBe('(5 - (-5))')
    expect(renderExpr(or([and([a, b]), c]))).toBe('(("a" AND "b") OR "c")')
    expect(renderExpr(coalesce([a, call('f "x"', [a])]))).toBe('coalesce("a", "f ""x"""("a"))')
  })

  it('writes columns and callees as it is told', () => {
    const written = renderExpr(f(a), { column: (name) => `t.${name}`, callee: (name) => `${name}_1` })
    expect(written).toBe('f_1(t.a)')
    expect(formatExpr(call('sentiment', [column('two words'), a]))).toBe('sentiment("two words", a)')
  })
})
