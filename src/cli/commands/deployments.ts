import { lookup } from '../../../catalog/catalog.ts'
import type { ModelDeployment } from '../../../catalog/models/model.ts'
import type { SessionModels } from '../../session/sessionModels.ts'
import type { RowSource } from '../formats/rowSource.ts'
import { deployOptions } from '../models/deployOptions.ts'
import type { DeployFlags, ModelsFlags, VersionName } from '../models/modelFlags.ts'
import { deploymentRows } from '../models/modelRows.ts'
import { modelsCommand } from '../models/modelsCommand.ts'

/** Serves a version of a model, which has answered a probe by then, and shows how it is called. */
export async function deployCommand(group: string, of: VersionName, flags: DeployFlags): Promise<number> {
  return modelsCommand(flags, async (models) =>
    describe(models, [await models.deployModel(deployOptions(group, of, flags))]),
  )
}

/** Serves again what a group served before. */
export async function rollbackCommand(group: string, flags: ModelsFlags): Promise<number> {
  return modelsCommand(flags, async (models) => describe(models, [await models.rollbackModel(group)]))
}

/** Ends a group, and shows what it served. */
export async function undeployCommand(group: string, flags: ModelsFlags): Promise<number> {
  return modelsCommand(flags, async (models) => {
    const ended = await describe(models, (await models.modelRevisions(group)).slice(-1))
    await models.undeployModel(group)
    return ended
  })
}

/** Lists what a group has served, the current revision last. */
export async function revisionsCommand(group: string, flags: ModelsFlags): Promise<number> {
  return modelsCommand(flags, async (models) => describe(models, await models.modelRevisions(group)))
}

async function describe(models: SessionModels, revisions: readonly ModelDeployment[]): Promise<RowSource> {
  const catalog = await models.catalog()
  return deploymentRows(revisions, (group) => lookup(catalog, `model.${group}`))
}
