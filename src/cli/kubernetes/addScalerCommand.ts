import { type Command, Option } from 'commander'
import type { ScalerFlags } from '../commands/scaler.ts'
import { parseWhole } from '../flags.ts'
import { addListenFlags } from '../worker/addWorkerCommand.ts'

/** `callplane scaler`. */
export function addScalerCommand(program: Command, finish: (code: number) => void): void {
  const command = program
    .command('scaler')
    .description('tell KEDA how many calls scaling groups have, as those who call them report, until SIGTERM')
  addListenFlags(command, new Option('--port <n>', 'for KEDA; 0 for any').default(9090))
    .addOption(new Option('--report-port <n>', 'for reports; 0 for any').default(9091).argParser(parseWhole))
    .option('--debug', 'show the stacks of errors', false)
    .action(async (flags: ScalerFlags) => {
      const { scalerCommand } = await import('../commands/scaler.ts')
      finish(await scalerCommand(flags))
    })
}
