import { readdir, readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import type { Schema } from '../../src/base/dataType.ts'
import { parseType } from '../../src/base/parseType.ts'
import type { Expr } from '../../src/expr/expr.ts'
import { and, call, caseWhen, column, literal, sql } from '../../src/expr/factories.ts'
import { FreshNames } from '../../src/optimize/freshNames.ts'
import type { Rule } from '../../src/optimize/rule.ts'
import { constantCalls } from '../../src/optimize/rules/constantCalls.ts'
import { liftCalls } from '../../src/optimize/rules/liftCalls.ts'
import { mergeProjections } from '../../src/optimize/rules/mergeProjections.ts'
import { orderPredicates } from '../../src/optimize/rules/orderPredicates.ts'
import { pruneUnused } from '../../src/optimize/rules/pruneUnused.ts'
import { pushFilterBelowCalls } from '../../src/optimize/rules/pushFilterBelowCalls.ts'
import { pushLimitBelowCalls } from '../../src/optimize/rules/pushLimitBelowCalls.ts'
import { raiseSelections } from '../../src/optimize/rules/raiseSelections.ts'
import { shareEqualCalls } from '../../src/optimize/rules/shareEqualCalls.ts'
import { callProject, filter, limit, project, scan, sort } from '../../src/plan/factories.ts'
import type { LogicalPlan } from '../../src/plan/plan.ts'
import { formatPlan } from '../../src/plan/print.ts'
import { catalogOf } from '../planDatabase.ts'
import { generatorStubs } from '../planGenerator.ts'

const schema: Schema = Object.entries({
  a: 'BIGINT',
  b: 'BIGINT',
  c: 'VARCHAR',
  d: 'BOOLEAN',
  e: 'BIGINT[]',
}).map(([name, type]) => ({ name, type: parseType(type) }))
const t = scan({ kind: 'table', name: ['t'] }, schema)
const a = column('a')
const b = column('b')
const c = column('c')
const d = column('d')
const x = column('x')
const y = column('y')
const items = (named: Record<string, Expr>) => Object.entries(named).map(([name, expr]) => ({ name, expr }))
const compare = (left: Expr, operator: string, right: Expr): Expr =>
  sql(['(', ` ${operator} `, ')'], [left, right])
const above2 = compare(a, '>', literal(2))
const shout = (input: LogicalPlan, name: string, guard: Expr | null = null, arg: Expr = c): LogicalPlan =>
  callProject(input, { name, function: 'shout', args: [arg], guard })
const even = (input: LogicalPlan, name: string): LogicalPlan =>
  callProject(input, { name, function: 'even', args: [a] })
const long = (input: LogicalPlan, name: string): LogicalPlan =>
  callProject(input, { name, function: 'long', args: [c] })

/** Each with the plan that its documentation shows. */
const examples: readonly (readonly [Rule, LogicalPlan])[] = [
  [
    liftCalls,
    project(
      filter(t, and([compare(b, '=', literal(1)), call('even', [a])])),
      items({
        a,
        label: caseWhen([{ when: above2, result: call('shout', [call('shout', [c])]) }], c),
      }),
    ),
  ],
  [
    mergeProjections,
    project(project(project(t, items({ a, b, c, d, e: column('e') })), items({ x: a, a: b })), [
      { name: 'a', expr: a },
      { name: 'next', expr: sql(['(', ' + 1)'], [x]) },
    ]),
  ],
  [
    raiseSelections,
    shout(project(filter(even(t, 'x'), x), items({ a, text: c })), 'y', null, column('text')),
  ],
  [
    pushFilterBelowCalls,
    filter(
      project(shout(t, 'x'), items({ a, label: x })),
      and([compare(column('label'), '=', literal('x!')), above2]),
    ),
  ],
  [
    pushLimitBelowCalls,
    limit(
      sort(project(shout(t, 'x'), items({ size: a, label: x })), [
        { expr: column('size'), descending: true, nullsFirst: null },
      ]),
      3,
      1,
    ),
  ],
  [
    shareEqualCalls,
    project(shout(shout(t, 'x', compare(a, '>', literal(3))), 'y', d), items({ a, p: x, q: y })),
  ],
  [pruneUnused, project(filter(shout(t, 'x'), compare(b, '=', literal(1))), items({ a }))],
  [constantCalls, callProject(t, { name: 'x', function: 'inc', args: [literal(3)], guard: above2 })],
  [orderPredicates, filter(even(filter(long(t, 'x'), x), 'y'), y)],
]

const context = (plan: LogicalPlan) => ({ catalog: catalogOf(generatorStubs), names: new FreshNames(plan) })

describe('rules', () => {
  it.each(examples)('$name does what its documentation shows', async (rule, plan) => {
    const source = await readFile(
      new URL(`../../src/optimize/rules/${rule.name}.ts`, import.meta.url),
      'utf8',
    )
    const [, example = ''] = /```text\n([^`]*)\* ```/.exec(source) ?? []
    const [before, after] = example
      .replaceAll(/^ \* ?/gm, '')
      .trimEnd()
      .split('\n->\n')
    expect(formatPlan(plan)).toBe(before)
    expect(formatPlan(rule.apply(plan, context(plan)))).toBe(after)
  })

  it('are all documented, and leave alone what does not concern them', async () => {
    const files = await readdir(new URL('../../src/optimize/rules/', import.meta.url))
    expect(examples.map(([{ name }]) => `${name}.ts`).toSorted()).toEqual(files.toSorted())
    const plain = limit(sort(filter(t, above2), [{ expr: a, descending: false, nullsFirst: null }]), 3)
    for (const [rule] of examples) expect(rule.apply(plain, context(plain))).toBe(plain)
  })
})
