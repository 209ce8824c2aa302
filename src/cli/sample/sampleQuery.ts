import { classifyStatement } from '../../../sql/classify.ts'
import { splitText } from '../../../sql/statements.ts'
import { EngineError } from '../../base/errors.ts'
import type { RunProfile } from '../../run/profile/runProfile.ts'
import type { QueryOptions, Session } from '../../session/session.ts'

/** What some rows of a query took. */
export interface Sample {
  /** Rows that were computed. */
  readonly rows: number
  /** Rows of the whole query; null where only calls can tell. */
  readonly totalRows: number | null
  readonly seconds: number
  readonly profile: RunProfile
}

/** Computes the first rows of the last of some statements, and counts all of them if that needs no call. */
export async function sampleQuery(
  session: Session,
  { text, rows }: { readonly text: string; readonly rows: number },
  options: QueryOptions,
): Promise<Sample> {
  const statements = splitText(text).map((statement) => statement.text)
  const query = queryOf(statements.pop() ?? '')
  for (const statement of statements) await (await session.sql(statement, [], options)).drain()
  const started = performance.now()
  const result = await session.sql(`SELECT * FROM (${query}\n) AS sample LIMIT ${rows}`, [], options)
  const sampled = await result.drain()
  const seconds = (performance.now() - started) / 1000
  const isWhole = sampled < rows
  const totalRows = isWhole ? sampled : await countRows(session, query, options)
  return { rows: sampled, totalRows, seconds, profile: result.profile }
}

/** The query of a SELECT, or of a COPY (SELECT …) TO …. Throws USAGE_INVALID for other statements. */
function queryOf(statement: string): string {
  const shape = classifyStatement(statement)
  if (shape.kind === 'select') return statement
  if (shape.kind === 'copyTo' || shape.kind === 'createTableAs' || shape.kind === 'insertSelect') {
    return statement.slice(shape.query.start, shape.query.end)
  }
  throw new EngineError('USAGE_INVALID', 'only a query can be sampled', {
    hint: 'leave --sample out, or give a SELECT, or a COPY, CREATE TABLE AS or INSERT of one',
  })
}

async function countRows(session: Session, query: string, options: QueryOptions): Promise<number | null> {
  const count = `SELECT count(*) AS rows FROM (${query}\n) AS counted`
  if (!callsNothing(await session.explain(count, options))) return null
  const [row] = await (await session.sql(count, [], options)).toRows()
  return Number(row?.['rows'])
}

function callsNothing(plan: string): boolean {
  return /^Calls\n {2}none$/m.test(plan) || !/^Calls$/m.test(plan)
}
