import { type Command, Option } from 'commander'
import type { WorkerFlags } from '../commands/worker.ts'
import { append, parseCount, parseWhole } from '../flags.ts'

/** `callplane worker`. */
export function addWorkerCommand(program: Command, finish: (code: number) => void): void {
  const command = program
    .command('worker')
    .description('serve functions and models over gRPC, until SIGTERM')
    .option('--functions <glob>', 'modules of functions; can be given several times', append, [])
    .option('--model <name@version>', 'a registered model; can be given several times', append, [])
    .option('--group <name>', 'serve what belongs to a scaling group; one alone also as model.<name>')
    .option('--state <dir>', 'directory of models, caches and shared limits (default: .callplane)')
  addAddressFlags(command)
  addLimitFlags(command)
    .option('--trace', 'send traces and metrics over OTLP, to OTEL_EXPORTER_OTLP_ENDPOINT', false)
    .option('--debug', 'show the stacks of errors', false)
    .action(async (flags: WorkerFlags) => {
      const { workerCommand } = await import('../commands/worker.ts')
      finish(await workerCommand(flags))
    })
}

/** Where a server listens, and who may call it. */
export function addListenFlags(command: Command, port: Option): Command {
  return command
    .option('--host <address>', 'where to listen; beyond this machine only with TLS and a token', '127.0.0.1')
    .addOption(port.argParser(parseWhole))
    .option('--tls-cert <file>', 'certificate in PEM format')
    .option('--tls-key <file>', 'its key')
    .option('--client-ca <file>', 'authority of the certificates that callers must have')
    .option('--token-file <file>', 'what callers must send as a bearer token (default: CALLPLANE_TOKEN)')
    .option('--insecure', 'let anybody call who reaches the address', false)
}

function addAddressFlags(command: Command): Command {
  return addListenFlags(command, new Option('--port <n>', '0 for any').default(8080)).addOption(
    new Option('--metrics-port <n>', 'answer GET /metrics there').argParser(parseWhole),
  )
}

function addLimitFlags(command: Command): Command {
  return command
    .addOption(
      new Option('--max-concurrent <n>', 'calls at once; the next ones wait (default: 64)').argParser(
        parseCount,
      ),
    )
    .addOption(new Option('--max-queued <n>', 'calls that wait at most (default: 256)').argParser(parseWhole))
    .option('--memory <size>', 'refuse calls while the process takes more, such as 2GB')
    .addOption(
      new Option('--coalesce <ms>', 'how long rows wait for those of other callers (default: 0)').argParser(
        parseWhole,
      ),
    )
    .addOption(
      new Option('--shutdown-grace <s>', 'seconds for calls in flight after SIGTERM')
        .default(30)
        .argParser(parseWhole),
    )
    .option('--parent', 'end when standard input closes', false)
}
