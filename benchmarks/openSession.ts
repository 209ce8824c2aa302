import { Session, type SessionOptions, type SessionSettings } from 'callplane'

/** Opens a session with the functions of the benchmarks, which keeps nothing unless asked to, and closes it after the work. */
export async function withSession<T>(
  settings: SessionSettings,
  work: (session: Session) => Promise<T>,
  options: Pick<SessionOptions, 'functions' | 'state'> = {},
): Promise<T> {
  const session = await Session.open({
    functions: ['functions/*.ts'],
    baseDirectory: import.meta.dirname,
    state: null,
    settings,
    ...options,
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

/** Throws unless a query gives the expected number. */
export async function expectNumber(session: Session, sql: string, expected: number): Promise<void> {
  const found = Number(await scalar(session, sql))
  if (found !== expected) throw new Error(`${expected} came out as ${found}`)
}

/** A query's one number, which has to be the expected one; answers the calls that were made for it. */
export async function callsOfSum(session: Session, sql: string, expected: number): Promise<number> {
  const result = await session.sql(sql)
  const [row = {}] = await result.toRows()
  const sum = Number(Object.values(row)[0])
  if (sum !== expected) throw new Error(`a sum of ${expected} came out as ${sum}`)
  return result.profile.functions.reduce((calls, profile) => calls + profile.calls, 0)
}
