import { describe, expect, test } from 'vitest'
import { defaultBatching, defaultPolicies } from '../../catalog/policy/policies.ts'
import { errorType, tryType } from '../../catalog/policy/tryType.ts'
import type { ColumnLike } from '../../dataframe/column.ts'
import type { DataFrame } from '../../dataframe/dataFrame.ts'
import { DataFrame as Frames } from '../../dataframe/dataFrame.ts'
import { F } from '../../dataframe/functions.ts'
import { _ } from '../../dataframe/underscore.ts'
import { isEngineError } from '../../src/base/errors.ts'
import { formatType } from '../../src/base/formatType.ts'
import { parseType } from '../../src/base/parseType.ts'
import { exprEquals } from '../../src/expr/equal.ts'
import { call, column, tried } from '../../src/expr/factories.ts'
import { renderExpr } from '../../src/expr/render.ts'
import { optimize } from '../../src/optimize/optimize.ts'
import { appendErrorColumns } from '../../src/plan/errorColumns.ts'
import { project, scan } from '../../src/plan/factories.ts'
import type { LogicalPlan } from '../../src/plan/plan.ts'
import { formatPlan } from '../../src/plan/print.ts'
import { planStages, type StagePlan } from '../../src/stage/planStages.ts'
import type { Route } from '../../src/stage/stage.ts'
import { catalogOf, type StubFunction } from '../planDatabase.ts'

const module = { url: 'file:///functions.js', exportName: 'f' }
const stub = (name: string, signature: StubFunction['signature'] = {}): StubFunction => ({
  name,
  inputs: ['VARCHAR'],
  output: 'VARCHAR',
  compute: () => null,
  signature: { module, ...signature },
})
const catalog = catalogOf([
  stub('f'),
  stub('g'),
  stub('roll', { volatility: 'volatile' }),
  stub('lenient', { policies: { ...defaultPolicies, onError: 'column' } }),
  stub('limited', {
    policies: { ...defaultPolicies, rateLimit: { rate: 1, per: 'second', key: null }, dedupe: true },
  }),
  stub('batched', { batching: defaultBatching, style: 'batch' }),
  stub('adaptive', {
    batching: { ...defaultBatching, maxBatchingSize: 'auto', maxBytes: 10 },
    style: 'batch',
  }),
])
const schema = [
  { name: 'a', type: parseType('VARCHAR') },
  { name: 'b', type: parseType('BOOLEAN') },
]
const table = scan({ kind: 'table', name: ['t'] }, schema)
const frame = Frames.table('t')

/** The plan of a DataFrame over the table, whose columns are known. */
function planOf({ relation }: DataFrame<object>): LogicalPlan {
  if (relation.kind !== 'planned') throw new Error(`${relation.kind} is no plan`)
  const withTable = (plan: LogicalPlan): LogicalPlan =>
    plan.kind === 'scan' ? table : plan.kind === 'project' ? project(withTable(plan.input), plan.items) : plan
  const known = relation.plan.kind === 'project' ? withTable(relation.plan) : relation.plan
  return appendErrorColumns(known, catalog).plan
}

function optimized(built: DataFrame<object>): string {
  return `\n${formatPlan(optimize(planOf(built), catalog).plan)}\n`
}

async function stagesOf(plan: LogicalPlan, forcedRoute: Route | null = null): Promise<StagePlan> {
  return planStages(optimize(plan, catalog).plan, {
    catalog,
    forcedRoute,
    inPlace: [],
    newRelation: () => 'r0',
    describe: async () => schema,
  })
}

async function refusal(called: ColumnLike, route: Route | null = null): Promise<string> {
  try {
    await stagesOf(planOf(frame.project({ called: F.struct({ called }) })), route)
  } catch (error) {
    if (!isEngineError(error)) throw error
    return `${error.code} ${error.message}`
  }
  return 'accepted'
}

describe('a tried call', () => {
  test('is one call however many of its fields are read, even of a volatile function', () => {
    const outcome = F.tryCatalogCall('roll', _.a)
    const items = { value: outcome.value, code: outcome.error.code, other: F.tryCatalogCall('roll', _.a) }
    expect(optimized(frame.project(items))).toBe(`
project value = struct_extract(__call_0, 'value'), code = struct_extract(struct_extract(__call_0, 'error'), 'code'), other = __call_1
  call __call_1 = try_catalog_call('roll', a)
    call __call_0 = try_catalog_call('roll', a)
      scan table t [a]
`)
  })

  test('is made for the rows that any of the places reads where it is read', () => {
    const outcome = F.tryCatalogCall('roll', _.a)
    const value = F.when(_.b).then(outcome.value).otherwise('x')
    expect(optimized(frame.project({ value, error: F.when(_.b.not()).then(outcome.error) }))).toBe(`
project value = CASE WHEN b THEN struct_extract(__call_0, 'value') ELSE 'x' END, error = CASE WHEN (NOT b) THEN struct_extract(__call_0, 'error') END
  call __call_0 = try_catalog_call('roll', a) where (b OR (NOT b))
    scan table t
`)
    expect(optimized(frame.project({ value, error: outcome.error }))).toBe(`
project value = CASE WHEN b THEN struct_extract(__call_0, 'value') ELSE 'x' END, error = struct_extract(__call_0, 'error')
  call __call_0 = try_catalog_call('roll', a)
    scan table t
`)
  })

  test('recovers with a call for just the rows that failed', () => {
    const recovered = F.recover(F.catalogCall('roll', _.a).withRetry(2), F.catalogCall('g', _.a))
    expect(optimized(frame.project({ recovered }))).toBe(`
project recovered = CASE WHEN (struct_extract(__call_0, 'error') IS NULL) THEN struct_extract(__call_0, 'value') ELSE __call_1 END
  call __call_1 = g(a) where ((struct_extract(__call_0, 'error') IS NULL) IS NOT TRUE)
    call __call_0 = try_catalog_call('roll', a, options => {retries: 2})
      scan table t [a]
`)
  })

  test('has a type of its own, which DuckDB binds without calling', () => {
    const type = tryType(parseType('BIGINT[]'))
    expect(formatType(type)).toBe(
      'STRUCT("value" BIGINT[], "error" STRUCT(code VARCHAR, message VARCHAR, kind VARCHAR, attempts INTEGER))',
    )
    const expr = tried(call('f', [column('a')], { options: { timeout: 5 } }))
    expect(renderExpr(expr)).toBe(
      `struct_pack(value := "f"("a"), error := CAST(NULL AS ${formatType(errorType)}))`,
    )
    expect(renderExpr(expr, { calls: 'made' })).toBe(`"f@try"("a", NULL, '{"timeout":5}')`)
  })
})

describe('calls are shared', () => {
  test('only with equal options and outcome', () => {
    const own = F.catalogCall('f', _.a)
    const items = { x: own.withRetry(3), y: own.withRetry({ attempts: 3 }), z: own, w: own.withRetry(2) }
    expect(optimized(frame.project({ ...items, t: F.tryCatalogCall('f', _.a).value }))).toBe(`
project x = __call_0, y = __call_0, z = __call_2, w = __call_3, t = struct_extract(__call_4, 'value')
  call __call_4 = try_catalog_call('f', a)
    call __call_3 = f(a, options => {retries: 2})
      call __call_2 = f(a)
        call __call_0 = f(a, options => {retries: 3})
          scan table t [a]
`)
  })

  test("and those with onError 'column' wherever they stand", () => {
    const lenient = F.catalogCall('lenient', _.a)
    const items = { x: lenient, n: lenient.length(), y: lenient.withRetry(1) }
    expect(optimized(frame.project(items))).toBe(`
project x = struct_extract(__call_0, 'value'), x_error = struct_extract(__call_0, 'error'), n = length(struct_extract(__call_0, 'value')), y = struct_extract(__call_2, 'value'), y_error = struct_extract(__call_2, 'error')
  call __call_2 = try_catalog_call('lenient', a, options => {retries: 1, on_error: 'column'})
    call __call_0 = try_catalog_call('lenient', a, options => {on_error: 'column'})
      scan table t [a]
`)
  })

  test('expressions are equal by what is asked for, wherever it was written', () => {
    const plain = call('f', [column('a')])
    expect(exprEquals(plain, call('f', [column('a')], { options: { timeout: 5 } }))).toBe(false)
    expect(exprEquals(tried(plain), tried(plain))).toBe(true)
    expect(exprEquals(plain, tried(plain))).toBe(false)
  })
})

describe('stages', () => {
  test('say what a call is given and what it gives', async () => {
    const items = { x: F.catalogCall('batched', _.a).withBatchSize(5), y: F.tryCatalogCall('f', _.a) }
    const { root } = await stagesOf(planOf(frame.project(items)))
    if (root.kind !== 'call') throw new Error('no call stage')
    expect(root.calls).toMatchObject([
      { function: 'batched', options: { maxBatchingSize: 5 }, outcome: 'value' },
      { function: 'f', options: null, outcome: 'try' },
    ])
  })

  test.each([
    [F.catalogCall('f', _.a), 'fused', 'a synchronous function from a module'],
    [F.catalogCall('batched', _.a), 'fused', 'a synchronous function from a module'],
    [F.catalogCall('batched', _.a).withBatchSize(5), 'staged', 'its policies need the dispatcher: batchSize'],
    [
      F.catalogCall('f', _.a).withRetry(3).onError('null'),
      'staged',
      "its policies need the dispatcher: retries, onError 'null'",
    ],
    [F.catalogCall('limited', _.a), 'staged', 'its policies need the dispatcher: rateLimit, dedupe'],
    [
      F.catalogCall('adaptive', _.a),
      'staged',
      "its policies need the dispatcher: maxBatchingSize 'auto', maxBytes",
    ],
    [F.tryCatalogCall('f', _.a), 'staged', 'the errors of its rows are looked at'],
  ])('%s is %s', async (called, route, reason) => {
    const { calls } = await stagesOf(planOf(frame.project({ called })))
    expect(calls).toMatchObject([{ route, reason }])
  })

  test('refuse a forced route that does not keep the policies of a call', async () => {
    expect(await refusal(F.catalogCall('limited', _.a), 'fused')).toBe(
      "ROUTE_UNAVAILABLE function 'limited' cannot take the route 'fused': its policies need the dispatcher: rateLimit, dedupe",
    )
    expect(await refusal(F.catalogCall('f', _.a).withRetry(0), 'fused')).toBe(
      "ROUTE_UNAVAILABLE function 'f' cannot take the route 'fused': it has options of its own",
    )
    expect(await refusal(F.catalogCall('f', _.a).withRetry(1), 'bridged')).toBe('accepted')
    expect(await refusal(F.catalogCall('limited', _.a), 'bridged')).toBe('accepted')
    expect(await refusal(F.tryCatalogCall('f', _.a), 'bridged')).toBe('accepted')
  })

  test('refuse options that contradict the function', async () => {
    expect(await refusal(F.catalogCall('f', _.a).withBatchSize(5))).toBe(
      "WRONG_ARGUMENTS the call of 'f' has a batch size, but the function takes one row at a time\n" +
        '  give its definition batching: {}, and a handler that takes a list a column',
    )
    expect(await refusal(F.catalogCall('roll', _.a).withCache())).toBe(
      "WRONG_ARGUMENTS the call of 'roll' has cache, but is volatile: each call of a volatile function may give another result",
    )
  })
})
