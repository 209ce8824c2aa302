import { type Command, Option } from 'commander'
import type { LogsFlags } from '../commands/logs.ts'
import { addResultFlags, addSessionFlags, parseCount, parseWhole } from '../flags.ts'
import { addKubernetesFlags, type KubernetesFlags } from '../kubernetes/kubernetesFlags.ts'
import { type DeployGroupFlags, type GroupsFlags, parseShare, parseShares } from './groupFlags.ts'

type Finish = (code: number) => void

/** `callplane deploy`, `callplane groups`, and what shows their replicas. */
export function addGroupCommands(program: Command, finish: Finish): void {
  addDeploy(program, finish)
  const groups = program
    .command('groups')
    .description('see which scaling groups are deployed, go back to a revision, or end one')
  addDeployed(groups, finish)
  addChanges(groups, finish)
  addReplicas(program, finish)
}

function addDeploy(program: Command, finish: Finish): void {
  const command = addResultFlags(addSessionFlags(program.command('deploy')))
    .description('deploy the scaling groups that a module exports')
    .argument('<module[#export]>', 'a module, or one of its exports')
    .option('--name <group>', 'deploy the group by another name')
    .addOption(
      new Option(
        '--share <percent>',
        'of the calls; 10,50,100 for one step after the other (default: 100)',
      ).argParser(parseShares),
    )
    .addOption(new Option('--step-seconds <n>', 'how long a step takes (default: 60)').argParser(parseWhole))
    .option('--force', 'make a new revision also of what is deployed already', false)
    .addOption(
      new Option(
        '--target <where>',
        'local: replicas as their provider starts them; kubernetes: print manifests',
      )
        .choices(['local', 'kubernetes'])
        .default('local'),
    )
  addKubernetesFlags(command).action(async (module: string, flags: DeployGroupFlags & KubernetesFlags) => {
    if (flags.target === 'kubernetes') {
      const { deployToKubernetes } = await import('../kubernetes/deployToKubernetes.ts')
      finish(await deployToKubernetes(module, flags))
      return
    }
    const { deployGroupsCommand } = await import('../commands/groups.ts')
    finish(await deployGroupsCommand(module, flags))
  })
}

function addDeployed(groups: Command, finish: Finish): void {
  addResultFlags(addSessionFlags(groups.command('list')))
    .description('list the groups that are deployed')
    .action(async (flags: GroupsFlags) => {
      const { listGroupsCommand } = await import('../commands/groups.ts')
      finish(await listGroupsCommand(flags))
    })
  addResultFlags(addSessionFlags(groups.command('inspect')))
    .description('show all that is known of a group')
    .argument('<group>', 'a group')
    .action(async (group: string, flags: GroupsFlags) => {
      const { inspectGroupCommand } = await import('../commands/groups.ts')
      finish(await inspectGroupCommand(group, flags))
    })
  addResultFlags(addSessionFlags(groups.command('revisions')))
    .description('list what a group was deployed as')
    .argument('<group>', 'a group')
    .action(async (group: string, flags: GroupsFlags) => {
      const { groupRevisionsCommand } = await import('../commands/groups.ts')
      finish(await groupRevisionsCommand(group, flags))
    })
}

function addChanges(groups: Command, finish: Finish): void {
  addResultFlags(addSessionFlags(groups.command('promote')))
    .description('give the revision that is rolled out another share of the calls')
    .argument('<group>', 'a group')
    .argument('[percent]', 'of the calls (default: 100)', parseShare)
    .action(async (group: string, share: number | undefined, flags: GroupsFlags) => {
      const { promoteGroupCommand } = await import('../commands/groups.ts')
      finish(await promoteGroupCommand(group, share, flags))
    })
  addResultFlags(addSessionFlags(groups.command('rollback')))
    .description('go back to the revision before, or to one of a number')
    .argument('<group>', 'a group')
    .argument('[revision]', 'a revision', parseCount)
    .action(async (group: string, revision: number | undefined, flags: GroupsFlags) => {
      const { rollbackGroupCommand } = await import('../commands/groups.ts')
      finish(await rollbackGroupCommand(group, revision, flags))
    })
  addResultFlags(addSessionFlags(groups.command('delete')))
    .description('end a group with all its revisions')
    .argument('<group>', 'a group')
    .action(async (group: string, flags: GroupsFlags) => {
      const { deleteGroupCommand } = await import('../commands/groups.ts')
      finish(await deleteGroupCommand(group, flags))
    })
}

function addReplicas(program: Command, finish: Finish): void {
  addResultFlags(addSessionFlags(program.command('ps')))
    .description('list the replicas of scaling groups that run now')
    .argument('[group]', 'a group')
    .action(async (group: string | undefined, flags: GroupsFlags) => {
      const { psCommand } = await import('../commands/groups.ts')
      finish(await psCommand(group, flags))
    })
  addSessionFlags(program.command('logs'))
    .description('print what replicas on this machine have written')
    .argument('[group|replica]', 'a group, or one of its replicas')
    .addOption(new Option('--lines <n>', 'the last ones of each replica').default(100).argParser(parseWhole))
    .option('-f, --follow', 'go on with what they write, until Ctrl-C', false)
    .action(async (name: string | undefined, flags: LogsFlags) => {
      const { logsCommand } = await import('../commands/logs.ts')
      finish(await logsCommand(name, flags))
    })
  addSessionFlags(program.command('call'))
    .description('call a function of the catalog with arguments in JSON, and print its result')
    .argument('<function>', 'a function')
    .argument('[arguments]', 'one object, or a list of them; default: those of standard input')
    .action(async (name: string, given: string | undefined, flags: GroupsFlags) => {
      const { callCommand } = await import('../commands/call.ts')
      finish(await callCommand(name, given, flags))
    })
}
