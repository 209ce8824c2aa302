import { startCommandTelemetry } from '../telemetry/commandTelemetry.ts'
import { packageVersion } from './version.ts'

/** Runs `work` while its spans and metrics are sent, where `--trace` or the environment asks for that. */
export async function withTelemetry<T>(
  { trace }: { readonly trace: boolean },
  work: () => Promise<T>,
): Promise<T> {
  const telemetry = await startCommandTelemetry(trace, {
    service: 'callplane',
    version: packageVersion(),
    warn: (problem) => void process.stderr.write(`warning: ${problem}\n`),
  })
  if (telemetry === null) return work()
  try {
    return await telemetry.run(work)
  } finally {
    await telemetry.stop()
  }
}
