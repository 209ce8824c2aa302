import type { ErrorKind } from '../src/base/errorCodes.ts'
import type { Column, Untyped } from './column.ts'

/** Why a row failed. */
export interface RowErrorValue {
  /** A code of `EngineError`. */
  readonly code: string
  readonly message: string
  readonly kind: ErrorKind
  /** Attempts that were made. */
  readonly attempts: number
}

/** What a tried call gives: its value, null where it failed, and its error, null where it did not. */
export interface TryResult<T> {
  readonly value: [T] extends [Untyped] ? unknown : T | null
  readonly error: RowErrorValue | null
}

/** A tried call, its parts as properties: reading both makes one call. */
export type TriedColumn<T> = Column<TryResult<T>> & {
  readonly value: Column<T>
  readonly error: Column<RowErrorValue | null> & {
    readonly [Name in keyof RowErrorValue]: Column<RowErrorValue[Name] | null>
  }
}
