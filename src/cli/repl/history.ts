import { appendFile, chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'

const ENTRIES_MAX = 1000

/** Statements of earlier sessions, a line each, readable by their user alone. A history that cannot be kept is no error. */
export class History {
  readonly #path: string

  constructor(path: string) {
    this.#path = path
  }

  /** The newest first. */
  async load(): Promise<string[]> {
    const text = await readFile(this.#path, 'utf8').catch(() => '')
    const entries = text.split('\n').filter((line) => line !== '')
    if (entries.length > 2 * ENTRIES_MAX) await this.#replace(entries.slice(-ENTRIES_MAX))
    return entries.slice(-ENTRIES_MAX).toReversed()
  }

  async add(entry: string): Promise<void> {
    if (!isKept(entry)) return
    await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 })
      .then(() => appendFile(this.#path, `${entry}\n`, { mode: 0o600 }))
      .catch(() => {})
  }

  async #replace(entries: readonly string[]): Promise<void> {
    await writeFile(this.#path, `${entries.join('\n')}\n`)
      .then(() => chmod(this.#path, 0o600))
      .catch(() => {})
  }
}

/** Not what follows a space, as in shells, and no statement that may hold a password. */
export function isKept(entry: string): boolean {
  return entry !== '' && !entry.startsWith(' ') && !/\b(?:secret|password|token)\b/i.test(entry)
}

/** Where the history is kept unless it is said: `CALLPLANE_HISTORY`, or the user's folder for the state of programs. */
export function historyPath(environment: NodeJS.ProcessEnv): string {
  const { CALLPLANE_HISTORY: given, XDG_STATE_HOME: state, LOCALAPPDATA: windows } = environment
  if (given !== undefined && given !== '') return given
  const folder = [state, windows].find((path) => path !== undefined && path !== '')
  return join(folder ?? join(homedir(), '.local', 'state'), 'callplane', 'history')
}
