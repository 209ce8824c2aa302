import type { CatalogFunctions } from '../catalog/catalogFunctions.ts'
import type { ColumnValue } from '../catalog/valueTypes.ts'
import { EngineError } from '../src/base/errors.ts'
import type { LiteralValue } from '../src/expr/expr.ts'
import { coalesce, column, literal } from '../src/expr/factories.ts'
import { type CatalogCall, catalogCall } from './catalogCall.ts'
import type { Argument, Column, ColumnLike, Condition, Operand, Untyped } from './column.ts'
import { functionCall, snakeCase } from './functionCall.ts'
import type { DuckDBFunctionName } from './functionNames.ts'
import { columnOf, columnOfCall, toArguments } from './makeColumn.ts'
import { checkedName, describe, isColumn, structExpr, toExpr } from './operand.ts'
import { sqlText } from './sqlText.ts'
import { type Recover, recover, type TryCatalogCall, tryCatalogCall } from './tryCatalogCall.ts'
import { parsedType } from './typeText.ts'
import { type Evaluated, type When, when } from './when.ts'

/** What functions of DuckDB take: columns, literals, and for lambdas a function that builds the body. */
export type FunctionArgument = ColumnLike | LiteralValue | ((...items: Column[]) => ColumnLike)

type SumOf<T> = [T] extends [bigint | null]
  ? bigint | null
  : [T] extends [number | bigint | null]
    ? number | bigint | null
    : Untyped
type NumberArgument = Argument<number | bigint | null>

/** What `F` has beside the functions of DuckDB by name, and those of them whose results the compiler knows. */
export interface TypedFunctions<Catalog> {
  /** A call of a catalog function: `F.catalogCall('extract_entities', _.memo)`. */
  readonly catalogCall: CatalogCall<Catalog>
  /**
   * As `catalogCall`, but rows that fail do not fail the query: a struct of `value` and `error` (`code`, `message`, `kind`,
   * `attempts`), which is null for rows that succeed.
   */
  readonly tryCatalogCall: TryCatalogCall<Catalog>
  /** A call's value, or the fallback for rows that fail: `F.recover(F.catalogCall('large', _.memo), F.catalogCall('small', _.memo))`. */
  readonly recover: Recover
  /** A column by its name. */
  col(name: string): Column
  /** A constant; `type` in DuckDB's words (`'DECIMAL(18,3)'`), by default what DuckDB takes it for. */
  lit<Value extends LiteralValue>(value: Value): Column<Evaluated<Value>>
  lit<Type extends string>(value: LiteralValue, type: Type): Column<ColumnValue<Type>>
  /** An expression in SQL, F.sql('amount * 2'), or with columns and literals in its holes, F.sql`upper(${_.memo})`. */
  sql(text: string): Column
  sql(text: TemplateStringsArray, ...holes: FunctionArgument[]): Column
  /** Begins a CASE: `F.when(_.amount.gt(100)).then('large').otherwise('small')`. */
  when(condition: Condition): When<never>
  /** Any function, macros of the database included, by its own name: `F.call('my_macro', _.memo)`. */
  call(name: string, ...args: FunctionArgument[]): Column
  /** The first argument that is not null. */
  coalesce<T>(first: ColumnLike<T>, ...others: Operand<T>[]): Column<T>
  /** A struct of these fields. */
  struct<Fields extends Readonly<Record<string, ColumnLike | LiteralValue>>>(
    fields: Fields,
  ): Column<{ [Name in keyof Fields]: Evaluated<Fields[Name]> } | null>

  /** Rows for which the argument is not null; all rows without one. */
  count(value?: ColumnLike): Column<bigint>
  countAll(): Column<bigint>
  countDistinct(value: ColumnLike): Column<bigint>
  approxCountDistinct(value: ColumnLike): Column<bigint>
  sum<T>(value: ColumnLike<T>): Column<SumOf<T>>
  avg(value: NumberArgument): Column<number | null>
  mean(value: NumberArgument): Column<number | null>
  stddev(value: NumberArgument): Column<number | null>
  variance(value: NumberArgument): Column<number | null>
  min<T>(value: ColumnLike<T>): Column<T | null>
  max<T>(value: ColumnLike<T>): Column<T | null>
  first<T>(value: ColumnLike<T>): Column<T | null>
  last<T>(value: ColumnLike<T>): Column<T | null>
  anyValue<T>(value: ColumnLike<T>): Column<T | null>
  mode<T>(value: ColumnLike<T>): Column<T | null>
  /** Whether the condition holds for any row. */
  any(condition: Condition): Column<boolean | null>
  /** Whether the condition holds for all rows. */
  all(condition: Condition): Column<boolean | null>
  list<T>(value: ColumnLike<T>): Column<T[] | null>
  arrayAgg<T>(value: ColumnLike<T>): Column<T[] | null>
  stringAgg(value: Argument<string | null>, separator: string): Column<string | null>

  rowNumber(): Column<bigint>
  rank(): Column<bigint>
  denseRank(): Column<bigint>
  percentRank(): Column<number>
  cumeDist(): Column<number>
  ntile(buckets: number): Column<bigint>
  /** The value `offset` rows before, 1 by default; `otherwise` where there is none. */
  lag<T>(value: ColumnLike<T>, offset?: number, otherwise?: Operand<T>): Column<T | null>
  /** The value `offset` rows after. */
  lead<T>(value: ColumnLike<T>, offset?: number, otherwise?: Operand<T>): Column<T | null>
  firstValue<T>(value: ColumnLike<T>): Column<T | null>
  lastValue<T>(value: ColumnLike<T>): Column<T | null>
  nthValue<T>(value: ColumnLike<T>, position: number): Column<T | null>
}

/** Every function of DuckDB: `F.listDistinct(_.tags)` is `list_distinct(tags)`. */
export type Functions<Catalog = CatalogFunctions> = TypedFunctions<Catalog> & {
  readonly [Name in Exclude<DuckDBFunctionName, keyof TypedFunctions<Catalog>>]: (
    ...args: FunctionArgument[]
  ) => Column
}

/** Those that are more than a call of the function of the same name in snake_case. */
const special: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['catalogCall', catalogCall],
  ['tryCatalogCall', tryCatalogCall],
  ['recover', recover],
  ['sql', sqlText],
  ['when', when],
  ['col', (name: unknown) => columnOf(column(checkedName(name, 'col')), String(name))],
  ['lit', literalColumn],
  ['call', (name: unknown, ...args: unknown[]) => functionColumn(checkedName(name, 'call'), args)],
  ['coalesce', (...args: unknown[]) => columnOf(coalesce(toArguments(args, 'coalesce')))],
  ['struct', structColumn],
  ['countAll', () => functionColumn('count', [])],
  [
    'countDistinct',
    (value: unknown) =>
      columnOfCall({ ...functionCall('count', toArguments([value], 'countDistinct')), distinct: true }),
  ],
  ['any', (condition: unknown) => functionColumn('bool_or', [condition])],
  ['all', (condition: unknown) => functionColumn('bool_and', [condition])],
])

/**
 * Functions for expressions: catalog calls, literals, SQL, aggregates, window functions, and every function of DuckDB: its name
 * in camelCase is that in snake_case (`F.listDistinct` is `list_distinct`, `F.dayofweek` is `dayofweek`).
 */
export const F: Functions = new Proxy<Functions>(Object.create(null), {
  get: (_, name) => {
    // A module or a promise that holds F must not take it for a promise.
    if (typeof name === 'symbol' || name === 'then') return undefined
    return special.get(name) ?? ((...args: unknown[]) => functionColumn(snakeCase(name), args))
  },
})

function functionColumn(name: string, args: readonly unknown[]): Column {
  return columnOfCall(functionCall(name, toArguments(args, name)))
}

function literalColumn(value: unknown, type?: string): Column {
  const expr = toExpr(value, 'lit')
  return columnOf(
    expr.kind === 'literal' && type !== undefined ? literal(expr.value, parsedType(type, 'lit')) : expr,
  )
}

function structColumn(fields: unknown): Column {
  if (typeof fields === 'object' && fields !== null && !isColumn(fields) && Object.keys(fields).length > 0) {
    return columnOf(structExpr(fields, 'struct'))
  }
  throw new EngineError('WRONG_ARGUMENTS', `struct takes its fields by name, got ${describe(fields)}`, {
    hint: 'F.struct({ city: _.city, total: _.amount })',
  })
}
