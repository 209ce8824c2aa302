import type { CallOptions, CallOutcome } from '../../catalog/policy/policies.ts'
import type { Schema } from '../base/dataType.ts'
import { EngineError } from '../base/errors.ts'
import type { Expr, NamedExpr, SqlScope } from '../expr/expr.ts'
import { holdsScope } from '../expr/walk.ts'
import { outputColumns } from './columns.ts'
import { ColumnScope, checkDistinct } from './names.ts'
import type {
  AggregatePlan,
  CallProjectPlan,
  DistinctPlan,
  ExplodePlan,
  FilterPlan,
  LimitPlan,
  LogicalPlan,
  OpaquePlan,
  ProjectPlan,
  SamplePlan,
  ScanPlan,
  SortKey,
  SortPlan,
  Source,
  UnionPlan,
} from './plan.ts'

/*
 * The only way to make a plan. Each factory freezes what it makes, and checks it: names are distinct, columns exist and get
 * the spelling that the input gives them, once the columns of the input are known.
 */

export function scan(
  source: Source,
  schema: Schema | null = null,
  columns: readonly string[] | null = null,
): ScanPlan {
  const own = schema?.map(({ name }) => name) ?? null
  if (own !== null) checkDistinct(own, 'a scan')
  const chosen =
    columns === null || own === null ? columns : columns.map((name) => resolver(own).resolveName(name))
  if (chosen !== null) checkDistinct(chosen, 'a scan')
  return Object.freeze({ kind: 'scan', source, schema, columns: chosen })
}

export function opaque(
  parts: readonly string[],
  inputs: readonly LogicalPlan[],
  schema: Schema | null = null,
): OpaquePlan {
  if (parts.length !== inputs.length + 1) {
    throw new EngineError(
      'INTERNAL',
      `${inputs.length} inputs need ${inputs.length + 1} parts, got ${parts.length}`,
    )
  }
  return Object.freeze({
    kind: 'opaque',
    parts: Object.freeze([...parts]),
    inputs: Object.freeze([...inputs]),
    schema,
  })
}

export function project(input: LogicalPlan, items: readonly NamedExpr[]): ProjectPlan {
  if (items.length === 0) throw new EngineError('PLAN_INVALID', 'project needs at least one column')
  checkDistinct(names(items), 'project')
  const named = resolveNamed(items, input)
  checkScopes(named, ['aggregate'], 'project')
  return Object.freeze({ kind: 'project', input, items: named })
}

export function filter(input: LogicalPlan, predicate: Expr): FilterPlan {
  const resolved = resolve(predicate, input)
  checkScopes([{ name: 'the predicate', expr: resolved }], ['aggregate', 'window'], 'filter')
  return Object.freeze({ kind: 'filter', input, predicate: resolved })
}

export interface CallSpec {
  /** Name of the appended column. */
  readonly name: string
  readonly function: string
  readonly args: readonly Expr[]
  readonly metadata?: Expr | null
  readonly options?: CallOptions | null
  /** Default `'value'`. */
  readonly outcome?: CallOutcome
  readonly guard?: Expr | null
  /** Default false. */
  readonly once?: boolean
}

export function callProject(input: LogicalPlan, spec: CallSpec): CallProjectPlan {
  const { name, metadata = null, options = null, outcome = 'value', guard = null, once = false } = spec
  checkDistinct([...(outputColumns(input) ?? []), name], `the call of ${spec.function}`)
  return Object.freeze({
    kind: 'callProject',
    input,
    name,
    function: spec.function,
    args: Object.freeze(spec.args.map((arg) => resolve(arg, input))),
    metadata: metadata === null ? null : resolve(metadata, input),
    options,
    outcome,
    guard: guard === null ? null : resolve(guard, input),
    once,
  })
}

export function aggregate(
  input: LogicalPlan,
  keys: readonly NamedExpr[],
  aggregates: readonly NamedExpr[],
  groupingSets: readonly (readonly number[])[] | null = null,
): AggregatePlan {
  if (keys.length + aggregates.length === 0) {
    throw new EngineError('PLAN_INVALID', 'an aggregate needs at least one key or aggregate')
  }
  checkDistinct(names([...keys, ...aggregates]), 'an aggregate')
  if (groupingSets?.flat().some((index) => keys[index] === undefined) === true) {
    throw new EngineError('INTERNAL', `a grouping set names a key that is not among the ${keys.length} keys`)
  }
  const resolvedKeys = resolveNamed(keys, input)
  checkScopes(resolvedKeys, ['aggregate', 'window'], 'a grouping key')
  const frozenSets =
    groupingSets === null ? null : Object.freeze(groupingSets.map((set) => Object.freeze([...set])))
  const resolved = { keys: resolvedKeys, aggregates: resolveNamed(aggregates, input) }
  return Object.freeze({ kind: 'aggregate', input, ...resolved, groupingSets: frozenSets })
}

export function sort(input: LogicalPlan, keys: readonly SortKey[]): SortPlan {
  if (keys.length === 0) throw new EngineError('PLAN_INVALID', 'sort needs at least one key')
  const resolved = keys.map((key) => Object.freeze({ ...key, expr: resolve(key.expr, input) }))
  return Object.freeze({ kind: 'sort', input, keys: Object.freeze(resolved) })
}

/** `count` null takes all rows after `offset`. */
export function limit(input: LogicalPlan, count: number | null, offset = 0): LimitPlan {
  for (const [what, rows] of [
    ['limit', count ?? 0],
    ['offset', offset],
  ] as const) {
    if (Number.isSafeInteger(rows) && rows >= 0) continue
    throw new EngineError('PLAN_INVALID', `${what} takes a whole number of rows from 0, got ${rows}`)
  }
  return Object.freeze({ kind: 'limit', input, count, offset })
}

/** Distinct rows, or the first row for each value of `on`. */
export function distinct(input: LogicalPlan, on: readonly Expr[] | null = null): DistinctPlan {
  if (on?.length === 0)
    throw new EngineError('PLAN_INVALID', 'distinct needs at least one expression to be distinct on')
  const resolved = on === null ? null : Object.freeze(on.map((expr) => resolve(expr, input)))
  return Object.freeze({ kind: 'distinct', input, on: resolved })
}

export function union(inputs: readonly LogicalPlan[], byName = false): UnionPlan {
  if (inputs.length === 0) throw new EngineError('PLAN_INVALID', 'union needs at least one input')
  const widths = inputs.map(outputColumns).filter((columns) => columns !== null)
  const [first] = widths
  const other = widths.find((columns) => columns.length !== first?.length)
  if (!byName && first !== undefined && other !== undefined) {
    const message = `union takes inputs with equally many columns, got ${first.length} and ${other.length}`
    throw new EngineError('PLAN_INVALID', message)
  }
  return Object.freeze({ kind: 'union', inputs: Object.freeze([...inputs]), byName })
}

export function explode(input: LogicalPlan, column: string, keepEmpty = false): ExplodePlan {
  const columns = outputColumns(input)
  const own = columns === null ? column : resolver(columns).resolveName(column)
  return Object.freeze({ kind: 'explode', input, column: own, keepEmpty })
}

export function sample(input: LogicalPlan, size: SamplePlan['size'], seed: number | null = null): SamplePlan {
  const valid =
    'rows' in size
      ? Number.isSafeInteger(size.rows) && size.rows >= 0
      : size.fraction >= 0 && size.fraction <= 1
  if (!valid) {
    const got = 'rows' in size ? `${size.rows} rows` : `the fraction ${size.fraction}`
    throw new EngineError(
      'PLAN_INVALID',
      `sample takes a whole number of rows or a fraction from 0 to 1, got ${got}`,
    )
  }
  return Object.freeze({ kind: 'sample', input, size: Object.freeze(size), seed })
}

function names(items: readonly NamedExpr[]): readonly string[] {
  return items.map(({ name }) => name)
}

const resolvers = new WeakMap<readonly string[], ColumnScope>()

function resolver(columns: readonly string[]): ColumnScope {
  const scope = resolvers.get(columns) ?? new ColumnScope(columns)
  resolvers.set(columns, scope)
  return scope
}

function resolve(expr: Expr, input: LogicalPlan): Expr {
  const columns = outputColumns(input)
  return columns === null ? expr : resolver(columns).resolve(expr)
}

function resolveNamed(items: readonly NamedExpr[], input: LogicalPlan): readonly NamedExpr[] {
  return Object.freeze(items.map(({ name, expr }) => Object.freeze({ name, expr: resolve(expr, input) })))
}

function checkScopes(items: readonly NamedExpr[], refused: readonly SqlScope[], place: string): void {
  for (const { name, expr } of items) {
    const wrong = refused.find((scope) => holdsScope(expr, scope))
    if (wrong === undefined) continue
    const what = wrong === 'aggregate' ? 'an aggregate' : 'a window function'
    throw new EngineError('PLAN_INVALID', `${place} cannot hold ${what}: ${name}`, { column: name })
  }
}
