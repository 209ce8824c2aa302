import { EngineError, isEngineError, unreachable } from '../src/base/errors.ts'
import type { Expr, NamedExpr } from '../src/expr/expr.ts'
import { column } from '../src/expr/factories.ts'
import { transformUp } from '../src/expr/walk.ts'
import { withErrorItems } from '../src/plan/errorColumns.ts'
import {
  aggregate,
  distinct,
  explode,
  filter,
  limit,
  project,
  sample,
  sort,
  union,
} from '../src/plan/factories.ts'
import { join } from '../src/plan/join.ts'
import { ColumnScope, nameKey } from '../src/plan/names.ts'
import type { LogicalPlan } from '../src/plan/plan.ts'
import type { JoinVerb, Verb } from './verb.ts'

type Names = readonly string[]

/** Whether the plan of a verb depends on the columns of its inputs. */
export function needsColumns(verb: Verb): boolean {
  return ['withColumns', 'window', 'drop', 'rename', 'join'].includes(verb.kind)
}

/**
 * The plan of a verb over its inputs. `columns` are those of the inputs, in order; they have to be known for a verb that needs
 * them. Errors begin with the verb.
 */
export function planVerb(
  verb: Verb,
  inputs: readonly LogicalPlan[],
  columns: readonly (Names | null)[],
): LogicalPlan {
  try {
    return plan(verb, inputs, columns)
  } catch (error) {
    throw isEngineError(error) ? atVerb(verb, error) : error
  }
}

function plan(verb: Verb, inputs: readonly LogicalPlan[], columns: readonly (Names | null)[]): LogicalPlan {
  const input = inputs[0]!
  const names = columns[0] ?? []
  switch (verb.kind) {
    case 'project':
      return project(input, withErrorItems(verb.items))
    case 'select':
      return project(input, verb.names.map(sameName))
    case 'withColumns':
      return project(input, withErrors(withItems(names, verb.items)))
    case 'window':
      return project(input, withItems(names, verb.items))
    case 'drop':
      return project(input, without(names, verb.names))
    case 'rename':
      return project(input, renamed(names, verb.names))
    case 'filter':
      return filter(input, verb.predicate)
    case 'agg':
      return aggregate(input, verb.keys, verb.aggregates)
    case 'join':
      return planJoin(verb, { left: input, right: inputs[1]!, names, ofRight: columns[1] ?? [] })
    case 'orderBy':
      return sort(input, verb.keys)
    case 'distinct':
      return distinct(input, verb.on)
    case 'limit':
      return limit(input, verb.count, verb.offset)
    case 'sample':
      return sample(input, verb.size, verb.seed)
    case 'union':
      return union(inputs, verb.byName)
    case 'explode':
      return explode(input, verb.column, verb.keepEmpty)
    default:
      return unreachable(verb)
  }
}

/** Errors of the factories speak of plans; whoever wrote the verb has to find it in them. */
function atVerb({ kind }: Verb, error: EngineError): EngineError {
  const { code, details } = error
  const message =
    details.hint === undefined ? error.message : error.message.slice(0, -(details.hint.length + 3))
  const ofPlan = /^(?:project|an aggregate|a join|sort|a grouping key)(?= )/
  const said = message.startsWith(`${kind} `)
    ? message
    : ofPlan.test(message)
      ? message.replace(ofPlan, kind)
      : `${kind}: ${message}`
  return new EngineError(code, said, details, error)
}

function sameName(name: string): NamedExpr {
  return { name, expr: column(name) }
}

/** New columns come after the others; one of a name that is there takes its place. */
function withItems(columns: Names, items: readonly NamedExpr[]): NamedExpr[] {
  const added = new Map(items.map((item) => [nameKey(item.name), item]))
  if (added.size < items.length) return [...columns.map(sameName), ...items]
  const kept = columns.map((name) => {
    const item = added.get(nameKey(name))
    added.delete(nameKey(name))
    return item ?? sameName(name)
  })
  return [...kept, ...added.values()]
}

/** Columns of errors go behind their calls, in place of those of that name that were there. */
function withErrors(items: readonly NamedExpr[]): readonly NamedExpr[] {
  const all = withErrorItems(items)
  const given = new Set(items)
  const added = new Set(all.filter((item) => !given.has(item)).map(({ name }) => nameKey(name)))
  const replaced = (item: NamedExpr): boolean =>
    given.has(item) && item.expr.kind === 'column' && added.has(nameKey(item.name))
  return all.filter((item) => !replaced(item))
}

function without(columns: Names, dropped: Names): NamedExpr[] {
  const scope = new ColumnScope(columns)
  const names = new Set(dropped.map((name) => scope.resolveName(name)))
  if (names.size === columns.length) throw new EngineError('PLAN_INVALID', 'drop leaves no column')
  return columns.filter((name) => !names.has(name)).map(sameName)
}

function renamed(columns: Names, names: ReadonlyMap<string, string>): NamedExpr[] {
  const scope = new ColumnScope(columns)
  const byColumn = new Map([...names].map(([from, to]) => [scope.resolveName(from), to]))
  return columns.map((name) => ({ name: byColumn.get(name) ?? name, expr: column(name) }))
}

interface JoinInputs {
  readonly left: LogicalPlan
  readonly right: LogicalPlan
  readonly names: Names
  readonly ofRight: Names
}

/** Columns of the right input get the suffix where the left one has their name, so that conditions need no qualifier. */
function planJoin(verb: JoinVerb, { left, right, names, ofRight }: JoinInputs): LogicalPlan {
  const { type, using, condition, suffix } = verb
  const scope = new ColumnScope(ofRight)
  for (const name of using) scope.resolveName(name)
  const ofLeft = new Set(names.map(nameKey))
  const shared = new Set(using.map(nameKey))
  const clashes = ofRight.filter((name) => ofLeft.has(nameKey(name)) && !shared.has(nameKey(name)))
  const suffixed = new Map(clashes.map((name) => [name, `${name}${suffix}`]))
  const input = clashes.length === 0 ? right : project(right, renamed(ofRight, suffixed))
  const on = condition === null ? null : ofSides(condition, verb, scope, suffixed)
  return join({ type, left, right: input, using, on })
}

function ofSides(
  condition: Expr,
  { ofRight }: JoinVerb,
  scope: ColumnScope,
  suffixed: ReadonlyMap<string, string>,
): Expr {
  return transformUp(condition, (node) => {
    if (node.kind !== 'column' || !ofRight.has(node)) return node
    const name = scope.resolveName(node.name)
    return column(suffixed.get(name) ?? name)
  })
}
