import { Command, CommanderError, Option } from 'commander'
import type { RetryFlags } from './commands/retry.ts'
import type { RunsFlags } from './commands/runs.ts'
import type { SqlFlags } from './commands/sql.ts'
import { exitCodeOf, exitCodes } from './exitCode.ts'
import {
  addBudgetFlags,
  addOutputFlag,
  addResultFlags,
  addRunFlags,
  addSessionFlags,
  type OutputFlags,
  parseWhole,
  type ResultFlags,
  type RunFlags,
  type SessionFlags,
} from './flags.ts'
import { addGroupCommands } from './groups/addGroupCommands.ts'
import { addScalerCommand } from './kubernetes/addScalerCommand.ts'
import { addModelCommands } from './models/addModelCommands.ts'
import type { QueryFlags } from './readQuery.ts'
import { packageVersion } from './version.ts'
import { addWorkerCommand } from './worker/addWorkerCommand.ts'

/** Runs a command line and answers its exit code. What a command needs is loaded when it is known which one runs. */
export async function runProgram(args: readonly string[]): Promise<number> {
  let exitCode: number = exitCodes.done
  const program = createProgram((code) => (exitCode = code))
  try {
    await program.parseAsync(args, { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage
    const { printError } = await import('./printError.ts')
    return exitCodeOf(printError(error, args.includes('--debug')))
  }
}

type Finish = (code: number) => void

function createProgram(finish: Finish): Command {
  const program = new Command('callplane')
    .description('Calls any function or model by its catalog name, from SQL and from DataFrames.')
    .version(packageVersion(), '-V, --version', 'print the version')
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      outputError: (text, write) => write(text.replace(/^error: /, 'error[USAGE_INVALID]: ')),
    })
    .showHelpAfterError('(callplane --help lists what there is)')
    .configureHelp({ showGlobalOptions: true })
  addQueryCommands(program, finish)
  addScriptCommands(program, finish)
  addRunCommands(program, finish)
  addCatalogCommands(program, finish)
  addModelCommands(program, finish)
  addGroupCommands(program, finish)
  addWorkerCommand(program, finish)
  addScalerCommand(program, finish)
  return program
}

function addQueryCommands(program: Command, finish: Finish): void {
  addResultFlags(addRunFlags(addSessionFlags(program.command('sql'))))
    .description('run SQL statements and print the result of the last one')
    .argument('[query]', 'statements; default: those of -f, or of standard input')
    .option('-f, --file <file>', 'a file of statements')
    .addOption(
      new Option('--sample <n>', 'compute n rows, and say what all would take').argParser(parseWhole),
    )
    .option('--yes', 'go on after the sample', false)
    .action(async (query: string | undefined, flags: SqlFlags) => {
      const { sqlCommand } = await import('./commands/sql.ts')
      finish(await sqlCommand(query, flags))
    })
  addOutputFlag(addSessionFlags(program.command('explain')), 'write to a file')
    .description('show how a query is run: its plan, where each call runs and why')
    .argument('[query]', 'a query; default: that of -f, or of standard input')
    .option('-f, --file <file>', 'a file with the query')
    .option('--analyze', 'run it, and show what it took', false)
    .action(
      async (
        query: string | undefined,
        flags: SessionFlags & OutputFlags & QueryFlags & { readonly analyze: boolean },
      ) => {
        const { explainCommand } = await import('./commands/explain.ts')
        finish(await explainCommand(query, flags))
      },
    )
  addResultFlags(addSessionFlags(program.command('repl')))
    .description('take statements one by one, with history and completion')
    .option('--history <file>', 'where to keep the history')
    .action(async (flags: SessionFlags & ResultFlags & { readonly history?: string }) => {
      const { replCommand } = await import('./commands/repl.ts')
      finish(await replCommand(flags))
    })
}

function addScriptCommands(program: Command, finish: Finish): void {
  addRunFlags(addSessionFlags(program.command('run')))
    .description('run a script in TypeScript or JavaScript')
    .argument('<file>', 'the script')
    .argument('[args...]', 'what the script finds in process.argv')
    .passThroughOptions()
    .action(async (file: string, args: readonly string[], flags: SessionFlags & RunFlags) => {
      const { runScriptCommand } = await import('./commands/run.ts')
      finish(await runScriptCommand(file, args, flags))
    })
}

function addRunCommands(program: Command, finish: Finish): void {
  addResultFlags(addSessionFlags(program.command('runs')))
    .description('list the runs that were recorded, or show one')
    .argument('[run]', 'the name or id of a run')
    .addOption(new Option('--limit <n>', 'runs to list, the latest first').default(50).argParser(parseWhole))
    .option('--report <file>', 'write the report of the run as one HTML file')
    .action(async (run: string | undefined, flags: RunsFlags) => {
      const { runsCommand } = await import('./commands/runs.ts')
      finish(await runsCommand(run, flags))
    })
  addBudgetFlags(addSessionFlags(program.command('retry')))
    .description('call again what failed in a run: its dead letters')
    .argument('<run>', 'the name or id of a run')
    .action(async (run: string, flags: RetryFlags) => {
      const { retryCommand } = await import('./commands/retry.ts')
      finish(await retryCommand(run, flags))
    })
}

function addCatalogCommands(program: Command, finish: Finish): void {
  addResultFlags(addSessionFlags(program.command('functions')))
    .description('list the functions of the catalog, or describe one')
    .argument('[name]', 'a function')
    .action(async (name: string | undefined, flags: SessionFlags & ResultFlags) => {
      const { functionsCommand } = await import('./commands/functions.ts')
      finish(await functionsCommand(name, flags))
    })
  addOutputFlag(addSessionFlags(program.command('types')), 'write to a file, such as catalog.d.ts')
    .description('write the types of the functions, for the TypeScript compiler and the editor')
    .action(async (flags: SessionFlags & OutputFlags) => {
      const { typesCommand } = await import('./commands/types.ts')
      finish(await typesCommand(flags))
    })
}
