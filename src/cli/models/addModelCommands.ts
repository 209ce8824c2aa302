import { type Command, Option } from 'commander'
import { addFormatFlags, addResultFlags, addSessionFlags, append, parseCount } from '../flags.ts'
import {
  addInput,
  addMetadata,
  type DeleteFlags,
  type DeployFlags,
  type ModelsFlags,
  parseNumberOrText,
  parseProviders,
  parseVersionName,
  type RegisterFlags,
  type VersionName,
} from './modelFlags.ts'

type Finish = (code: number) => void

/** `callplane models`, with a command for each thing that can be done with models. */
export function addModelCommands(program: Command, finish: Finish): void {
  const models = program
    .command('models')
    .description('register models, serve them as functions model.<group>, and see what there is')
  addRegister(models, finish)
  addRegistered(models, finish)
  addDeploy(models, finish)
  addDeployed(models, finish)
}

type Unnamed = Omit<RegisterFlags, 'output' | 'outputType'> & {
  readonly o?: string
  readonly output?: string
}

function addRegister(models: Command, finish: Finish): void {
  const command = addFormatFlags(addSessionFlags(models.command('register')))
    .description('keep a new version of a model, and print its signature')
    .argument('<name>', 'what the model is called')
    .argument('<file>', 'its ONNX file')
    .option('--input <name:TYPE>', 'an argument, in order; default: the inputs of the model', addInput)
    .option('--output <TYPE>', 'the type of a result; default: that of the output of the model')
    .option('--preprocess <module[#export]>', 'a function that makes tensors of columns')
    .option('--postprocess <module[#export]>', 'a function that makes values of tensors')
    .option('--metadata <key=value>', 'to be remembered; can be given several times', addMetadata, {})
    .option('--alias <name>', 'stands for this version from now on; can be given several times', append, [])
    .option('--file <path>', 'weights that the model reads; can be given several times', append, [])
    .option('-o <file>', 'write to a file, whose ending gives the format')
  addTextFlags(command).action(async (name: string, file: string, flags: Unnamed) => {
    const { o, output, ...others } = flags
    const { registerCommand } = await import('../commands/models.ts')
    const named: RegisterFlags = {
      ...others,
      ...(o === undefined ? {} : { output: o }),
      ...(output === undefined ? {} : { outputType: output }),
    }
    finish(await registerCommand(name, file, named))
  })
}

function addTextFlags(command: Command): Command {
  return command
    .option('--tokenizer <file>', 'its tokenizer.json: the model takes texts')
    .addOption(
      new Option('--pooling <how>', 'how tokens make an embedding (default: mean)').choices([
        'mean',
        'cls',
        'none',
      ]),
    )
    .option('--no-normalize', 'leave embeddings as long as they are')
    .option('--labels <a,b,c>', 'the model classifies texts; @FILE reads labels, one a line')
    .addOption(new Option('--max-length <n>', 'tokens of a text at most').argParser(parseCount))
    .option('--prefix <text>', 'put before each text')
}

function addRegistered(models: Command, finish: Finish): void {
  addResultFlags(addSessionFlags(models.command('list')))
    .description('list the models')
    .action(async (flags: ModelsFlags) => {
      const { listCommand } = await import('../commands/models.ts')
      finish(await listCommand(flags))
    })
  addResultFlags(addSessionFlags(models.command('show')))
    .description('show the versions of a model')
    .argument('<name>', 'a model')
    .action(async (name: string, flags: ModelsFlags) => {
      const { showCommand } = await import('../commands/models.ts')
      finish(await showCommand(name, flags))
    })
  addResultFlags(addSessionFlags(models.command('promote')))
    .description('let an alias stand for a version')
    .argument('<name>', 'a model')
    .argument('<version>', 'a version, or an alias that stands for it')
    .argument('<alias>', 'an alias, such as prod')
    .action(async (name: string, version: string, alias: string, flags: ModelsFlags) => {
      const { promoteCommand } = await import('../commands/models.ts')
      finish(await promoteCommand({ name, version, alias }, flags))
    })
  addResultFlags(addSessionFlags(models.command('delete')))
    .description('delete a version, or with --yes all of a model')
    .argument('<name>', 'a model')
    .addOption(new Option('--version <n>', 'a version').argParser(parseCount))
    .option('--yes', 'delete all versions', false)
    .action(async (name: string, flags: DeleteFlags) => {
      const { deleteCommand } = await import('../commands/models.ts')
      finish(await deleteCommand(name, flags))
    })
}

function addDeploy(models: Command, finish: Finish): void {
  addResultFlags(addSessionFlags(models.command('deploy')))
    .description('serve a version as the function model.<group>, from the next query on')
    .argument('<group>', 'the name of the function behind model.')
    .argument('<model>', 'model, model@3 or model@prod (default: the latest version)', parseVersionName)
    .addOption(
      new Option('--min-replicas <n>', 'sessions loaded before the first call (default: 1)').argParser(
        parseCount,
      ),
    )
    .addOption(
      new Option(
        '--max-replicas <n>',
        'sessions at most, each in a thread (default: as many as cores can run)',
      ).argParser(parseCount),
    )
    .addOption(new Option('--cpu <n>', 'threads of a session (default: 1)').argParser(parseCount))
    .addOption(
      new Option('--gpu <id>', '1, or a GPU such as cuda:1 (default: 0, none)').argParser(parseNumberOrText),
    )
    .addOption(
      new Option(
        '--memory <size>',
        'what a session needs, such as 2GB (default: the size of its files)',
      ).argParser(parseNumberOrText),
    )
    .addOption(
      new Option('--provider <list>', 'cuda,cpu in order of preference (default: cpu)').argParser(
        parseProviders,
      ),
    )
    .addOption(
      new Option('--device-memory <size>', 'memory of the GPU that a session may take').argParser(
        parseNumberOrText,
      ),
    )
    .addOption(new Option('--batch-size <n>', 'rows of one run at most (default: 32)').argParser(parseCount))
    .addOption(
      new Option('--optimization <level>', 'of the graph (default: all)').choices([
        'disabled',
        'basic',
        'extended',
        'all',
      ]),
    )
    .action(async (group: string, of: VersionName, flags: DeployFlags) => {
      const { deployCommand } = await import('../commands/deployments.ts')
      finish(await deployCommand(group, of, flags))
    })
}

function addDeployed(models: Command, finish: Finish): void {
  addResultFlags(addSessionFlags(models.command('rollback')))
    .description('let a group serve what it served before')
    .argument('<group>', 'a group')
    .action(async (group: string, flags: ModelsFlags) => {
      const { rollbackCommand } = await import('../commands/deployments.ts')
      finish(await rollbackCommand(group, flags))
    })
  addResultFlags(addSessionFlags(models.command('undeploy')))
    .description('end a group; its versions stay')
    .argument('<group>', 'a group')
    .action(async (group: string, flags: ModelsFlags) => {
      const { undeployCommand } = await import('../commands/deployments.ts')
      finish(await undeployCommand(group, flags))
    })
  addResultFlags(addSessionFlags(models.command('revisions')))
    .description('list what a group has served, the current revision last')
    .argument('<group>', 'a group')
    .action(async (group: string, flags: ModelsFlags) => {
      const { revisionsCommand } = await import('../commands/deployments.ts')
      finish(await revisionsCommand(group, flags))
    })
}
