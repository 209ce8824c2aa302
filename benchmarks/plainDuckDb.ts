import { DuckDBInstance } from '@duckdb/node-api'

/** Runs a statement in a DuckDB of its own, without the engine under test; answers a list of rows. */
export async function plainDuckDb(sql: string): Promise<readonly (readonly unknown[])[]> {
  const instance = await DuckDBInstance.create(':memory:')
  try {
    const connection = await instance.connect()
    return (await connection.runAndReadAll(sql)).getRows()
  } finally {
    instance.closeSync()
  }
}
