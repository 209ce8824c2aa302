import { fileURLToPath } from 'node:url'
import { findModules } from '../../../catalog/findModules.ts'
import {
  isScalingGroup,
  renameGroup,
  type ScalingGroupDefinition,
} from '../../../catalog/groups/defineScalingGroup.ts'
import { importModule } from '../../../catalog/importModule.ts'
import { EngineError } from '../../base/errors.ts'
import { suggestNames } from '../../base/suggest.ts'
import { moduleExport } from '../moduleExport.ts'

/** A module and the groups that are to be deployed from it. */
export interface GroupModule {
  readonly url: string
  readonly groups: readonly ScalingGroupDefinition[]
}

/**
 * The groups that `groups.ts` exports, or the one of `groups.ts#embedder`; `name` is one that it gets instead of its own. Throws
 * MODULE_LOAD_FAILED, and USAGE_INVALID for a name for several.
 */
export async function findGroups(
  given: string,
  baseDirectory: string,
  name: string | undefined,
): Promise<GroupModule> {
  const { module, exportName } = moduleExport(given)
  const [url, another] = await findModules(module, baseDirectory)
  if (url === undefined || another !== undefined)
    throw new EngineError('USAGE_INVALID', `'${module}' names several modules`, {
      hint: 'deploy one after the other',
    })
  const found = await exportedGroups(url)
  const groups = exportName === null ? [...new Set(found.values())] : [pick(found, exportName, url)]
  const [only, ...others] = groups
  if (only === undefined) {
    const path = fileURLToPath(url)
    throw new EngineError('MODULE_LOAD_FAILED', `${path} exports no scaling group`, {
      path,
      hint: 'export what ScalingGroup({ … }) returns',
    })
  }
  if (name === undefined) return { url, groups }
  if (others.length === 0) return { url, groups: [renameGroup(only, name)] }
  throw new EngineError(
    'USAGE_INVALID',
    `--name is for one group, and ${fileURLToPath(url)} exports ${groups.length}`,
    {
      hint: `choose one: ${module}#${[...found.keys()][0]}`,
    },
  )
}

async function exportedGroups(url: string): Promise<ReadonlyMap<string, ScalingGroupDefinition>> {
  const found = new Map<string, ScalingGroupDefinition>()
  for (const [name, value] of Object.entries(await importModule(url))) {
    if (isScalingGroup(value)) found.set(name, value)
  }
  return found
}

function pick(
  found: ReadonlyMap<string, ScalingGroupDefinition>,
  name: string,
  url: string,
): ScalingGroupDefinition {
  const group = found.get(name)
  if (group !== undefined) return group
  const path = fileURLToPath(url)
  const suggestion = suggestNames(name, found.keys(), 'its list of groups')
  throw new EngineError('MODULE_LOAD_FAILED', `${path} exports no scaling group '${name}': ${suggestion}`, {
    path,
  })
}
