import { EngineError } from '../../base/errors.ts'
import type { DeleteFlags, ModelsFlags, RegisterFlags } from '../models/modelFlags.ts'
import { modelRows, versionRows } from '../models/modelRows.ts'
import { modelsCommand } from '../models/modelsCommand.ts'
import { registerOptions } from '../models/registerOptions.ts'
import { counted } from '../progress.ts'

/** Keeps a new version of a model, and shows it. */
export async function registerCommand(name: string, file: string, flags: RegisterFlags): Promise<number> {
  return modelsCommand(flags, async ({ models }) => {
    const { version } = await models.registerModelVersion(await registerOptions(name, file, flags))
    return versionRows(await models.showModel(name), version)
  })
}

/** Lists the models. */
export async function listCommand(flags: ModelsFlags): Promise<number> {
  return modelsCommand(flags, async ({ models }) => modelRows(await models.listModels()))
}

/** Shows the versions of a model. */
export async function showCommand(name: string, flags: ModelsFlags): Promise<number> {
  return modelsCommand(flags, async ({ models }) => versionRows(await models.showModel(name)))
}

/** Lets an alias stand for a version, and shows that. */
export async function promoteCommand(
  promotion: { readonly name: string; readonly version: string; readonly alias: string },
  flags: ModelsFlags,
): Promise<number> {
  return modelsCommand(flags, async ({ models }) => {
    const { version } = await models.promoteModel(promotion)
    return versionRows(await models.showModel(promotion.name), version)
  })
}

/** Deletes one version, or all, and shows what they were. */
export async function deleteCommand(name: string, flags: DeleteFlags): Promise<number> {
  return modelsCommand(flags, async ({ models }) => {
    const { version, yes } = flags
    const model = await models.showModel(name)
    if (version === undefined && !yes) {
      const many = counted(model.versions.length, 'version')
      throw new EngineError('USAGE_INVALID', `this would delete all of model '${model.name}': ${many}`, {
        hint: 'add --yes to do so, or --version for one',
      })
    }
    await models.deleteModel(version === undefined ? { name } : { name, version })
    return versionRows(model, version)
  })
}
