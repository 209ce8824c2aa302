import { Session, type SessionOptions } from '../session/session.ts'
import type { SessionFlags } from './flags.ts'
import { sessionOptions } from './sessionOptions.ts'

/** Runs `work` in a session of the command line, which is closed after it. */
export async function withSession<T>(
  flags: SessionFlags,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  return withOpenSession(await sessionOptions(flags), work)
}

/** Runs `work` in a session with these options, which is closed after it. */
export async function withOpenSession<T>(
  options: SessionOptions,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await Session.open(options)
  try {
    return await work(session)
  } finally {
    await session.close()
  }
}
