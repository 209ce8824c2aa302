import { describe, expect, it } from 'vitest'
import { defaultBatching } from '../../catalog/policy/policies.ts'
import type { Schema } from '../../src/base/dataType.ts'
import { parseType } from '../../src/base/parseType.ts'
import type { Expr } from '../../src/expr/expr.ts'
import { and, call, caseWhen, coalesce, column, literal, sql } from '../../src/expr/factories.ts'
import { optimize } from '../../src/optimize/optimize.ts'
import { aggregate, filter, limit, project, scan, sort } from '../../src/plan/factories.ts'
import { join } from '../../src/plan/join.ts'
import type { LogicalPlan } from '../../src/plan/plan.ts'
import { formatPlan } from '../../src/plan/print.ts'
import { renderPlan } from '../../src/plan/render.ts'
import { catalogOf, type StubFunction } from '../planDatabase.ts'

const schemaOf = (columns: Record<string, string>): Schema =>
  Object.entries(columns).map(([name, type]) => ({ name, type: parseType(type) }))
const memos = scan(
  { kind: 'parquet', paths: ['memos.parquet'], options: {} },
  schemaOf({ id: 'BIGINT', amount: 'DOUBLE', memo: 'VARCHAR', customer: 'BIGINT', day: 'DATE' }),
)
const customers = scan(
  { kind: 'table', name: ['customers'] },
  schemaOf({ key: 'BIGINT', name: 'VARCHAR', country: 'VARCHAR' }),
)
const stub = (name: string, signature: StubFunction['signature'] = {}): StubFunction => ({
  name,
  inputs: ['VARCHAR'],
  output: 'VARCHAR',
  compute: () => null,
  signature,
})
const catalog = catalogOf([
  stub('extract_entities', { batching: { ...defaultBatching, maxBatchingSize: 512 } }),
  stub('sentiment', { costPerRow: 3 }),
  stub('language', { costPerRow: 1, selectivity: 0.1 }),
  stub('same_person', { async: true }),
])

const id = column('id')
const amount = column('amount')
const memo = column('memo')
const customer = column('customer')
const items = (named: Record<string, Expr>) => Object.entries(named).map(([name, expr]) => ({ name, expr }))
const compare = (left: Expr, operator: string, right: Expr): Expr =>
  sql(['(', ` ${operator} `, ')'], [left, right])
const over100 = compare(amount, '>', literal(100))
const entities = call('extract_entities', [memo])
const english = compare(call('language', [memo]), '=', literal('en'))
const down = (name: string) => ({ expr: column(name), descending: true, nullsFirst: null })

/** Whole queries, as a user may write them. */
const queries: Readonly<Record<string, LogicalPlan>> = {
  limitOverCall: limit(project(filter(memos, over100), items({ amount, entities })), 50),
  topRowsByAmount: limit(sort(project(memos, items({ id, amount, entities })), [down('amount')]), 10, 20),
  filterAfterCall: filter(
    project(memos, items({ id, amount, sentiment: call('sentiment', [memo]) })),
    and([compare(column('sentiment'), '=', literal('bad')), over100]),
  ),
  severalConditions: project(
    filter(
      memos,
      and([
        compare(entities, '<>', literal('')),
        compare(call('sentiment', [memo]), '=', literal('bad')),
        english,
      ]),
    ),
    items({ id, entities }),
  ),
  branches: project(
    memos,
    items({
      id,
      label: caseWhen(
        [
          { when: over100, result: call('sentiment', [memo]) },
          { when: english, result: coalesce([call('sentiment', [memo]), call('language', [memo])]) },
        ],
        literal('small'),
      ),
    }),
  ),
  overGroups: sort(
    aggregate(
      filter(memos, english),
      items({ customer }),
      items({
        total: sql(['sum(', ')'], [amount], { scope: 'aggregate' }),
        summary: call('sentiment', [sql(['string_agg(', ", ' ')"], [memo], { scope: 'aggregate' })]),
      }),
    ),
    [down('total')],
  ),
  joinedByCall: project(
    join({
      type: 'inner',
      left: memos,
      right: customers,
      on: and([
        compare(customer, '=', column('key')),
        compare(call('language', [column('country')]), '=', literal('en')),
        call('same_person', [memo, column('name')]),
      ]),
    }),
    items({ id, name: column('name') }),
  ),
}

describe('whole plans', () => {
  it.each(Object.entries(queries))('%s', async (name, plan) => {
    const { plan: optimized, trace } = optimize(plan, catalog)
    const rules = [...new Set(trace.map(({ rule }) => rule))].join(', ')
    const sections = [formatPlan(plan), `-> ${rules}`, formatPlan(optimized), renderPlan(optimized)]
    await expect(`${sections.join('\n\n')}\n`).toMatchFileSnapshot(`../golden/${name}.txt`)
  })
})
