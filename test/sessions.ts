import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Session, type SessionOptions } from 'callplane'
import { afterAll, afterEach } from 'vitest'

const open: { close(): Promise<void> }[] = []
const shared = new Map<string, Promise<Session>>()

afterEach(async () => {
  await Promise.all(open.splice(0).map((resource) => resource.close()))
})

afterAll(async () => {
  await Promise.all([...shared.values()].map(async (session) => (await session).close()))
})

export const lawFunctions = 'test/fixtures/laws/*.ts'

/** A session that is closed after the test. */
export async function openSession(options: SessionOptions = {}): Promise<Session> {
  const session = await Session.open({ functions: [lawFunctions], ...options })
  open.push(session)
  return session
}

/** What a session is opened with that several tests use. */
export interface SharedOptions {
  readonly functions?: readonly string[]
  readonly settings?: NonNullable<SessionOptions['settings']>
}

/** The one session of a file's tests with these options, open until the last of them: they leave no traces in it. */
export async function sharedSession(options: SharedOptions = {}): Promise<Session> {
  const key = JSON.stringify(options)
  const session = shared.get(key) ?? Session.open({ functions: [lawFunctions], ...options })
  shared.set(key, session)
  return session
}

/** A directory that is removed after the test. */
export async function temporaryDirectory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'callplane-'))
  open.push({ close: () => rm(path, { recursive: true, force: true }) })
  return path
}

/** The only column of a statement's rows. */
export async function values(session: Session, sql: string): Promise<unknown[]> {
  const rows = await (await session.sql(sql)).toRows()
  return rows.map((row) => Object.values(row)[0])
}

export const routes = ['fused', 'staged', 'bridged'] as const
