import { Session, type SessionSettings } from 'callplane'

/** Opens a session with the functions of the benchmarks, closes it after the work. */
export async function withSession<T>(
  settings: SessionSettings,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await Session.open({
    functions: ['functions/*.ts'],
    baseDirectory: import.meta.dirname,
    settings,
  })
  try {
    return await work(session)
  } finally {
    await session.close()
  }
}

/** The one value of a query's one row. */
export async function scalar(session: Session, sql: string): Promise<unknown> {
  const [row] = await (await session.sql(sql)).toRows()
  return row === undefined ? undefined : Object.values(row)[0]
}
