import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { defaultSession, type RegisterModelOptions } from 'callplane'

/** A folder that git ignores: models lie there, and what the examples write. */
export const cacheFolder: string = resolve(
  process.env['CALLPLANE_CACHE'] ?? join(import.meta.dirname, '../.cache'),
)

/** Path of a model's file. Throws where `test/python/setup.sh`, which makes the models, has not run. */
export function modelFile(name: string): string {
  const path = join(cacheFolder, 'models', name)
  if (existsSync(path)) return path
  throw new Error(`there is no ${path}: run test/python/setup.sh, which makes it with Python 3.11 or later`)
}

/** Registers a model and lets `model.<name>` stand for it, unless an earlier run did. */
export async function serveModel(registration: RegisterModelOptions): Promise<void> {
  const { models } = await defaultSession()
  const { name } = registration
  const known = (await models.listModels()).find((model) => model.name === name)
  if (known === undefined) await models.registerModelVersion(registration)
  if (known === undefined || known.deployments.length === 0)
    await models.deployModel({ group: name, model: name })
}
