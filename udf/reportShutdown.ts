import type { CallObserver } from './callEvents.ts'
import type { ShutdownFailure } from './functionStates.ts'

/** Says that an `onShutdown` failed: in the log, and as a warning of the process, for the query that logged may be long over. */
export function reportShutdown(
  { function: name, version, message }: ShutdownFailure,
  observer: CallObserver,
): void {
  observer({ function: name, version }, { kind: 'log', level: 'error', message, fields: {} })
  process.emitWarning(message, { type: 'CallplaneWarning', code: 'SHUTDOWN_FAILED' })
}
