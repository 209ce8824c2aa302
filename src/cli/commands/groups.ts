import type { DeployedGroup } from '../../../catalog/groups/deployment.ts'
import { loadDefinitions } from '../../../catalog/loadModules.ts'
import type { DeployGroupOptions, SessionGroups } from '../../session/sessionGroups.ts'
import type { RowSource } from '../formats/rowSource.ts'
import { describeGroup } from '../groups/describeGroup.ts'
import { findGroups } from '../groups/findGroups.ts'
import type { DeployGroupFlags, GroupsFlags } from '../groups/groupFlags.ts'
import { groupRows, replicaRows, revisionRows } from '../groups/groupRows.ts'
import { groupsCommand, rowsCommand } from '../groups/groupsCommand.ts'
import { withCallables } from '../withCallables.ts'

/** Deploys the groups of a module, whose replicas have answered their probe by then, and shows them. */
export async function deployGroupsCommand(module: string, flags: DeployGroupFlags): Promise<number> {
  return rowsCommand(flags, async (options, signal) => {
    const { functions = [], baseDirectory = process.cwd() } = options
    const found = await findGroups(module, baseDirectory, flags.name)
    const definitions = await loadDefinitions([...functions, found.url], baseDirectory)
    const work = async (groups: SessionGroups): Promise<RowSource> => {
      const deployed: DeployedGroup[] = []
      for (const group of found.groups) {
        deployed.push(await groups.deploy(group, { ...deployOptions(flags), signal }))
      }
      return show(groups, deployed)
    }
    return withCallables(options, ({ groups }) => work(groups), definitions)
  })
}

/** Lists the groups that are deployed. */
export async function listGroupsCommand(flags: GroupsFlags): Promise<number> {
  return groupsCommand(flags, async (groups) => show(groups, await groups.list()))
}

/** Shows all that is known of a group. */
export async function inspectGroupCommand(group: string, flags: GroupsFlags): Promise<number> {
  return groupsCommand(flags, async (groups) => describeGroup(await groups.inspect(group)))
}

/** Lists what a group was deployed as. */
export async function groupRevisionsCommand(group: string, flags: GroupsFlags): Promise<number> {
  return groupsCommand(flags, async (groups) => revisionRows(await groups.inspect(group)))
}

/** Gives the revision that is rolled out another share of the calls. */
export async function promoteGroupCommand(
  group: string,
  share: number | undefined,
  flags: GroupsFlags,
): Promise<number> {
  return groupsCommand(flags, async (groups) => show(groups, [await groups.promote(group, share)]))
}

/** Goes back to the revision before, or to the one of a number. */
export async function rollbackGroupCommand(
  group: string,
  revision: number | undefined,
  flags: GroupsFlags,
): Promise<number> {
  return groupsCommand(flags, async (groups) => show(groups, [await groups.rollback(group, revision)]))
}

/** Ends a group, and shows what it was. */
export async function deleteGroupCommand(group: string, flags: GroupsFlags): Promise<number> {
  return groupsCommand(flags, async (groups) => show(groups, [await groups.delete(group)]))
}

/** Lists the replicas that run now, of one group or of all. */
export async function psCommand(group: string | undefined, flags: GroupsFlags): Promise<number> {
  return groupsCommand(flags, async (groups) => replicaRows(await groups.registry.replicas(group)))
}

async function show(groups: SessionGroups, deployed: readonly DeployedGroup[]): Promise<RowSource> {
  return groupRows(deployed, await groups.registry.replicas())
}

function deployOptions({ share, stepSeconds, force }: DeployGroupFlags): DeployGroupOptions {
  return {
    force,
    ...(share === undefined ? {} : { rollout: share }),
    ...(stepSeconds === undefined ? {} : { stepSeconds }),
  }
}
