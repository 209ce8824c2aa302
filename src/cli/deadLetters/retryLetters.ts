import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { lookup } from '../../../catalog/catalog.ts'
import { quoteIdentifier, quoteLiteral } from '../../expr/render.ts'
import type { QueryOptions, Session } from '../../session/session.ts'
import { trackUnfinished } from '../unfinishedFiles.ts'
import type { DeadLetterFile } from './deadLetterFiles.ts'

/** What came of the dead letters of one function. */
export interface Retried {
  readonly function: string
  readonly succeeded: number
  readonly failed: number
  /** The file with a row for each that was called: row, input, value, error. */
  readonly path: string
}

export interface LettersOfRun {
  /** The directory of the run. */
  readonly directory: string
  readonly files: readonly DeadLetterFile[]
}

/** Calls each function with its dead letters again; those that fail again stay. The session's database gets a table for it. */
export async function retryLetters(
  session: Session,
  { directory, files }: LettersOfRun,
  options: QueryOptions,
): Promise<readonly Retried[]> {
  const retried: Retried[] = []
  const time = new Date().toISOString().replaceAll(/[-:]|\.\d+Z$/g, '')
  for (const name of new Set(files.map((file) => file.function))) {
    const paths = files.filter((file) => file.function === name).map(({ path }) => path)
    const results = join(directory, `retried-${name}-${time}.parquet`)
    retried.push(await retryFunction(session, { name, paths, results }, options))
  }
  return retried
}

interface Letters {
  readonly name: string
  readonly paths: readonly string[]
  readonly results: string
}

async function retryFunction(
  session: Session,
  { name, paths, results }: Letters,
  options: QueryOptions,
): Promise<Retried> {
  const [left = results] = paths
  const run = async (sql: string): Promise<Record<string, unknown>[]> =>
    (await session.sql(sql, [], options)).toRows()
  await run(`CREATE OR REPLACE TABLE retried AS ${triedAgain(session, name, paths)}`)
  const [counted] = await run('SELECT count(*) AS rows, count(outcome.error) AS failed FROM retried')
  const failed = Number(counted?.['failed'])
  const unfinished = { results: `${results}.tmp`, left: `${left}.tmp` }
  const forget = Object.values(unfinished).map(trackUnfinished)
  try {
    await run(
      copy(
        `SELECT "row", input, outcome.value AS value, outcome.error AS error FROM retried`,
        unfinished.results,
      ),
    )
    if (failed > 0) await run(copy(stillFailed, unfinished.left))
    await rename(unfinished.results, results)
    // From here on what succeeded is not called again.
    if (failed > 0) await rename(unfinished.left, left)
    await Promise.all((failed > 0 ? paths.slice(1) : paths).map((path) => rm(path, { force: true })))
  } finally {
    await Promise.all(Object.values(unfinished).map((path) => rm(path, { force: true })))
    for (const done of forget) done()
  }
  return { function: name, succeeded: Number(counted?.['rows']) - failed, failed, path: results }
}

function triedAgain(session: Session, name: string, paths: readonly string[]): string {
  const { inputs } = lookup(session.catalog, name)
  const args = [quoteLiteral(name), ...inputs.map((input) => `input.${quoteIdentifier(input.name)}`)]
  const letters = `read_parquet([${paths.map(quoteLiteral).join(', ')}])`
  return `SELECT *, try_catalog_call(${args.join(', ')}) AS outcome FROM ${letters} AS letters`
}

const stillFailed = `
  SELECT function, version, "row", attempts + outcome.error.attempts AS attempts,
    outcome.error.code AS code, outcome.error.message AS message, input
  FROM retried WHERE outcome.error IS NOT NULL`

function copy(query: string, path: string): string {
  return `COPY (${query}) TO ${quoteLiteral(path)} (FORMAT parquet, COMPRESSION zstd)`
}
