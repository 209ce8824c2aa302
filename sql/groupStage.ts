import type { NamedExpr } from '../src/expr/expr.ts'
import { column } from '../src/expr/factories.ts'
import { aggregate, project } from '../src/plan/factories.ts'
import { nameKey } from '../src/plan/names.ts'
import type { LogicalPlan } from '../src/plan/plan.ts'
import { type Clause, columnExpr, type PendingExpr, translate, translateText } from './expression.ts'
import { hasLiftableCall } from './inPlaceCalls.ts'
import type { Names } from './names.ts'
import { NotLiftable } from './notLiftable.ts'
import type { Planning } from './planning.ts'
import { clauseTrees, isAggregate, type SelectClauses } from './selectClauses.ts'
import type { Source } from './source.ts'
import type { ColumnTree, ExpressionTree, QueryTree } from './tree.ts'
import { functionTree } from './treeFactories.ts'
import { fingerprint } from './treeJson.ts'
import { someExpression, walkTree } from './treeWalk.ts'
import { sharingKey } from './volatility.ts'

/** A step that makes columns of what the clauses after it use: groups, windows, unnested lists. */
export interface Stage {
  readonly unit: Clause['unit']
  columns(): readonly string[]
  /** To be called when all clauses are translated. */
  finish(): (input: LogicalPlan) => LogicalPlan
}

export interface GroupContext {
  readonly source: Source
  readonly names: Names
  /** Subqueries that refer to the rows around them. */
  readonly correlated: ReadonlySet<QueryTree>
}

/** Groups: within the text of the source if nothing in them calls, else as a plan of its own. */
export function groupStage(clauses: SelectClauses, rows: Clause, context: GroupContext): Stage {
  const { source } = context
  const textual = !groupsHoldCalls(clauses, rows.planning) && source.group(clauses.keys, clauses.sets)
  return textual ? textGroups(clauses, rows, context) : new PlannedGroups(clauses, rows, context)
}

function groupsHoldCalls(clauses: SelectClauses, { catalog, ...planning }: Planning): boolean {
  const { where, keys } = clauses
  const calls = (tree: ExpressionTree | null): boolean => tree !== null && hasLiftableCall(tree, catalog)
  if (calls(where) || keys.some(calls)) return true
  const all = { catalog, ...planning }
  return clauseTrees(clauses).some((tree) =>
    someExpression(tree, (part) => isAggregate(part, all) && calls(part), 'clause'),
  )
}

function textGroups(
  { keys, sets }: SelectClauses,
  { planning }: Clause,
  { source, correlated }: GroupContext,
): Stage {
  let computed = 0
  const compute = (tree: ExpressionTree): PendingExpr | null => {
    computed++
    const expr = source.compute(tree)
    return expr === null ? null : () => expr
  }
  return {
    unit: (tree) => {
      const key = keyIndex(tree, keys)
      if (key !== null) return compute(keys[key] ?? tree)
      if (isAggregate(tree, planning) || refersOutward(tree, correlated)) return compute(tree)
      return refuseColumn(tree)
    },
    columns: () => source.columns(),
    finish: () => {
      // Without any aggregate the text would not group.
      if (computed === 0 && sets.length === 0) compute(functionTree('count_star', []))
      return (input) => input
    },
  }
}

interface Named {
  readonly name: string
  readonly expr: PendingExpr
}

class PlannedGroups implements Stage {
  readonly #clauses: SelectClauses
  readonly #rows: Clause
  readonly #source: Source
  readonly #names: Names
  readonly #correlated: ReadonlySet<QueryTree>
  readonly #keys: readonly Named[]
  readonly #aggregates = new Map<string | symbol, Named>()

  constructor(clauses: SelectClauses, rows: Clause, { source, names, correlated }: GroupContext) {
    this.#clauses = clauses
    this.#rows = rows
    this.#source = source
    this.#names = names
    this.#correlated = correlated
    this.#keys = namedKeys(clauses.keys, rows, names)
    checkMacros(clauses, rows.planning)
  }

  readonly unit = (tree: ExpressionTree): PendingExpr | null => {
    const key = keyIndex(tree, this.#clauses.keys)
    if (key !== null) return columnExpr(this.#keys[key]?.name ?? '')
    if (isAggregate(tree, this.#rows.planning)) return this.#aggregate(tree)
    if (refersOutward(tree, this.#correlated))
      throw new NotLiftable('a subquery beside it refers to its rows')
    return refuseColumn(tree)
  }

  columns(): readonly string[] {
    return [...this.#keys, ...this.#aggregates.values()].map(({ name }) => name)
  }

  finish(): (input: LogicalPlan) => LogicalPlan {
    if (this.columns().length === 0) this.#aggregate(functionTree('count_star', []))
    const { sets, keys } = this.#clauses
    const plain = sets.length <= 1 && (sets[0]?.length ?? 0) === keys.length
    return (input) => {
      const aggregates = [...this.#aggregates.values()].map(evaluate)
      if (plain) return aggregate(input, this.#keys.map(evaluate), aggregates)
      // GROUPING and the sets name the keys: as columns they are the same everywhere.
      const own = new Set(this.#keys.map(({ name }) => name))
      const others = this.#source.columns().filter((name) => !own.has(name))
      const passed = others.map((name) => ({ name, expr: column(name) }))
      const withKeys = project(input, [...passed, ...this.#keys.map(evaluate)])
      const columns = this.#keys.map(({ name }) => ({ name, expr: column(name) }))
      return aggregate(withKeys, columns, aggregates, sets)
    }
  }

  #aggregate(tree: ExpressionTree): PendingExpr {
    const key = sharingKey(tree, this.#rows.planning)
    const known = this.#aggregates.get(key)
    if (known !== undefined) return columnExpr(known.name)
    const grouping = tree.type === 'GROUPING_FUNCTION'
    const clause = grouping ? { ...this.#rows, unit: this.unit } : this.#rows
    const base = tree.class === 'FUNCTION' ? tree.function_name : 'grouping'
    const made = { name: this.#names.unique(base), expr: translateText(tree, clause, 'aggregate') }
    this.#aggregates.set(key, made)
    return columnExpr(made.name)
  }
}

/** A key that is a column keeps its name. */
function namedKeys(keys: readonly ExpressionTree[], rows: Clause, names: Names): readonly Named[] {
  const columns = new Set<string>()
  return keys.map((tree) => {
    const expr = translate(tree, rows)
    const own = tree.class === 'COLUMN_REF' ? expr() : null
    if (own?.kind !== 'column' || columns.has(own.name)) return { name: names.unique('group_key'), expr }
    columns.add(own.name)
    return { name: own.name, expr }
  })
}

function evaluate({ name, expr }: Named): NamedExpr {
  return { name, expr: expr() }
}

function refersOutward(tree: ExpressionTree, correlated: ReadonlySet<QueryTree>): boolean {
  return tree.class === 'SUBQUERY' && correlated.has(tree.subquery.node)
}

/** Over groups a column must be a key. */
function refuseColumn(tree: ExpressionTree): null {
  if (tree.class === 'COLUMN_REF' || tree.class === 'POSITIONAL_REFERENCE') {
    throw new NotLiftable('a column beside it is no key of the group')
  }
  return null
}

/** `x` and `t.x` are one column where the statement as a whole is valid, unless two keys might be meant. */
function keyIndex(tree: ExpressionTree, keys: readonly ExpressionTree[]): number | null {
  const text = fingerprint(tree)
  const exact = keys.findIndex((key) => fingerprint(key) === text)
  if (exact >= 0) return exact
  if (tree.class !== 'COLUMN_REF') return null
  const matching = keys.flatMap((key, index) =>
    key.class === 'COLUMN_REF' && endsAlike(key, tree) ? [index] : [],
  )
  if (matching.length > 1) throw new NotLiftable('two keys of the group have one name')
  return matching[0] ?? null
}

function endsAlike({ column_names: a }: ColumnTree, { column_names: b }: ColumnTree): boolean {
  const length = Math.min(a.length, b.length)
  const end = (path: readonly string[]): string => path.slice(-length).map(nameKey).join('\u0000')
  return end(a) === end(b)
}

/** A macro that aggregates may use its arguments outside of the aggregate too. */
function checkMacros(clauses: SelectClauses, planning: Planning): void {
  walkTree(clauseTrees(clauses), {
    expression: (tree) => {
      if (!isAggregate(tree, planning) || tree.class !== 'FUNCTION') return
      if (planning.kinds.of(tree.function_name).macro)
        throw new NotLiftable('it is beside a macro that aggregates')
    },
    query: () => false,
  })
}
