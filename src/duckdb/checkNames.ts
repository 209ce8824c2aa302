import duckdb from '@duckdb/node-bindings'
import { decodeColumn } from '../arrow/decode.ts'
import type { DataType } from '../base/dataType.ts'
import { EngineError } from '../base/errors.ts'
import { quoteLiteral } from '../expr/render.ts'
import { readVector } from './codec/readVector.ts'
import type { EngineConnection } from './connection.ts'

const nameType: DataType = { kind: 'varchar' }

/** Throws NAME_INVALID if DuckDB has a function of one of these names: registering it would add to that one, or hide it. */
export async function checkNames(connection: EngineConnection, names: readonly string[]): Promise<void> {
  if (names.length === 0) return
  const list = names.map((name) => quoteLiteral(name.toLowerCase())).join(', ')
  const sql = `SELECT DISTINCT function_name FROM duckdb_functions() WHERE lower(function_name) IN (${list}) LIMIT 1`
  const result = await duckdb.query(connection.handle, sql)
  const chunk = await duckdb.fetch_chunk(result)
  const rows = chunk === null ? 0 : duckdb.data_chunk_get_size(chunk)
  if (chunk === null || rows === 0) return
  const [taken] = decodeColumn(nameType, readVector(duckdb.data_chunk_get_vector(chunk, 0), nameType, rows))
  throw new EngineError(
    'NAME_INVALID',
    `'${String(taken)}' is a function of DuckDB, so no catalog function can have its name`,
    {
      function: String(taken),
      hint: `choose another name, or a namespace: 'my.${String(taken)}'`,
    },
  )
}
