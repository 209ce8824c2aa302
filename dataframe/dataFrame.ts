import type { Table } from 'apache-arrow'
import { EngineError } from '../src/base/errors.ts'
import type { JoinType } from '../src/plan/plan.ts'
import { Actions } from './actions.ts'
import type { ColumnLike, Key, SortOrder, Window } from './column.ts'
import { declaredSchema } from './declaredSchema.ts'
import { joinVerb } from './joinArguments.ts'
import { describe } from './operand.ts'
import type { ColumnDescription } from './planDescription.ts'
import type { PlanRunner, SqlParameters } from './planRunner.ts'
import { applyVerb } from './relation.ts'
import type {
  AnyRow,
  ConditionOf,
  DeclaredRow,
  DeclaredSchema,
  Exploded,
  Extended,
  Flat,
  Joined,
  JoinOptions,
  NameOf,
  Projected,
  Projection,
  ProjectionOf,
  Renamed,
  Selected,
  Without,
} from './rowTypes.ts'
import { type ScanOptions, scanRelation, tableRelation } from './scanRelation.ts'
import { keyExpr, toSortKey } from './sortOrder.ts'
import type { Verb } from './verb.ts'
import { allOf, groupKeys, namedExprs, namesOf, rowCount, sampleVerb, windowExprs } from './verbArguments.ts'

/** Groups of rows, to be aggregated. */
export interface GroupedData<S, Keys> {
  /** A row for each group: its keys, then the aggregates. */
  agg<Items extends Projection>(items: ProjectionOf<S, Items>): DataFrame<Flat<Keys & Projected<Items>>>
}

/**
 * A query that is built step by step and run by an action. DataFrames are immutable, and nothing is read before an action. `S` is
 * the type of a row; where it is not known, columns are not checked by the compiler but when the query is run.
 */
export class DataFrame<S extends object = AnyRow> extends Actions<S> {
  /** Files by paths or globs: parquet, CSV, JSON or Arrow. Without `runner` the default session reads them. */
  static scan<const Declared extends DeclaredSchema>(
    paths: string | readonly string[],
    options: ScanOptions<Declared> & { readonly schema: Declared },
    runner?: PlanRunner,
  ): DataFrame<DeclaredRow<Declared>>
  static scan(paths: string | readonly string[], options?: ScanOptions, runner?: PlanRunner): DataFrame
  static scan(
    paths: string | readonly string[],
    options: ScanOptions = {},
    runner: PlanRunner | null = null,
  ): DataFrame {
    return new DataFrame(scanRelation(paths, options), runner)
  }

  /** A table or view of the database, or of an attached one (`archive.main.orders`). */
  static table(name: string | readonly string[], runner: PlanRunner | null = null): DataFrame {
    return new DataFrame(tableRelation(name), runner)
  }

  /** Objects, a row each. The types of the columns are those of `schema`, or those of the values. */
  static fromRows<const Declared extends DeclaredSchema>(
    rows: readonly object[],
    schema: Declared,
    runner?: PlanRunner,
  ): DataFrame<DeclaredRow<Declared>>
  static fromRows<Row extends object>(
    rows: readonly Row[],
    schema?: undefined,
    runner?: PlanRunner,
  ): DataFrame<Row>
  static fromRows(
    rows: readonly object[],
    schema?: DeclaredSchema,
    runner: PlanRunner | null = null,
  ): DataFrame<object> {
    if (!Array.isArray(rows) || rows.some((row) => typeof row !== 'object' || row === null)) {
      throw new EngineError('WRONG_ARGUMENTS', 'fromRows takes a list of objects')
    }
    const declared = schema === undefined ? null : declaredSchema(schema, 'fromRows')
    return new DataFrame({ kind: 'memory', content: { kind: 'rows', rows, schema: declared } }, runner)
  }

  /** An Arrow table. */
  static fromArrow(table: Table, runner: PlanRunner | null = null): DataFrame {
    return new DataFrame({ kind: 'memory', content: { kind: 'arrow', table } }, runner)
  }

  /** A SELECT statement, with values for its parameters by position or name. */
  static fromSql(text: string, parameters: SqlParameters = [], runner: PlanRunner | null = null): DataFrame {
    if (typeof text !== 'string')
      throw new EngineError('WRONG_ARGUMENTS', 'fromSql takes the text of a statement')
    return new DataFrame({ kind: 'sqlQuery', text, parameters }, runner)
  }

  /** Just the columns that are named: expressions by name, or a function that makes them of the columns. */
  project<Items extends Projection>(items: ProjectionOf<S, Items>): DataFrame<Projected<Items>> {
    return this.#with({ kind: 'project', items: namedExprs(items, 'project') })
  }

  /** All columns and these; one of a name that is there takes its place. */
  withColumns<Items extends Projection>(items: ProjectionOf<S, Items>): DataFrame<Extended<S, Items>> {
    return this.#with({ kind: 'withColumns', items: namedExprs(items, 'withColumns') })
  }

  /** All columns and these functions over windows; `window` is that of functions without one of their own. */
  window<Items extends Projection>(
    items: ProjectionOf<S, Items>,
    window: Window = {},
  ): DataFrame<Extended<S, Items>> {
    return this.#with({ kind: 'window', items: windowExprs(items, window) })
  }

  /** Columns by name, in this order. */
  select<Name extends NameOf<S>>(...names: Name[]): DataFrame<Selected<S, Name>> {
    return this.#with({ kind: 'select', names: namesOf(names, 'select') })
  }

  /** All columns but these. */
  drop<Name extends NameOf<S>>(...names: Name[]): DataFrame<Without<S, Name>> {
    return this.#with({ kind: 'drop', names: namesOf(names, 'drop') })
  }

  /** Columns under other names: `{ old: 'new' }`. */
  rename<const Names extends { readonly [Name in NameOf<S>]?: string }>(
    names: Names,
  ): DataFrame<Renamed<S, Names>> {
    const old = Object.keys(names)
    const renamed = namesOf(Object.values(names), 'rename')
    return this.#with({
      kind: 'rename',
      names: new Map(old.map((name, index) => [name, renamed[index] ?? name])),
    })
  }

  /** The rows for which every condition holds. */
  filter(...conditions: ConditionOf<S>[]): DataFrame<S> {
    return this.#with({ kind: 'filter', predicate: allOf(conditions, 'filter') })
  }

  /** Groups by names, by columns that have a name, or by expressions by name. Without aggregates it is `distinct`. */
  groupBy<Name extends NameOf<S>>(...keys: Name[]): GroupedData<S, Selected<S, Name>>
  groupBy(...keys: (NameOf<S> | ColumnLike | Projection)[]): GroupedData<S, AnyRow>
  groupBy(...keys: (Key | Projection)[]): GroupedData<S, AnyRow> {
    const named = groupKeys(keys)
    return {
      agg: (items) => this.#with({ kind: 'agg', keys: named, aggregates: namedExprs(items, 'agg') }),
    }
  }

  /** Aggregates of all rows, in one row. */
  agg<Items extends Projection>(items: ProjectionOf<S, Items>): DataFrame<Projected<Items>> {
    return this.#with({ kind: 'agg', keys: [], aggregates: namedExprs(items, 'agg') })
  }

  /** Pairs of rows of this and another DataFrame; `semi` and `anti` keep rows of this one that have a partner, or none. */
  join<
    R extends object,
    const How extends JoinType = 'inner',
    On extends NameOf<S> & NameOf<R> = never,
    const Suffix extends string = '_right',
  >(
    other: DataFrame<R>,
    options: JoinOptions<S, R, How, On, Suffix>,
  ): DataFrame<Joined<S, R, { how: How; on: On; suffix: Suffix }>> {
    return this.#withOther(joinVerb(options), other)
  }

  /** Rows in the order of these columns; `_.amount.desc()` turns it around. */
  orderBy(...keys: (NameOf<S> | ColumnLike | SortOrder)[]): DataFrame<S> {
    return this.#with({ kind: 'orderBy', keys: keys.map((key) => toSortKey(key, 'orderBy')) })
  }

  /** Distinct rows; with columns the first row for each of their values. */
  distinct(...on: (NameOf<S> | ColumnLike)[]): DataFrame<S> {
    const exprs = on.map((key) => keyExpr(key, 'distinct'))
    return this.#with({ kind: 'distinct', on: exprs.length === 0 ? null : exprs })
  }

  /** The first rows after `offset`. */
  limit(count: number, offset = 0): DataFrame<S> {
    return this.#with({
      kind: 'limit',
      count: rowCount(count, 'limit'),
      offset: rowCount(offset, 'limit: offset'),
    })
  }

  /** Rows from `offset` on, `length` of them or all. */
  slice(offset: number, length?: number): DataFrame<S> {
    const count = length === undefined ? null : rowCount(length, 'slice')
    return this.#with({ kind: 'limit', count, offset: rowCount(offset, 'slice: offset') })
  }

  /** The first rows, 10 by default. */
  head(count = 10): DataFrame<S> {
    return this.#with({ kind: 'limit', count: rowCount(count, 'head'), offset: 0 })
  }

  /** Some rows by chance: a number of them, or each with a probability. With a seed it is always the same rows. */
  sample(options: { rows: number; seed?: number } | { fraction: number; seed?: number }): DataFrame<S> {
    return this.#with(sampleVerb(options))
  }

  /** The rows of this, then those of the other; columns in order, or those of one name with `byName`. */
  union<R extends object>(
    other: DataFrame<R>,
    options: { readonly byName?: boolean } = {},
  ): DataFrame<S | R> {
    return this.#withOther({ kind: 'union', byName: options.byName ?? false }, other)
  }

  /** A row for each item of a list, in place of the list; empty and null lists give no row unless `keepEmpty`. */
  explode<Name extends NameOf<S>>(
    column: Name,
    options: { readonly keepEmpty?: boolean } = {},
  ): DataFrame<Exploded<S, Name>> {
    const [name = ''] = namesOf([column], 'explode')
    return this.#with({ kind: 'explode', column: name, keepEmpty: options.keepEmpty ?? false })
  }

  /** Figures of each column, a row each. */
  describe(): DataFrame<ColumnDescription> {
    return new DataFrame({ kind: 'description', input: this.relation }, this.runner)
  }

  #with<Rows extends object>(verb: Verb): DataFrame<Rows> {
    return new DataFrame(applyVerb(verb, [this.relation]), this.runner)
  }

  #withOther<Rows extends object>(verb: Verb, other: unknown): DataFrame<Rows> {
    if (!(other instanceof DataFrame)) {
      throw new EngineError('WRONG_ARGUMENTS', `${verb.kind} takes another DataFrame, got ${describe(other)}`)
    }
    return new DataFrame(
      applyVerb(verb, [this.relation, other.relation]),
      this.sharedRunner(other, verb.kind),
    )
  }
}
