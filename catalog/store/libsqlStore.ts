import { StoreDatabase } from './database.ts'
import { LibsqlGroups } from './groups.ts'
import { LibsqlLimits } from './limits.ts'
import { LibsqlModels } from './models.ts'
import { LibsqlResults } from './results.ts'
import { LibsqlRuns } from './runs.ts'
import type { StateStore } from './stateStore.ts'

/**
 * Opens the store in a file, which it makes where there is none, and which other processes may have open too; `':memory:'` is a
 * store of its own that ends with the process. Throws STORE_FAILED for a file that cannot be written, is damaged, belongs to
 * another program or to a newer version.
 */
export async function openStateStore(path: string): Promise<StateStore> {
  const database = await StoreDatabase.open(path)
  const results = new LibsqlResults(database)
  return {
    limits: new LibsqlLimits(database),
    results,
    runs: new LibsqlRuns(database),
    models: new LibsqlModels(database),
    groups: new LibsqlGroups(database),
    async close() {
      try {
        await results.close()
      } finally {
        database.close()
      }
    },
  }
}
