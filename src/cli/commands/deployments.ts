import { lookup } from '../../../catalog/catalog.ts'
import type { ModelDeployment } from '../../../catalog/models/model.ts'
import type { Callables } from '../../session/callables.ts'
import type { RowSource } from '../formats/rowSource.ts'
import { deployOptions } from '../models/deployOptions.ts'
import type { DeployFlags, ModelsFlags, VersionName } from '../models/modelFlags.ts'
import { deploymentRows } from '../models/modelRows.ts'
import { modelsCommand } from '../models/modelsCommand.ts'

/** Serves a version of a model, which has answered a probe by then, and shows how it is called. */
export async function deployCommand(group: string, of: VersionName, flags: DeployFlags): Promise<number> {
  return modelsCommand(flags, async (callables) =>
    describe(callables, [await callables.models.deployModel(deployOptions(group, of, flags))]),
  )
}

/** Serves again what a group served before. */
export async function rollbackCommand(group: string, flags: ModelsFlags): Promise<number> {
  return modelsCommand(flags, async (callables) =>
    describe(callables, [await callables.models.rollbackModel(group)]),
  )
}

/** Ends a group, and shows what it served. */
export async function undeployCommand(group: string, flags: ModelsFlags): Promise<number> {
  return modelsCommand(flags, async (callables) => {
    const ended = await describe(callables, (await callables.models.modelRevisions(group)).slice(-1))
    await callables.models.undeployModel(group)
    return ended
  })
}

/** Lists what a group has served, the current revision last. */
export async function revisionsCommand(group: string, flags: ModelsFlags): Promise<number> {
  return modelsCommand(flags, async (callables) =>
    describe(callables, await callables.models.modelRevisions(group)),
  )
}

async function describe({ catalog }: Callables, revisions: readonly ModelDeployment[]): Promise<RowSource> {
  const known = await catalog.now()
  return deploymentRows(revisions, (group) => lookup(known, `model.${group}`))
}
