import { unreachable } from '../src/base/errors.ts'
import type { Expr, NamedExpr } from '../src/expr/expr.ts'
import type { JoinType, SamplePlan, SortKey } from '../src/plan/plan.ts'

/** What a DataFrame does to its rows, as data; `planVerb` beside this file makes plans of it. */
export type Verb =
  | { readonly kind: 'project' | 'withColumns' | 'window'; readonly items: readonly NamedExpr[] }
  | { readonly kind: 'select' | 'drop'; readonly names: readonly string[] }
  | { readonly kind: 'rename'; readonly names: ReadonlyMap<string, string> }
  | { readonly kind: 'filter'; readonly predicate: Expr }
  | { readonly kind: 'agg'; readonly keys: readonly NamedExpr[]; readonly aggregates: readonly NamedExpr[] }
  | JoinVerb
  | { readonly kind: 'orderBy'; readonly keys: readonly SortKey[] }
  | { readonly kind: 'distinct'; readonly on: readonly Expr[] | null }
  | { readonly kind: 'limit'; readonly count: number | null; readonly offset: number }
  | { readonly kind: 'sample'; readonly size: SamplePlan['size']; readonly seed: number | null }
  | { readonly kind: 'union'; readonly byName: boolean }
  | { readonly kind: 'explode'; readonly column: string; readonly keepEmpty: boolean }

export interface JoinVerb {
  readonly kind: 'join'
  readonly type: JoinType
  readonly using: readonly string[]
  readonly condition: Expr | null
  /** The columns in `condition` that are those of the right input, as objects: the names may be on both sides. */
  readonly ofRight: ReadonlySet<Expr>
  /** Appended to names of the right input that the left one has too. */
  readonly suffix: string
}

/** The expressions that a verb holds. */
export function verbExpressions(verb: Verb): readonly Expr[] {
  const found: Expr[] = []
  mapVerbExpressions(verb, (expr) => {
    found.push(expr)
    return expr
  })
  return found
}

/** The verb with each of its expressions replaced. */
export function mapVerbExpressions(verb: Verb, map: (expr: Expr) => Expr): Verb {
  const named = (items: readonly NamedExpr[]): readonly NamedExpr[] =>
    items.map(({ name, expr }) => ({ name, expr: map(expr) }))
  switch (verb.kind) {
    case 'project':
    case 'withColumns':
    case 'window':
      return { ...verb, items: named(verb.items) }
    case 'filter':
      return { ...verb, predicate: map(verb.predicate) }
    case 'agg':
      return { ...verb, keys: named(verb.keys), aggregates: named(verb.aggregates) }
    case 'join':
      return { ...verb, condition: verb.condition === null ? null : map(verb.condition) }
    case 'orderBy':
      return { ...verb, keys: verb.keys.map((key) => ({ ...key, expr: map(key.expr) })) }
    case 'distinct':
      return { ...verb, on: verb.on?.map(map) ?? null }
    case 'select':
    case 'drop':
    case 'rename':
    case 'limit':
    case 'sample':
    case 'union':
    case 'explode':
      return verb
    default:
      return unreachable(verb)
  }
}
