import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { SessionState } from '../../session/sessionState.ts'

/** A file with dead letters of one function. */
export interface DeadLetterFile {
  readonly function: string
  readonly path: string
}

/** Files with the rows of a run that failed, in the order of their names. */
export async function deadLetterFiles(state: SessionState, run: string): Promise<readonly DeadLetterFile[]> {
  if (state.directory === null) return []
  const directory = join(state.runDirectory(run), 'dead-letters')
  const names = await readdir(directory).catch(() => [])
  return names
    .toSorted((a, b) => (a < b ? -1 : 1))
    .flatMap((name) => {
      const [, functionName] = /^(.+)-\d+-\d+\.parquet$/.exec(name) ?? []
      return functionName === undefined ? [] : [{ function: functionName, path: join(directory, name) }]
    })
}
