import duckdb from '@duckdb/node-bindings'

/**
 * Gives back to the system what this process has freed and its allocator keeps, such as the weights of a model that was closed: DuckDB
 * has the allocator do that when its memory limit is set, which a database of its own serves for. Takes some milliseconds of another
 * thread.
 */
export async function releaseMemory(): Promise<void> {
  const config = duckdb.create_config()
  duckdb.set_config(config, 'threads', '1')
  const database = await duckdb.open(':memory:', config)
  try {
    const connection = await duckdb.connect(database)
    try {
      await duckdb.query(connection, "SET memory_limit = '64MB'")
    } finally {
      duckdb.disconnect_sync(connection)
    }
  } finally {
    duckdb.close_sync(database)
  }
}
