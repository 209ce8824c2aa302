import type { ErrorBudget, OnError } from '../catalog/policy/policies.ts'
import type {
  CacheOptions,
  CircuitBreakerOptions,
  ConcurrencyOptions,
  RateLimitOptions,
  RetryOptions,
} from '../catalog/policy/policyOptions.ts'
import type { ColumnValue } from '../catalog/valueTypes.ts'
import type { Expr, LiteralValue } from '../src/expr/expr.ts'
import type { SortKey } from '../src/plan/plan.ts'
import type { FunctionCall } from './functionCall.ts'

/** Keys of what a column or a sort order holds; symbols, so that every name is free for the fields of a struct. */
export const columnState: unique symbol = Symbol.for('callplane.column')
export const sortKey: unique symbol = Symbol.for('callplane.sortKey')

/** What a column stands for: an expression, or an aggregate or window function that `over`, `filterWhere`, … still change. */
export interface ColumnState {
  readonly value: { readonly expr: Expr } | { readonly call: FunctionCall }
  /** What `alias` gave, or the name of a plain column. */
  readonly name: string | null
}

declare const errorColumn: unique symbol

/** Marks a call that has a column of errors beside it where it is projected. */
export interface WithErrorColumn {
  readonly [errorColumn]?: true
}

declare const untyped: unique symbol
declare const values: unique symbol

/** Stands for the values of a column whose type is not known; such a column may be used everywhere. */
export interface Untyped {
  readonly [untyped]: true
}

/** A column as an argument; apart from {@link Column}, so that columns of narrower values pass for columns of wider ones. */
export interface ColumnLike<out T = unknown> {
  readonly [columnState]: ColumnState
  readonly [values]?: T
  /** The expression in SQL. */
  toString(): string
}

/** What may stand beside a column of `T`: columns and literals of the same kind of values; anything beside an untyped one. */
export type Operand<T> = [T] extends [Untyped]
  ? ColumnLike | LiteralValue
  : ColumnLike<Comparable<T> | null> | ColumnLike<Untyped> | Comparable<T> | null

/** An operand of an argument in SQL whose values are of type `T`. */
export type Argument<T> = ColumnLike<T | null> | ColumnLike<Untyped> | T

/** A condition; rows for which it is null do not fulfil it. */
export type Condition = ColumnLike<boolean | null> | ColumnLike<Untyped>

/** What can be added to `T`; anything to what is no plain number (decimals, dates). */
export type ArithmeticOperand<T> = [T] extends [number | bigint | null]
  ? ColumnLike<number | bigint | null> | ColumnLike<Untyped> | number | bigint | null
  : ColumnLike | LiteralValue

/** The type of a sum: that of its operands if they agree, unknown otherwise. */
export type Arithmetic<T, U> = [U] extends [ColumnLike<Untyped>]
  ? Untyped
  : [T] extends [number | null]
    ? Same<U, number, T>
    : [T] extends [bigint | null]
      ? Same<U, bigint, T>
      : Untyped
type Same<U, Value, T> = [U] extends [Value | null | ColumnLike<Value | null>] ? T : Untyped

type Comparable<T> = T extends number | bigint ? number | bigint : T
type ItemOf<T> = NonNullable<T> extends readonly (infer Item)[] ? Item | null : Untyped
type FieldOf<T, Name> = [T] extends [Untyped]
  ? Untyped
  : Name extends keyof NonNullable<T>
    ? unknown extends NonNullable<T>[Name]
      ? Untyped
      : NonNullable<T>[Name] | null
    : Untyped

type Numbers = Column<number | null>
type Counts = Column<bigint | null>
type Texts = Column<string | null>
type Booleans = Column<boolean | null>
type TextArgument = Argument<string>
type CountArgument = Argument<number | bigint>

/** Parts of a date or a time. */
export type DateUnit =
  | 'microsecond'
  | 'millisecond'
  | 'second'
  | 'minute'
  | 'hour'
  | 'day'
  | 'week'
  | 'month'
  | 'quarter'
  | 'year'
  | 'decade'
  | 'century'
  | 'millennium'

/** A span of time; its parts are whole numbers and may be negative. */
export type Duration = { readonly [Unit in `${Exclude<DateUnit, 'century' | 'millennium'>}s`]?: number }

/** A column by name, or an expression. */
export type Key = string | ColumnLike

/** How rows are ordered by a column; see {@link Column.asc}. */
export interface SortOrder {
  readonly [sortKey]: SortKey
  nullsFirst(): SortOrder
  nullsLast(): SortOrder
}

/** What rows are ordered by: a column, by name or as an expression, ascending unless it says `.desc()`. */
export type Sort = Key | SortOrder

/** Rows from the current one, negative before it, `-Infinity` and `Infinity` for all; a duration where a range is of time. */
export type FrameBound = number | Duration
export type Frame =
  | { readonly rows: readonly [FrameBound, FrameBound] }
  | { readonly range: readonly [FrameBound, FrameBound] }
  | { readonly groups: readonly [FrameBound, FrameBound] }

/** The rows that a window function sees; by default those of DuckDB, all up to the current row and its peers if ordered. */
export interface Window {
  readonly partitionBy?: Key | readonly Key[]
  readonly orderBy?: Sort | readonly Sort[]
  readonly frame?: Frame
}

/**
 * An expression over the rows of a DataFrame. Columns are immutable: each method gives a new one. `T` is the type of its values.
 *
 * Positions in text and lists count from 0, negative ones from the end. Properties that are no method are fields of a struct:
 * `_.address.city` is `_.address.field('city')`. Arguments are columns or literals: a string is text, never a column's name.
 */
export interface Column<T = Untyped> extends ColumnLike<T> {
  plus<U extends ArithmeticOperand<T>>(other: U): Column<Arithmetic<T, U>>
  minus<U extends ArithmeticOperand<T>>(other: U): Column<Arithmetic<T, U>>
  times<U extends ArithmeticOperand<T>>(other: U): Column<Arithmetic<T, U>>
  /** Division of floating point; `F.divide` divides whole numbers. */
  dividedBy(other: ArithmeticOperand<T>): Numbers
  modulo<U extends ArithmeticOperand<T>>(other: U): Column<Arithmetic<T, U>>
  power(exponent: Argument<number | bigint>): Numbers
  negate(): Column<T>
  abs(): Column<T>
  /** To `digits` after the point, 0 by default. */
  round(digits?: CountArgument): Column<T>
  floor(): Column<T>
  ceil(): Column<T>

  eq(other: Operand<T>): Booleans
  ne(other: Operand<T>): Booleans
  lt(other: Operand<T>): Booleans
  le(other: Operand<T>): Booleans
  gt(other: Operand<T>): Booleans
  ge(other: Operand<T>): Booleans
  /** Both ends included. */
  between(low: Operand<T>, high: Operand<T>): Booleans
  /** Whether the value is one of these. */
  isIn(candidates: readonly Operand<T>[]): Booleans
  /** As `ne`, but null is a value like others: never null. */
  isDistinctFrom(other: Operand<T>): Booleans
  isNotDistinctFrom(other: Operand<T>): Booleans

  and(...others: Condition[]): Booleans
  or(...others: Condition[]): Booleans
  not(): Booleans

  isNull(): Booleans
  isNotNull(): Booleans
  /** This value, `value` where it is null. */
  fillNull(value: Operand<T>): Column<T>
  /** The first of this and the others that is not null. */
  coalesce(...others: Operand<T>[]): Column<T>
  /** Null where the value equals `value`. */
  nullIf(value: Operand<T>): Column<T | null>

  upper(): Texts
  lower(): Texts
  /** Without the spaces, or the given characters, at both ends. */
  trim(characters?: TextArgument): Texts
  trimStart(characters?: TextArgument): Texts
  trimEnd(characters?: TextArgument): Texts
  /** Characters of a text, items of a list. */
  length(): Counts
  contains(text: TextArgument): Booleans
  startsWith(prefix: TextArgument): Booleans
  endsWith(suffix: TextArgument): Booleans
  /** `%` stands for any text, `_` for one character. */
  like(pattern: TextArgument): Booleans
  /** As `like`, whatever the letter case. */
  ilike(pattern: TextArgument): Booleans
  /** Whether a part matches the regular expression (of RE2). */
  regexpMatches(pattern: TextArgument): Booleans
  /** The first match or its group of this number; an empty text without a match. */
  regexpExtract(pattern: TextArgument, group?: number): Texts
  /** The first match replaced, with `'g'` in `options` all of them. */
  regexpReplace(pattern: TextArgument, replacement: TextArgument, options?: string): Texts
  /** Every occurrence of `search` replaced. */
  replace(search: TextArgument, replacement: TextArgument): Texts
  substring(start: CountArgument, length?: CountArgument): Texts
  split(separator: TextArgument): Column<string[] | null>
  /** This and the others as one text; nulls count as empty. */
  concat(...others: Operand<Untyped>[]): Texts
  padStart(length: CountArgument, fill?: TextArgument): Texts
  padEnd(length: CountArgument, fill?: TextArgument): Texts

  year(): Counts
  quarter(): Counts
  month(): Counts
  /** Of the ISO year, 1 to 53. */
  week(): Counts
  day(): Counts
  /** 0 is Sunday. */
  dayOfWeek(): Counts
  dayOfYear(): Counts
  hour(): Counts
  minute(): Counts
  second(): Counts
  /** The start of the hour, day, month … that the value lies in. */
  truncate(unit: DateUnit): Column
  plusInterval(duration: Duration): Column
  minusInterval(duration: Duration): Column
  /** Boundaries of `unit` between this value and a later one. */
  until(later: Operand<Untyped>, unit: DateUnit): Counts
  /** A date or time as text: `%Y-%m-%d %H:%M:%S`. */
  strftime(format: TextArgument): Texts
  /** A timestamp from text of such a format. */
  strptime(format: TextArgument): Column

  listLength(): Counts
  /** The item at a position; null beyond the ends. */
  at(index: number): Column<ItemOf<T>>
  slice(offset: number, length?: number): Column<T>
  listContains(item: Operand<ItemOf<T>>): Booleans
  /** The items as one text. */
  join(separator: TextArgument): Texts
  /** A list of what `body` makes of each item. */
  listTransform<U>(body: (item: Column<ItemOf<T>>) => ColumnLike<U>): Column<U[] | null>
  /** The items for which `condition` holds. */
  listFilter(condition: (item: Column<ItemOf<T>>) => Condition): Column<T>

  /** A field of a struct. */
  field<Name extends string>(name: Name): Column<FieldOf<T, Name>>

  /** As a type in DuckDB's words (`'DECIMAL(18,3)'`); a value that cannot be cast fails the query. */
  cast<Type extends string>(type: Type): Column<ColumnValue<Type>>
  /** As `cast`; a value that cannot be cast is null. */
  tryCast<Type extends string>(type: Type): Column<ColumnValue<Type>>
  /** Any function of DuckDB, by its own name, with this column as first argument. */
  call(name: string, ...args: Operand<Untyped>[]): Column
  /** The name that the column gets where it is not given one. */
  alias(name: string): Column<T>

  asc(): SortOrder
  desc(): SortOrder

  /** An aggregate or window function, computed for each row over a window of rows around it. */
  over(window?: Window): Column<T>
  /** An aggregate of just the rows for which the condition holds. */
  filterWhere(condition: Condition): Column<T>
  /** An aggregate that takes its rows in an order (`F.list`, `F.first`, `F.stringAgg`). */
  orderedBy(...keys: Sort[]): Column<T>
  /** An aggregate over distinct values. */
  distinct(): Column<T>

  /** A catalog call with `metadata` for the context of its handler: literals or columns by name. */
  withMetadata(metadata: Readonly<Record<string, Operand<Untyped>>>): this
  /** A catalog call that is made again when it fails: so many times, or by a `RetryPolicy`. 0 does not. */
  withRetry(retries?: RetryOptions): this
  /** A catalog call that is made so many times a second at most, or by a `RateLimitPolicy`; null sets no limit. */
  withRateLimit(limit: RateLimitOptions | null): this
  /** A catalog call with so many calls in flight at most, or by a `ConcurrencyPolicy`; null is what its executor has room for. */
  withConcurrency(limit: ConcurrencyOptions | null): this
  /** A catalog call of batches of so many rows at most, which wait `bufferDuration` milliseconds at most to be filled. */
  withBatchSize(rows: number | 'auto', bufferDuration?: number): this
  /** A catalog call each attempt of which fails after so many milliseconds; null gives it any time. */
  withTimeout(milliseconds: number | null): this
  /** A catalog call that fails after so many milliseconds with all its attempts and waits; null gives it any time. */
  withDeadline(milliseconds: number | null): this
  /** A catalog call that is left alone for a while when it was unavailable several times in a row. */
  withCircuitBreaker(circuitBreaker?: CircuitBreakerOptions): this
  /** A catalog call that is made once a run for equal inputs. */
  withDedupe(dedupe?: boolean): this
  /** A catalog call whose results are kept for later runs, `ttl` seconds or for ever. */
  withCache(cache?: CacheOptions): this
  /** A catalog call so many rows of which, or such a share, may fail before the query does. */
  withErrorBudget(budget: Partial<ErrorBudget>): this
  /** What becomes of a row for which a catalog call fails. `'column'` appends a column `<name>_error` to a projection. */
  onError(onError: 'column'): this & WithErrorColumn
  onError(onError: OnError): this
}
