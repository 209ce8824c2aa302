import type { Expr, SqlScope } from '../src/expr/expr.ts'
import { and, call, caseWhen, coalesce, column, literal, or, sql } from '../src/expr/factories.ts'
import { nameKey } from '../src/plan/names.ts'
import { type CallTree, callOf } from './bindCalls.ts'
import type { CteScope } from './cteScope.ts'
import { hasLiftableCall, isTry } from './inPlaceCalls.ts'
import { lambdaParameters, lambdasOf } from './lambda.ts'
import { NotLiftable } from './notLiftable.ts'
import type { Planning } from './planning.ts'
import { expressionText } from './textUse.ts'
import type { ColumnTree, ExpressionTree, LambdaTree } from './tree.ts'
import { columnTree } from './treeFactories.ts'
import { mapChildren, someExpression } from './treeWalk.ts'
import { isVolatile } from './volatility.ts'

/** An expression that is there once the printer was flushed. */
export type PendingExpr = () => Expr

/** How the expressions of one clause are read. */
export interface Clause {
  readonly planning: Planning
  readonly scope: CteScope
  /** What the clause sees as one value: a column, a key of the group, an aggregate, a window; null for other expressions. */
  readonly unit: (tree: ExpressionTree) => PendingExpr | null
}

/** Translates an expression: calls, AND, OR, CASE and COALESCE around calls as such, all else as text with holes. */
export function translate(tree: ExpressionTree, clause: Clause): PendingExpr {
  const unit = clause.unit(tree)
  if (unit !== null) return unit
  const bound = callOf(tree, clause.planning.catalog)
  if (bound !== null) return translateCall(bound, clause)
  const constant = constantOf(tree)
  if (constant !== null) return constant
  if (!hasLiftableCall(tree, clause.planning.catalog)) return translateText(tree, clause)
  return translateConditional(tree, clause) ?? translateText(tree, clause)
}

/** A condition: its conjuncts stand apart, calls or not, so that they can be ordered and moved. */
export function translateCondition(tree: ExpressionTree, clause: Clause): PendingExpr {
  if (tree.class !== 'CONJUNCTION' || tree.type !== 'CONJUNCTION_AND') return translate(tree, clause)
  const conjuncts = tree.children.map((child) => translateCondition(child, clause))
  return () => and(conjuncts.map((conjunct) => conjunct()))
}

/** Text with holes for the units, calls and conditional parts in it, over what `scope` says. */
export function translateText(tree: ExpressionTree, clause: Clause, scope: SqlScope = 'row'): PendingExpr {
  const { planning } = clause
  const holes: PendingExpr[] = []
  const hole = (child: ExpressionTree, value: PendingExpr): ColumnTree => {
    const index = holes.push(value) - 1
    return { ...columnTree(planning.printer.placeholder(index)), alias: child.alias }
  }
  const shape = withHoles(tree, clause, { hole, bound: new Set(), calls: 'lift' })
  const template = expressionText(shape, planning, 'of the text around it')
  const queries = scope === 'row' && readsTables(shape, planning)
  const volatile = isVolatile(shape, planning)
  return () => {
    const { parts, holes: order } = template()
    const args = order.map((index) => (holes[index] ?? missing)())
    return sql(parts, args, { scope: queries ? 'query' : scope, volatile })
  }
}

function missing(): Expr {
  return literal(null)
}

interface Holes {
  readonly hole: (child: ExpressionTree, value: PendingExpr) => ColumnTree
  /** Parameters of the lambdas around. */
  readonly bound: ReadonlySet<string>
  readonly calls: 'lift' | 'keep'
}

/** The tree with placeholders for what is computed apart. The root itself stays. */
function withHoles(tree: ExpressionTree, clause: Clause, holes: Holes): ExpressionTree {
  if (tree.class === 'STAR') throw new NotLiftable('a star is part of an expression')
  const inside = isTry(tree) ? { ...holes, calls: 'keep' as const } : holes
  const lambdas: readonly ExpressionTree[] = tree.class === 'FUNCTION' ? lambdasOf(tree) : []
  return mapChildren(named(tree), {
    expression: (child) =>
      child.class === 'LAMBDA' && lambdas.includes(child)
        ? lambdaWithHoles(child, clause, holes)
        : partWithHoles(child, clause, inside),
    query: (query) => clause.scope.close(query),
  })
}

function partWithHoles(child: ExpressionTree, clause: Clause, holes: Holes): ExpressionTree {
  if (isBound(child, holes.bound)) return child
  const unit = clause.unit(child)
  if (unit !== null) return holes.hole(child, unit)
  const { catalog } = clause.planning
  if (holes.calls === 'lift') {
    const bound = callOf(child, catalog)
    if (bound !== null) return holes.hole(child, translateCall(bound, clause))
    const conditional = hasLiftableCall(child, catalog) ? translateConditional(child, clause) : null
    if (conditional !== null) return holes.hole(child, conditional)
  }
  return withHoles(child, clause, holes)
}

function lambdaWithHoles(lambda: LambdaTree, clause: Clause, holes: Holes): ExpressionTree {
  const bound = new Set([...holes.bound, ...lambdaParameters(lambda)])
  return { ...lambda, expr: partWithHoles(lambda.expr, clause, { ...holes, bound, calls: 'keep' }) }
}

function isBound(tree: ExpressionTree, bound: ReadonlySet<string>): boolean {
  return tree.class === 'COLUMN_REF' && bound.has(nameKey(tree.column_names[0] ?? ''))
}

const namingFunctions: ReadonlySet<string> = new Set(['struct_pack', 'struct_insert', 'struct_update'])

/** These functions name a field after the column that they get, which a placeholder would change. */
function named(tree: ExpressionTree): ExpressionTree {
  if (tree.class !== 'FUNCTION' || !namingFunctions.has(tree.function_name)) return tree
  const skip = tree.function_name === 'struct_pack' ? 0 : 1
  const children = tree.children.map(
    (child, index): ExpressionTree =>
      index >= skip && child.class === 'COLUMN_REF' && child.alias === ''
        ? { ...child, alias: child.column_names.at(-1) ?? '' }
        : child,
  )
  const changed = children.some((child, index) => child !== tree.children[index])
  return changed ? { ...tree, children } : tree
}

function translateCall(bound: CallTree, clause: Clause): PendingExpr {
  const args = bound.args.map((argument) => translate(argument, clause))
  const metadata = bound.metadata === null ? null : translate({ ...bound.metadata, alias: '' }, clause)
  return () =>
    call(
      bound.signature.name,
      args.map((argument) => argument()),
      { ...bound, metadata: metadata?.() ?? null },
    )
}

/** AND, OR, CASE and COALESCE; null for others. */
function translateConditional(tree: ExpressionTree, clause: Clause): PendingExpr | null {
  if (tree.class === 'CONJUNCTION') {
    const args = tree.children.map((child) => translate(child, clause))
    const combine = tree.type === 'CONJUNCTION_AND' ? and : or
    return () => combine(args.map((arg) => arg()))
  }
  if (tree.class === 'CASE') {
    const branches = tree.case_checks.map(({ when_expr, then_expr }) => ({
      when: translate(when_expr, clause),
      result: translate(then_expr, clause),
    }))
    const otherwise = isNull(tree.else_expr) ? null : translate(tree.else_expr, clause)
    return () =>
      caseWhen(
        branches.map(({ when, result }) => ({ when: when(), result: result() })),
        otherwise?.() ?? null,
      )
  }
  if (tree.class === 'OPERATOR' && tree.type === 'OPERATOR_COALESCE') {
    const args = tree.children.map((child) => translate(child, clause))
    return () => coalesce(args.map((arg) => arg()))
  }
  return null
}

function isNull(tree: ExpressionTree): boolean {
  return tree.class === 'CONSTANT' && tree.value.is_null
}

/** Plain constants that are the same as values of JavaScript. */
function constantOf(tree: ExpressionTree): PendingExpr | null {
  if (tree.class === 'CAST' && tree.cast_type.id === 'BOOLEAN' && !tree.try_cast) {
    const letter = tree.child.class === 'CONSTANT' ? tree.child.value.value : null
    return letter === 't' || letter === 'f' ? () => literal(letter === 't') : null
  }
  if (tree.class !== 'CONSTANT') return null
  const { type, is_null: isNullConstant, value } = tree.value
  if (isNullConstant) return type.id === 'NULL' ? () => literal(null) : null
  if (type.id === 'VARCHAR' && typeof value === 'string') return () => literal(value)
  return type.id === 'INTEGER' && typeof value === 'number' ? () => literal(value) : null
}

export function columnExpr(name: string): PendingExpr {
  return () => column(name)
}

function readsTables(tree: ExpressionTree, { kinds }: Planning): boolean {
  return someExpression(
    tree,
    (part) =>
      part.class === 'SUBQUERY' || (part.class === 'FUNCTION' && kinds.of(part.function_name).queries),
  )
}
