import { EngineError, isEngineError, messageOf } from '../../src/base/errors.ts'

export const memoryPath = ':memory:'

export function storeFailed(path: string, problem: string, hint?: string, cause?: unknown): EngineError {
  const details = { ...(path === memoryPath ? {} : { path }), ...(hint === undefined ? {} : { hint }) }
  return new EngineError('STORE_FAILED', `${nameOf(path)} ${problem}`, details, cause)
}

/** What SQLite threw, in words that say which file and what to do. */
export function toStoreError(path: string, thrown: unknown): EngineError {
  if (isEngineError(thrown)) return thrown
  const message = openingCode(thrown) === undefined ? messageOf(thrown) : 'unable to open database file'
  switch (primaryCode(thrown)) {
    case codes.noDatabase:
      return storeFailed(path, 'is a file of another kind', 'give it another path', thrown)
    case codes.corrupt:
      return storeFailed(path, `is damaged: ${message}`, remove, thrown)
    case codes.full:
      return storeFailed(path, `cannot grow: ${message}`, 'make room on its disk', thrown)
    case codes.readOnly:
    case codes.permission:
    case codes.cannotOpen:
      return storeFailed(path, `cannot be written: ${message}`, writable, thrown)
    default:
      return storeFailed(path, `failed: ${message}`, undefined, thrown)
  }
}

/** Whether another process holds the lock that was needed. */
export function isBusy(thrown: unknown): boolean {
  return primaryCode(thrown) === codes.busy
}

/** SQLite's result codes, without what their upper bits add. */
const codes = {
  permission: 3,
  busy: 5,
  readOnly: 8,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  noDatabase: 26,
} as const
const remove = 'remove it with its -wal and -shm files; what it kept is lost'
const writable = 'the file and its folder must be writable'

function primaryCode(thrown: unknown): number | undefined {
  if (typeof thrown !== 'object' || thrown === null) return undefined
  if ('rawCode' in thrown && typeof thrown.rawCode === 'number') return thrown.rawCode % 256
  return openingCode(thrown)
}

/** Of a file that does not open, which libsql tells in the message alone. */
function openingCode(thrown: unknown): number | undefined {
  const code = /^ConnectionFailed\(".*: (\d+)"\)$/su.exec(messageOf(thrown))?.[1]
  return code === undefined ? undefined : Number(code) % 256
}

function nameOf(path: string): string {
  return path === memoryPath ? 'the state store in memory' : `the state store '${path}'`
}
