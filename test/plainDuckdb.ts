import {
  type DuckDBConnection,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBInstance,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBTimestampValue,
  type DuckDBType,
} from '@duckdb/node-api'
import type { QueryResult, Session } from 'callplane'
import { decodeColumn } from '../src/arrow/decode.ts'
import { batchOf } from '../src/arrow/table.ts'
import { formatType } from '../src/base/formatType.ts'
import { parseType } from '../src/base/parseType.ts'

/** A result as texts that can be compared, whoever computed it. */
export interface Answer {
  readonly columns: readonly string[]
  readonly rows: readonly string[]
}

/** DuckDB alone, in this thread. */
export class PlainDuckDB {
  readonly #connection: DuckDBConnection
  readonly #instance: DuckDBInstance

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection) {
    this.#instance = instance
    this.#connection = connection
  }

  static async open(setUp: string): Promise<PlainDuckDB> {
    const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
    const connection = await instance.connect()
    await connection.run(setUp)
    return new PlainDuckDB(instance, connection)
  }

  async answer(
    sql: string,
    parameters: readonly (string | number | bigint | boolean | null)[] = [],
  ): Promise<Answer> {
    const reader = await this.#connection.runAndReadAll(sql, [...parameters])
    const types = reader.columnTypes().map(typeText)
    return answerOf(reader.columnNames(), types, reader.getRows())
  }

  async run(statements: string): Promise<void> {
    await this.#connection.run(statements)
  }

  close(): void {
    this.#connection.closeSync()
    this.#instance.closeSync()
  }
}

/** What a session answers. */
export async function sessionAnswer(
  session: Session,
  sql: string,
  parameters: Parameters<Session['sql']>[1] = [],
): Promise<Answer> {
  return resultAnswer(await session.sql(sql, parameters))
}

export async function resultAnswer(result: QueryResult<object>): Promise<Answer> {
  const names = result.columns.map(({ name }) => name)
  const types = result.columns.map(({ type }) => formatType(type))
  const rows: unknown[][] = []
  for await (const record of result) {
    const { columns, length } = batchOf(result.columns, record)
    const values = result.columns.map(({ type }, index) => decodeColumn(type, columns[index]!))
    for (let row = 0; row < length; row++) rows.push(values.map((column) => column[row]))
  }
  return answerOf(names, types, rows)
}

/** The same with rows in no order. */
export function unordered({ columns, rows }: Answer): Answer {
  return { columns, rows: rows.toSorted() }
}

function answerOf(
  names: readonly string[],
  types: readonly string[],
  rows: readonly (readonly unknown[])[],
): Answer {
  return {
    columns: names.map((name, index) => `${name} ${types[index]}`),
    rows: rows.map((row) => row.map(textOf).join(' | ')),
  }
}

/** node-api writes the fields of unnamed structs with empty names, and JSON as the type that it is stored in. */
function typeText(type: DuckDBType): string {
  return type.alias ?? formatType(parseType(type.toString().replaceAll('"" ', '')))
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return 'NULL'
  if (typeof value === 'string') return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(textOf).join(', ')}]`
  if (value instanceof DuckDBListValue) return textOf(value.items)
  if (value instanceof DuckDBDateValue) return String(value.days)
  if (value instanceof DuckDBTimestampValue) return String(value.micros)
  if (value instanceof DuckDBDecimalValue) return textOf(value.toString())
  if (value instanceof DuckDBStructValue) return structText(Object.entries(value.entries))
  if (value instanceof DuckDBMapValue)
    return mapText(value.entries.map(({ key, value: item }) => [key, item]))
  if (value instanceof Map) return mapText([...value])
  switch (typeof value) {
    case 'boolean':
    case 'number':
    case 'bigint':
      return String(value)
    default:
      return structText(Object.entries(value))
  }
}

function structText(fields: readonly (readonly [string, unknown])[]): string {
  return `{${fields.map(([name, item]) => `${name}: ${textOf(item)}`).join(', ')}}`
}

function mapText(entries: readonly (readonly [unknown, unknown])[]): string {
  return `MAP {${entries.map(([key, item]) => `${textOf(key)}: ${textOf(item)}`).join(', ')}}`
}
