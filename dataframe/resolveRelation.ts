import type { Expr } from '../src/expr/expr.ts'
import { outputColumns } from '../src/plan/columns.ts'
import { scan } from '../src/plan/factories.ts'
import type { LogicalPlan } from '../src/plan/plan.ts'
import { planDescription } from './planDescription.ts'
import type { PlanRunner } from './planRunner.ts'
import { needsColumns, planVerb } from './planVerb.ts'
import type { Relation } from './relation.ts'
import { parseSqlText } from './sqlText.ts'
import { mapVerbExpressions, type Verb, verbExpressions } from './verb.ts'

type Resolving = Map<Relation, Promise<LogicalPlan>>

/** The plan of a relation: rows are registered, text is parsed, and verbs get the columns that they waited for. */
export async function resolveRelation(
  relation: Relation,
  runner: PlanRunner,
  resolving: Resolving = new Map(),
): Promise<LogicalPlan> {
  const begun = resolving.get(relation)
  if (begun !== undefined) return begun
  const plan = resolveOnce(relation, runner, resolving)
  resolving.set(relation, plan)
  return plan
}

async function resolveOnce(
  relation: Relation,
  runner: PlanRunner,
  resolving: Resolving,
): Promise<LogicalPlan> {
  switch (relation.kind) {
    case 'planned':
      return relation.plan
    case 'memory':
      return scan(await runner.memorySource(relation.content))
    case 'sqlQuery':
      return runner.planSql(relation.text, relation.parameters)
    case 'description': {
      const input = await resolveRelation(relation.input, runner, resolving)
      return planDescription(input, await runner.describe(input))
    }
    case 'verb': {
      const inputs = await Promise.all(
        relation.inputs.map(async (input) => resolveRelation(input, runner, resolving)),
      )
      const verb = await parsedVerb(relation.verb, runner)
      const columns = await Promise.all(
        inputs.map(async (input) => (needsColumns(verb) ? columnsOf(input, runner) : outputColumns(input))),
      )
      return planVerb(verb, inputs, columns)
    }
  }
}

async function columnsOf(plan: LogicalPlan, runner: PlanRunner): Promise<readonly string[]> {
  return outputColumns(plan) ?? (await runner.describe(plan)).map(({ name }) => name)
}

async function parsedVerb(verb: Verb, runner: PlanRunner): Promise<Verb> {
  const expressions = verbExpressions(verb)
  const parse = async (text: string): Promise<Expr> => runner.parseExpression(text)
  const parsed = await Promise.all(expressions.map(async (expr) => parseSqlText(expr, parse)))
  if (parsed.every((expr, index) => expr === expressions[index])) return verb
  const next = parsed[Symbol.iterator]()
  return mapVerbExpressions(verb, (expr) => next.next().value ?? expr)
}
