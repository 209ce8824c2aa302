import type { EngineError } from '../base/errors.ts'

/** What the process says to the shell that started it. */
export const exitCodes = {
  done: 0,
  /** The query or a definition is wrong. */
  wrong: 1,
  /** The command line or the configuration is wrong. */
  usage: 2,
  /** Done, but some rows hold errors. */
  errorRows: 3,
  /** Something that the work needs cannot be reached. */
  unavailable: 4,
  /** A limit or a budget was hit. */
  limit: 5,
  internal: 6,
  cancelled: 130,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

export function exitCodeOf({ code, kind }: Pick<EngineError, 'code' | 'kind'>): ExitCode {
  if (code === 'CANCELLED') return exitCodes.cancelled
  if (code === 'CONFIG_INVALID' || code === 'USAGE_INVALID') return exitCodes.usage
  switch (kind) {
    case 'user':
    case 'function':
      return exitCodes.wrong
    case 'unavailable':
      return exitCodes.unavailable
    case 'limit':
      return exitCodes.limit
    case 'internal':
      return exitCodes.internal
  }
}
