import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import type { CatalogSnapshot } from '../../catalog/function.ts'
import { optimize } from '../../src/optimize/optimize.ts'
import { mapPlanInputs } from '../../src/plan/children.ts'
import { outputColumns } from '../../src/plan/columns.ts'
import { callProject, limit } from '../../src/plan/factories.ts'
import type { LogicalPlan } from '../../src/plan/plan.ts'
import { formatPlan } from '../../src/plan/print.ts'
import { catalogOf, PlanDatabase, type Rows, sorted, validSql } from '../planDatabase.ts'
import {
  type GeneratedPlan,
  generatedTables,
  generatorStubs,
  generatorTables,
  PlanGenerator,
} from '../planGenerator.ts'
import { repeats } from '../repeats.ts'
import { LazyEvaluator } from './lazyEvaluation.ts'

const catalog: CatalogSnapshot = catalogOf(generatorStubs)
const numRuns = repeats(200)

let database: PlanDatabase
let tables: readonly GeneratedPlan[]

beforeAll(async () => {
  database = await PlanDatabase.open(generatorStubs, generatorTables)
  tables = generatedTables(
    await database.table('t'),
    await database.table('u'),
    await database.table('nothing'),
  )
})

function generator(draw: fc.GeneratorValue): PlanGenerator {
  return new PlanGenerator((choices) => draw(fc.nat, { max: choices - 1 }), { tables, calls: true })
}

const inOrder = (rows: Rows): readonly string[] => rows.map((row) => JSON.stringify(row))

describe('planning never changes results', () => {
  it('the optimized plan gives what the naive one gives, row for row', async () => {
    await fc.assert(
      fc.asyncProperty(fc.gen(), async (draw) => {
        const { plan, ordered } = generator(draw).plan()
        const { plan: optimized } = optimize(plan, catalog)
        expect(outputColumns(optimized)).toEqual(outputColumns(plan))
        await validSql(database, optimized)
        const show = ordered ? inOrder : sorted
        const plans = `${formatPlan(plan)}\n->\n${formatPlan(optimized)}`
        const naive = await database.run(plan)
        expect({ plans, rows: show(await database.run(optimized)) }).toEqual({ plans, rows: show(naive) })
      }),
      { numRuns },
    )
  })

  it('an optimized plan stays as it is', () => {
    fc.assert(
      fc.property(fc.gen(), (draw) => {
        const { plan } = generator(draw).plan()
        const once = optimize(plan, catalog).plan
        const { plan: twice, trace } = optimize(once, catalog)
        const changes = trace.map(({ rule, plan: after }) => `${rule}\n${formatPlan(after)}`)
        expect({ plan: formatPlan(once), changes }).toEqual({ plan: formatPlan(once), changes: [] })
        expect(twice).toBe(once)
      }),
      { numRuns },
    )
  })

  it('each rule says by identity whether it changed the plan', () => {
    fc.assert(
      fc.property(fc.gen(), (draw) => {
        const { plan } = generator(draw).plan()
        let before = plan
        for (const { rule, plan: after } of optimize(plan, catalog).trace) {
          expect({ rule, plan: after }).not.toEqual({ rule, plan: before })
          before = after
        }
      }),
      { numRuns },
    )
  })
})

describe('a row is called only if its result is needed', () => {
  // Functions that cost nothing, so that conditions keep the order in which they are written.
  const free = generatorStubs.map((stub) => ({ ...stub, signature: { costPerRow: 0 } }))
  const plain = catalogOf(free)
  const eachRow = (plan: LogicalPlan): LogicalPlan => {
    const over = mapPlanInputs(plan, eachRow)
    return over.kind === 'callProject' && over.once ? callProject(over.input, { ...over, once: false }) : over
  }

  it('behind filters, CASE, AND, OR and COALESCE: no more calls than a lazy evaluation makes', async () => {
    const names = ['a', 'b', 'c', 'd', 'e']
    const rows = (await database.rows('SELECT * FROM t')).map((row) =>
      Object.fromEntries(names.map((name, index) => [name, fromJson(row[index])])),
    )
    await fc.assert(
      fc.asyncProperty(fc.gen(), async (draw) => {
        const { plan } = generator(draw).filteredProjection()
        if (plan.kind !== 'project' || plan.input.kind !== 'filter') throw new Error('unexpected plan')
        const { predicate } = plan.input
        const lazy = new LazyEvaluator()
        for (const row of rows) {
          if (lazy.passes(predicate, row)) lazy.evaluate(plan.items.at(0)!.expr, row, false)
        }
        const optimized = eachRow(optimize(plan, plain).plan)
        await database.run(optimized)
        const made = database.calls.map(([name, ...args]) => JSON.stringify([name, ...args.map(String)]))
        const plans = `${formatPlan(plan)}\n->\n${formatPlan(optimized)}`
        // DuckDB itself finds some more that are not needed: where a result is null or false whatever the call gives.
        const unneeded = made.filter((call) => !lazy.calls.has(call))
        expect({ plans, unneeded }).toEqual({ plans, unneeded: [] })
      }),
      { numRuns },
    )
  })

  it('no call is made for LIMIT 0', async () => {
    await fc.assert(
      fc.asyncProperty(fc.gen(), async (draw) => {
        const { plan } = generator(draw).filteredProjection()
        await database.run(eachRow(optimize(limit(plan, 0), plain).plan))
        expect(database.calls).toEqual([])
      }),
      { numRuns: numRuns / 10 },
    )
  })
})

function fromJson(value: unknown): bigint | string | boolean | null {
  if (typeof value === 'string' && /^\d+$/.test(value)) return BigInt(value)
  return typeof value === 'string' || typeof value === 'boolean' ? value : null
}
