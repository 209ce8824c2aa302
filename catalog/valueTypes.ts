import type * as z from 'zod/v4/core'
import type {
  ArrowList,
  ArrowNumbers,
  ArrowTable,
  ArrowType,
  ArrowValue,
  ArrowVector,
} from '../src/arrow/arrowType.ts'
import type { HandlerStyle, NullHandling } from './function.ts'
import type { RowError } from './rowError.ts'
import type { TextNumbers, TextResult, TextValue } from './typeText.ts'

/** A type as a definition writes it: a zod schema, an Arrow type, or DuckDB's words (`'STRUCT(a INTEGER, b VARCHAR)[]'`). */
export type TypeLike = z.$ZodType | ArrowType | string

/** A function's inputs: column name to type, in the order of its arguments. */
export type InputShape = Readonly<Record<string, TypeLike>>

/** A value of a column as a handler sees it, null aside. */
export type InputValue<Type> = Type extends string
  ? TextValue<Type>
  : Type extends z.$ZodType
    ? ZodValue<Type>
    : ArrowValue<Type>

/** What a handler may return for a row; null is a value of every type. */
export type OutputValue<Type> = Returned<
  Type extends string ? TextResult<Type> : Type extends z.$ZodType ? z.output<Type> : ArrowValue<Type>
> | null

/** A value that a caller gets, or passes as an argument. */
export type ColumnValue<Type> = InputValue<Type> | null

type ArgumentValue<Type, Nulls> = Nulls extends 'propagate' ? InputValue<Type> : ColumnValue<Type>

/** One row, as a handler without batching gets it. */
export type Row<Input extends InputShape, Nulls extends NullHandling> = {
  readonly [Name in keyof Input]: ArgumentValue<Input[Name], Nulls>
}

/** A list a column. Without nulls, columns of numbers come as typed arrays: what the type stores, Float64Array for `z.int()`. */
export type Columns<Input extends InputShape, Nulls extends NullHandling> = {
  readonly [Name in keyof Input]: Nulls extends 'propagate'
    ? [Numbers<Input[Name]>] extends [never]
      ? readonly InputValue<Input[Name]>[]
      : Numbers<Input[Name]>
    : readonly ColumnValue<Input[Name]>[]
}

/** What a handler of a style takes. */
export type HandlerInput<Input extends InputShape, Nulls extends NullHandling, Style extends HandlerStyle> = {
  row: Row<Input, Nulls>
  batch: Columns<Input, Nulls>
  arrow: ArrowTable
}[Style]

/** What a handler of a style returns, or promises; errors stand for the results of rows that failed. */
export type HandlerOutput<Output, Style extends HandlerStyle> = {
  row: OutputValue<Output> | RowError
  batch: ResultList<OutputValue<Output>> | readonly (OutputValue<Output> | RowError)[]
  arrow: Output extends ArrowType ? ArrowVector<Output> : ArrowVector
}[Style]

/** What a handler that yields its results gives: items of the list that SQL sees. */
export type ItemStream<Item> = AsyncGenerator<Item | RowError, RowError | null | void, undefined>

/** The type of a list of values of a type. */
export type ListOf<Item extends TypeLike> = Item extends string
  ? `${Item}[]`
  : Item extends z.$ZodType
    ? z.$ZodArray<Item>
    : Item extends ArrowType
      ? ArrowList<Item>
      : never

/** A list of results; numbers also as a typed array. */
type ResultList<Value> =
  | readonly Value[]
  | (number extends Value ? NumberArray : never)
  | (bigint extends Value ? BigInt64Array | BigUint64Array : never)

type NumberArray =
  | Float64Array
  | Float32Array
  | Int32Array
  | Int16Array
  | Int8Array
  | Uint32Array
  | Uint16Array
  | Uint8Array

type Numbers<Type> = Type extends string
  ? TextNumbers<Type>
  : Type extends z.$ZodType
    ? ZodNumbers<Type>
    : ArrowNumbers<Type>

type ZodNumbers<Schema> =
  Schema extends z.$ZodNumberFormat<'int32'>
    ? Int32Array
    : Schema extends z.$ZodNumberFormat<'uint32'>
      ? Uint32Array
      : Schema extends z.$ZodNumberFormat<'float32'>
        ? Float32Array
        : Schema extends z.$ZodNumber
          ? Float64Array
          : Schema extends z.$ZodBigIntFormat<'uint64'>
            ? BigUint64Array
            : Schema extends z.$ZodBigInt
              ? BigInt64Array
              : never

/** As `z.output`, but for what is null in SQL and undefined in zod, and for records, which arrive as maps. */
type ZodValue<Schema> = Schema extends z.$ZodOptional<infer Inner> | z.$ZodNullable<infer Inner>
  ? ZodValue<Inner> | null
  : Schema extends z.$ZodArray<infer Item>
    ? ZodValue<Item>[]
    : Schema extends z.$ZodObject<infer Shape>
      ? { [Name in keyof Shape]: ZodValue<Shape[Name]> }
      : Schema extends z.$ZodRecord<infer Key, infer Value> | z.$ZodMap<infer Key, infer Value>
        ? Map<ZodValue<Key>, ZodValue<Value>>
        : Schema extends z.$ZodDefault<infer Inner> | z.$ZodReadonly<infer Inner> | z.$ZodCatch<infer Inner>
          ? ZodValue<Inner>
          : Schema extends z.$ZodType
            ? z.output<Schema>
            : never

/** A value that is read once and kept by nobody: lists and maps may be immutable. */
type Returned<Value> = Value extends
  | string
  | number
  | bigint
  | boolean
  | symbol
  | null
  | undefined
  | Date
  | Uint8Array
  ? Value
  : Value extends ReadonlyMap<infer Key, infer Item>
    ? ReadonlyMap<Returned<Key>, Returned<Item>>
    : Value extends readonly (infer Item)[]
      ? readonly Returned<Item>[] | TypedList<Item>
      : Value extends object
        ? { readonly [Name in keyof Value]: Returned<Value[Name]> }
        : Value

type TypedList<Item> =
  | (number extends Item ? NumberArray : never)
  | (bigint extends Item ? BigInt64Array | BigUint64Array : never)
