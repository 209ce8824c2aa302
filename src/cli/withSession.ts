import { Session } from '../session/session.ts'
import type { SessionFlags } from './flags.ts'
import { sessionOptions } from './sessionOptions.ts'

/** Runs `work` in a session that is closed after it. */
export async function withSession<T>(
  flags: SessionFlags,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await Session.open(await sessionOptions(flags))
  try {
    return await work(session)
  } finally {
    await session.close()
  }
}
