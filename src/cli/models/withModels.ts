import type { RegisteredFunction } from '../../../catalog/registerFunction.ts'
import { createModelExecutor } from '../../session/modelExecutor.ts'
import type { SessionOptions } from '../../session/session.ts'
import { SessionCatalog } from '../../session/sessionCatalog.ts'
import { SessionModels } from '../../session/sessionModels.ts'
import { readSettings } from '../../session/settings.ts'
import { withState } from '../openState.ts'

/** Runs `work` on the models of a session with these options and functions; no database is opened for it. */
export async function withModels<T>(
  options: SessionOptions,
  work: (models: SessionModels) => Promise<T>,
  functions: readonly RegisteredFunction[] = [],
): Promise<T> {
  const { baseDirectory = process.cwd() } = options
  const settings = readSettings(options.settings)
  return withState(options, async (state) => {
    const executor = createModelExecutor(settings)
    const catalog = new SessionCatalog(functions, (binding) => void executor.retire(binding))
    try {
      const models = new SessionModels({ state, catalog, executor, baseDirectory, announce: toNobody })
      return await work(models)
    } finally {
      await executor.close()
    }
  })
}

/** No engine is there that would have to know what is deployed. */
async function toNobody(): Promise<void> {}
