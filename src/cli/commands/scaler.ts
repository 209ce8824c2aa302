import { Scaler, type ScalerOptions } from '../../kubernetes/scaler.ts'
import { exitCodeOf, exitCodes } from '../exitCode.ts'
import { printError } from '../printError.ts'
import { readTls, readToken, type SecurityFlags } from '../worker/securityFlags.ts'
import { Shutdown } from '../worker/shutdown.ts'

export interface ScalerFlags extends SecurityFlags {
  readonly host: string
  readonly port: number
  readonly reportPort: number
  readonly debug: boolean
}

/** Answers KEDA until a signal asks for the end. */
export async function scalerCommand(flags: ScalerFlags): Promise<number> {
  const shutdown = new Shutdown({ withParent: false })
  try {
    const scaler = await Scaler.open(await scalerOptions(flags))
    const { host, port, reportPort } = scaler
    process.stdout.write(
      `callplane scaler answers KEDA on ${host}:${port} and takes reports on ${host}:${reportPort}\n`,
    )
    await shutdown.asked
    await scaler.close()
    return exitCodes.done
  } catch (error) {
    return exitCodeOf(printError(error, flags.debug))
  } finally {
    shutdown.close()
  }
}

async function scalerOptions(flags: ScalerFlags): Promise<ScalerOptions> {
  const { host, port, reportPort, insecure } = flags
  const tls = readTls(flags)
  return {
    host,
    port,
    reportPort,
    tls: tls === null ? null : { ca: tls.clientCa ?? null, cert: tls.cert, key: tls.key, serverName: null },
    token: await readToken(flags),
    insecure,
  }
}
