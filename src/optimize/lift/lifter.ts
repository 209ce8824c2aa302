import { unreachable } from '../../base/errors.ts'
import { exprChildren, mapExprChildren } from '../../expr/children.ts'
import { exprEquals } from '../../expr/equal.ts'
import type {
  CallExpr,
  CaseExpr,
  CoalesceExpr,
  Expr,
  LogicalExpr,
  NamedExpr,
  SqlExpr,
} from '../../expr/expr.ts'
import { and, caseWhen, coalesce, column, or, structField, triedForErrors } from '../../expr/factories.ts'
import { collectColumns, containsCall, isRowWise, isVolatile } from '../../expr/walk.ts'
import { outputColumns } from '../../plan/columns.ts'
import { wantsErrorColumn } from '../../plan/errorColumns.ts'
import { type CallSpec, callProject, project } from '../../plan/factories.ts'
import type { LogicalPlan } from '../../plan/plan.ts'
import { passing } from '../rewrite.ts'
import type { RuleContext } from '../rule.ts'
import { type Guard, implies, isNotFalse, isNotTrue, isNull, within } from './guard.ts'

/** A column that is to be appended below an operator: the result of a call, or a value that several expressions share. */
type Step = { readonly kind: 'call'; readonly call: CallSpec } | ({ readonly kind: 'value' } & NamedExpr)

/** A tried call and the step that makes it. */
interface Site {
  readonly expr: CallExpr
  readonly step: number
}

/**
 * What an expression is used for. For a `condition` false and null are the same, so that the rest of an AND is not reached
 * once an operand is null; as a `value` NULL AND false is false, and it is.
 */
export type Use = 'value' | 'condition'

/**
 * Takes calls out of the expressions of one operator, the innermost first, in the order in which they are written. Each gets
 * a guard that selects exactly the rows that reach it through CASE, AND, OR and COALESCE.
 */
export class Lifter {
  readonly #context: RuleContext
  readonly #steps: Step[] = []
  readonly #sites: Site[] = []

  constructor(context: RuleContext) {
    this.#context = context
  }

  get liftedAny(): boolean {
    return this.#steps.length > 0
  }

  /** The input with the columns that the lifted expressions read. */
  appendTo(input: LogicalPlan): LogicalPlan {
    return this.#steps.reduce<LogicalPlan>((plan, step) => {
      if (step.kind === 'call') return callProject(plan, step.call)
      return project(plan, [...passing(outputColumns(plan) ?? []), { name: step.name, expr: step.expr }])
    }, input)
  }

  lift(expr: Expr, guard: Guard, use: Use): Expr {
    if (!containsCall(expr)) return expr
    switch (expr.kind) {
      case 'column':
      case 'literal':
        return expr
      case 'call':
        return wantsErrorColumn(expr, this.#context.catalog)
          ? structField(this.#call(triedForErrors(expr, null), guard), 'value')
          : this.#call(expr, guard)
      case 'and':
      case 'or':
        return this.#logical(expr, guard, use)
      case 'case':
        return this.#case(expr, guard, use)
      case 'coalesce':
        return this.#coalesce(expr, guard)
      case 'sql':
        return this.#sql(expr, guard)
      default:
        return unreachable(expr)
    }
  }

  /** Arguments of an aggregate or a window function: it sees all rows that its own FILTER lets pass, wherever it is written. */
  liftArguments(expr: SqlExpr): Expr {
    if (!containsCall(expr) || staysInPlace(expr)) return expr
    const at = filterArgument(expr)
    if (at === null) return mapExprChildren(expr, (arg) => this.lift(arg, null, 'value'))
    const condition = this.#tested(this.lift(expr.args[at]!, null, 'condition'), null)
    return mapExprChildren(expr, (arg) =>
      arg === expr.args[at] ? condition : this.lift(arg, condition, 'value'),
    )
  }

  #call(expr: CallExpr, guard: Guard): Expr {
    const { function: called, args, metadata, options, outcome } = expr
    const known = this.#ofSite(expr, guard)
    if (known !== null) return known
    const lifted = args.map((arg) => this.#argument(arg, guard))
    const name = this.#context.names.next('__call')
    const spec = { args: lifted, metadata: metadata === null ? null : this.#argument(metadata, guard), guard }
    const step =
      this.#steps.push({ kind: 'call', call: { name, function: called, options, outcome, ...spec } }) - 1
    if (expr.site !== null) this.#sites.push({ expr, step })
    return column(name)
  }

  /** The column of a tried call whose outcome is read already, for all the rows that are to read it now. */
  #ofSite(expr: CallExpr, guard: Guard): Expr | null {
    if (expr.site === null) return null
    for (const { expr: read, step: index } of this.#sites) {
      const step = this.#steps[index]
      if (read.site !== expr.site || !exprEquals(read, expr) || step?.kind !== 'call') continue
      const known = step.call.guard ?? null
      if (!implies(guard, known)) {
        if (exprChildren(expr).some(containsCall) || !this.#isKnownAt(index, guard)) continue
        const either = guard === null || known === null ? null : or([known, guard])
        this.#steps[index] = { kind: 'call', call: { ...step.call, guard: either } }
      }
      return column(step.call.name)
    }
    return null
  }

  /** Whether a guard can be computed below a step: it reads no column that is appended there or above. */
  #isKnownAt(index: number, guard: Guard): boolean {
    const later = this.#steps.slice(index).map((step) => (step.kind === 'call' ? step.call.name : step.name))
    return guard === null || [...collectColumns(guard)].every((name) => !later.includes(name))
  }

  #argument(arg: Expr, guard: Guard): Expr {
    const lifted = this.#withoutWindows(this.lift(arg, guard, 'value'))
    return containsCall(lifted) ? this.#appendWhere(lifted, guard) : lifted
  }

  /** Below a filter or a LIMIT, where a call may be moved to, a window function would see other rows. */
  #withoutWindows(expr: Expr): Expr {
    if (expr.kind === 'sql' && expr.scope === 'window') return this.#append(expr)
    return mapExprChildren(expr, (child) => this.#withoutWindows(child))
  }

  #logical(expr: LogicalExpr, guard: Guard, use: Use): Expr {
    let reached = guard
    const lifted = expr.args.map((arg, index) => {
      const operand = this.lift(arg, reached, use)
      if (!expr.args.slice(index + 1).some(containsCall)) return operand
      const tested = this.#tested(operand, reached)
      reached = within(reached, undecided(expr.kind, tested, use), tested)
      return tested
    })
    return expr.kind === 'and' ? and(lifted) : or(lifted)
  }

  #case({ branches, otherwise }: CaseExpr, guard: Guard, use: Use): Expr {
    let reached = guard
    const lifted = branches.map(({ when, result }) => {
      const condition = this.#tested(this.lift(when, reached, 'condition'), reached)
      const chosen = this.lift(result, within(reached, condition, condition), use)
      reached = within(reached, isNotTrue(condition), condition)
      return { when: condition, result: chosen }
    })
    return caseWhen(lifted, otherwise === null ? null : this.lift(otherwise, reached, use))
  }

  #coalesce({ args }: CoalesceExpr, guard: Guard): Expr {
    let reached = guard
    const lifted = args.map((arg, index) => {
      const operand = this.lift(arg, reached, 'value')
      if (!args.slice(index + 1).some(containsCall)) return operand
      const tested = this.#tested(operand, reached)
      reached = within(reached, isNull(tested), tested)
      return tested
    })
    return coalesce(lifted)
  }

  #sql(expr: SqlExpr, guard: Guard): Expr {
    if (expr.scope === 'window' || expr.scope === 'aggregate') return this.liftArguments(expr)
    if (staysInPlace(expr)) return expr
    return mapExprChildren(expr, (arg) => this.lift(arg, guard, 'value'))
  }

  /** What a guard tests is computed a second time there, which must give the same, and see the same rows. */
  #tested(operand: Expr, guard: Guard): Expr {
    const same = isRowWise(operand) && !isVolatile(operand, this.#context.catalog)
    return same && !containsCall(operand) ? operand : this.#appendWhere(operand, guard)
  }

  #appendWhere(expr: Expr, guard: Guard): Expr {
    return this.#append(guard === null ? expr : caseWhen([{ when: guard, result: expr }]))
  }

  #append(expr: Expr): Expr {
    const name = this.#context.names.next('__value')
    this.#steps.push({ kind: 'value', name, expr })
    return column(name)
  }
}

/** For which values of an operand the next one is reached. */
function undecided(kind: 'and' | 'or', operand: Expr, use: Use): Expr {
  if (kind === 'or') return isNotTrue(operand)
  return use === 'condition' ? operand : isNotFalse(operand)
}

/** A call within a lambda may read its parameters, and TRY has to see the error of a call. */
export function staysInPlace({ parts }: SqlExpr): boolean {
  return parts.some((part) => /\blambda\b|\btry\s*\(/i.test(part))
}

/** The place of the condition among the arguments of `sum(x) FILTER (WHERE condition)`; null without one. */
function filterArgument({ parts, args }: SqlExpr): number | null {
  const at = parts.findIndex((part) => /\bfilter\s*\(\s*where\s*$/i.test(part))
  return at >= 0 && at < args.length && parts[at + 1]?.trimStart().startsWith(')') === true ? at : null
}
