import type Libsql from 'libsql'
import { EngineError } from '../../src/base/errors.ts'

/** What libsql takes; it ends the process when it is given anything else. */
export type Bindable = string | number | null | Uint8Array

/** One row, its columns by position. */
export type Row = readonly unknown[]

/** A prepared statement. Values are given as one array: libsql takes a single object, bytes included, for names of parameters. */
export class Statement {
  readonly #statement: Libsql.Statement

  constructor(database: Libsql.Database, sql: string) {
    const statement = database.prepare(sql)
    this.#statement = statement.reader ? statement.raw() : statement
  }

  /** Runs it, and answers the number of rows it changed. */
  run(...values: readonly Bindable[]): number {
    return this.#statement.run(values).changes
  }

  /** Adds a row, and answers the number that the table gave it. */
  insert(...values: readonly Bindable[]): number {
    return Number(this.#statement.run(values).lastInsertRowid)
  }

  /** Its first row. */
  get(...values: readonly Bindable[]): Row | undefined {
    const row = this.#statement.get(values)
    return Array.isArray(row) ? row : undefined
  }

  all(...values: readonly Bindable[]): readonly Row[] {
    return [...this.#statement.iterate(values)].filter((row) => Array.isArray(row))
  }
}

/** The column of a row that must be a number. */
export function numberAt(row: Row, column: number): number {
  const value = row[column]
  if (typeof value !== 'number') throw unexpected(value, 'a number')
  return value
}

/** A text, also when the statement casts it to bytes. */
export function textAt(row: Row, column: number): string {
  const value = row[column]
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.length).toString()
  if (typeof value !== 'string') throw unexpected(value, 'a text')
  return value
}

export function bytesAt(row: Row, column: number): Uint8Array {
  const value = row[column]
  if (!(value instanceof Uint8Array)) throw unexpected(value, 'bytes')
  return value
}

/** The column of a row as `read` has it, or null. */
export function nullable<T>(read: (row: Row, column: number) => T, row: Row, column: number): T | null {
  return row[column] === null ? null : read(row, column)
}

function unexpected(value: unknown, what: string): EngineError {
  return new EngineError('STORE_FAILED', `the state store holds ${typeof value} where ${what} should be`)
}
