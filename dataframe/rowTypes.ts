import type * as z from 'zod/v4/core'
import type { InputValue, TypeLike } from '../catalog/valueTypes.ts'
import type { JoinType } from '../src/plan/plan.ts'
import type { Column, ColumnLike, Condition, Key, Untyped, WithErrorColumn } from './column.ts'
import type { RowErrorValue } from './tryResult.ts'
import type { UnknownColumns } from './underscore.ts'

/** The rows of a DataFrame whose columns are not known to the compiler. */
export type AnyRow = Record<string, unknown>

/** What a caller may declare of the columns of a source: names to types, or a zod object. */
export type DeclaredSchema = Readonly<Record<string, TypeLike>> | z.$ZodObject

/** The rows of a source whose columns are declared. */
export type DeclaredRow<Declared> =
  Declared extends z.$ZodObject<infer Shape>
    ? { -readonly [Name in keyof Shape]: RowValue<Shape[Name]> | null }
    : { -readonly [Name in keyof Declared]: RowValue<Declared[Name]> | null }

/** A value of a column of this type as rows have it, null aside: dates as JavaScript has them, but within lists as stored. */
export type RowValue<Type> = Type extends string
  ? Uppercase<Type> extends InstantName
    ? Date
    : InputValue<Type>
  : InputValue<Type>

type InstantName =
  | 'DATE'
  | 'DATETIME'
  | 'TIMESTAMPTZ'
  | `TIMESTAMP${'' | '_S' | '_MS' | '_NS' | ' WITH TIME ZONE'}`

/** Names of columns: any where they are not known. */
export type NameOf<S> = string extends keyof S ? string : keyof S & string

/** The columns of a DataFrame, for functions that build expressions over them. */
export type ColumnsOf<S> = string extends keyof S
  ? UnknownColumns
  : { readonly [Name in keyof S]: TypedColumn<S[Name]> }

type TypedColumn<T> = unknown extends T ? Column : Column<T> & FieldsOf<NonNullable<T>>

/** Fields of a struct as properties, but for those whose names are methods. */
type FieldsOf<T> = T extends readonly unknown[] | Date | Uint8Array | ReadonlyMap<unknown, unknown>
  ? unknown
  : T extends object
    ? { readonly [Name in Exclude<keyof T, keyof Column>]: TypedColumn<T[Name] | null> }
    : unknown

/** Expressions by the names of their columns. */
export type Projection = Readonly<Record<string, ColumnLike>>

/** Expressions by name, or a function that makes them of the columns. */
export type ProjectionOf<S, Items extends Projection> = Items | ((columns: ColumnsOf<S>) => Items)

/** The rows that a projection makes, with the columns of errors beside calls that ask for them. */
export type Projected<Items> = {
  [Name in keyof Items | ErrorName<Items>]: Name extends keyof Items
    ? ValuesOf<Items[Name]>
    : RowErrorValue | null
}

type ErrorName<Items> = {
  [Name in keyof Items & string]: HasErrorColumn<Items[Name]> extends true ? `${Name}_error` : never
}[keyof Items & string]

type HasErrorColumn<C> = 0 extends 1 & C ? false : keyof WithErrorColumn extends keyof C ? true : false

/** Values of a column as rows have them; unknown for an untyped one. */
export type ValuesOf<C> = 0 extends 1 & C
  ? unknown
  : C extends ColumnLike<infer T>
    ? [T] extends [Untyped]
      ? unknown
      : T
    : never

export type Flat<T> = { [Name in keyof T]: T[Name] }

/** Rows with further columns, or others in place of those that they have. */
export type Extended<S, Items> = string extends keyof S
  ? S & Projected<Items>
  : Flat<Omit<S, keyof Items> & Projected<Items>>

/** Rows of some of the columns. */
export type Selected<S, Name> = 0 extends 1 & Name
  ? AnyRow
  : { [Field in Name & string]: Field extends keyof S ? S[Field] : unknown }

export type Without<S, Name extends PropertyKey> = string extends keyof S ? S : Flat<Omit<S, Name>>

export type Renamed<S, Names> = string extends keyof S
  ? AnyRow
  : {
      [Name in keyof S as Name extends keyof Names
        ? Names[Name] extends string
          ? Names[Name]
          : never
        : Name]: S[Name]
    }

/** The item of a list column in place of the list. */
export type Exploded<S, Name> = string extends keyof S
  ? S
  : {
      [Field in keyof S]: Field extends Name
        ? NonNullable<S[Field]> extends readonly (infer Item)[]
          ? Item
          : unknown
        : S[Field]
    }

/** A condition, or a function that makes one of the columns. */
export type ConditionOf<S> = Condition | ((columns: ColumnsOf<S>) => Condition)

/** How two DataFrames are joined. Names that both have get `suffix` on the right, `_right` by default. */
export interface JoinOptions<S, R, How, On, Suffix> {
  /** Columns of both sides that must be equal; the result has them once. */
  readonly on?: On | readonly On[]
  /** Columns of the left that must equal those of the right, in order; the result has both. */
  readonly leftOn?: Key | readonly Key[]
  readonly rightOn?: Key | readonly Key[]
  /** Any condition; `asof` takes its one inequality here. */
  readonly condition?: Condition | ((left: ColumnsOf<S>, right: ColumnsOf<R>) => Condition)
  /** Default `inner`. */
  readonly how?: How
  readonly suffix?: Suffix
}

interface JoinKind {
  how: JoinType
  on: unknown
  suffix: string
}

/** Rows of a join: those of the left, then those of the right but for `on`; names of both get the suffix on the right. */
export type Joined<S, R, Kind extends JoinKind> = Kind['how'] extends 'semi' | 'anti'
  ? S
  : string extends keyof S | keyof R
    ? AnyRow
    : Flat<LeftOfJoin<S, Kind['how']> & RightOfJoin<S, R, Kind>>

type LeftOfJoin<S, How> = { [Name in keyof S]: How extends 'right' | 'full' ? S[Name] | null : S[Name] }

type RightOfJoin<S, R, Kind extends JoinKind> = {
  [Name in keyof R as Name extends Kind['on']
    ? never
    : Name extends keyof S
      ? `${Name & string}${Kind['suffix']}`
      : Name]: Kind['how'] extends 'left' | 'full' ? R[Name] | null : R[Name]
}
