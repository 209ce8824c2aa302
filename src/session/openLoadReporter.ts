import { LoadReporter } from '../../udf/scaling/loadReporter.ts'
import type { SessionGroups } from './sessionGroups.ts'

/**
 * Tells the scaler of a cluster of a session's calls, where the environment says whom to tell: CALLPLANE_SCALER is its address, and
 * CALLPLANE_SCALER_TOKEN and CALLPLANE_SCALER_CA what it takes to be let in. Null elsewhere. Throws CONFIG_INVALID and IO_FAILED.
 */
export function openLoadReporter(groups: Pick<SessionGroups, 'status'>): LoadReporter | null {
  const { env } = process
  const url = env['CALLPLANE_SCALER'] ?? ''
  if (url === '') return null
  return new LoadReporter({
    url,
    token: env['CALLPLANE_SCALER_TOKEN'] ?? null,
    ca: env['CALLPLANE_SCALER_CA'] ?? null,
    groups: () => groups.status(),
    warn: (problem) => process.emitWarning(problem, 'CallplaneWarning'),
  })
}
