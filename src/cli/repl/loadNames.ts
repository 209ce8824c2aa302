import type { Session } from '../../session/session.ts'
import type { CompletionNames } from './completion.ts'

/** What the session knows by name now. */
export async function loadNames(session: Session): Promise<CompletionNames> {
  const tables = new Map<string, string[]>()
  for (const { table_name: table, column_name: column } of await rows(session, columnsQuery)) {
    const columns = tables.get(String(table)) ?? []
    tables.set(String(table), [...columns, String(column)])
  }
  const keywords = await rows(session, 'SELECT keyword_name, keyword_category FROM duckdb_keywords()')
  const reserved = keywords.filter(({ keyword_category: category }) => category === 'reserved')
  return {
    keywords: [...namesOf(keywords)].toSorted(),
    reserved: namesOf(reserved),
    functions: [...session.catalog.functions.keys()].toSorted(),
    tables,
  }
}

const columnsQuery = `
  SELECT table_name, column_name FROM information_schema.columns
  WHERE table_schema NOT IN ('information_schema', 'pg_catalog')
  ORDER BY table_name, ordinal_position`

function namesOf(keywords: readonly Record<string, unknown>[]): ReadonlySet<string> {
  return new Set(keywords.map(({ keyword_name: keyword }) => String(keyword)))
}

async function rows(session: Session, query: string): Promise<Record<string, unknown>[]> {
  return (await session.sql(query)).toRows()
}
