import { join } from 'node:path'
import { isEngineError, ScalingGroup, type ScalingGroupDefinition, type Session } from 'callplane'
import { beforeEach, describe, expect, it } from 'vitest'
import { repeats } from '../repeats.ts'
import { openSession, temporaryDirectory, values } from '../sessions.ts'

const module = 'test/fixtures/groups/stamp.ts'

let state: string
beforeEach(async () => {
  state = join(await temporaryDirectory(), 'state')
})

/** A group whose function says `revision`. */
function stamps(revision: string): ScalingGroupDefinition {
  return ScalingGroup({
    name: 'stamps',
    functions: module,
    minReplicas: 1,
    env: { REVISION: revision },
    readinessProbe: { startupTimeout: 20_000, period: 100 },
    shutdownDelaySeconds: 0,
  })
}

const openHere = (): Promise<Session> => openSession({ functions: [], state })

const stampsOf = (session: Session, rows = 200): Promise<unknown[]> =>
  values(session, `SELECT DISTINCT catalog_call('stamp', i::INTEGER) FROM range(${rows}) t(i)`)

async function errorOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  return isEngineError(error) ? `${error.code}: ${error.message}` : String(error)
}

describe('scaling groups of a session', () => {
  it('are called by the names of their functions and of the group, where they are defined', async () => {
    const session = await openSession({ functions: [stamps('defined')], state: null })
    expect(await stampsOf(session)).toEqual(['defined'])
    expect(await values(session, "SELECT catalog_call('model.stamps', 1)")).toEqual(['defined'])
    expect(session.groups.status()).toMatchObject([
      { group: 'stamps', revision: 0, replicas: [{ state: 'ready' }] },
    ])
  })

  it('take the calls of another revision once it is ready, and go back', async () => {
    const session = await openHere()
    expect(await errorOf(stampsOf(session))).toContain("unknown catalog function 'stamp'")
    await session.groups.deploy(stamps('one'))
    expect(await stampsOf(session)).toEqual(['one'])
    expect(await session.groups.deploy(stamps('two'))).toMatchObject({ current: { revision: 2 }, share: 100 })
    expect(await stampsOf(session)).toEqual(['two'])
    expect(await session.groups.rollback('stamps')).toMatchObject({ current: { revision: 1 } })
    expect(await stampsOf(session)).toEqual(['one'])
    await session.groups.delete('stamps')
    expect(await errorOf(stampsOf(session))).toContain("unknown catalog function 'stamp'")
  })

  it('stay as they are if a revision does not start', async () => {
    const session = await openHere()
    await session.groups.deploy(stamps('one'))
    expect(await errorOf(session.groups.deploy(stamps('broken')))).toMatch(
      /^GROUP_START_FAILED: .*stamps.*this revision does not load/s,
    )
    expect(await stampsOf(session)).toEqual(['one'])
    expect(await session.groups.list()).toMatchObject([{ current: { revision: 1 }, previous: null }])
  })

  it('share their calls by query while a revision is rolled out', async () => {
    const session = await openHere()
    await session.groups.deploy(stamps('one'))
    await session.groups.deploy(stamps('two'), { rollout: [50] })
    const seen = new Set<unknown>()
    for (let query = 0; query < 30 && seen.size < 2; query++) {
      const found = await stampsOf(session)
      expect(found).toHaveLength(1)
      seen.add(found[0])
    }
    expect(seen).toEqual(new Set(['one', 'two']))
    await session.groups.promote('stamps')
    for (let query = 0; query < 5; query++) expect(await stampsOf(session)).toEqual(['two'])
  })

  it('come from another session with the next query', async () => {
    const [first, second] = [await openHere(), await openHere()]
    await first.groups.deploy(stamps('one'))
    expect(await stampsOf(second)).toEqual(['one'])
    await first.groups.deploy(stamps('two'))
    await expect.poll(() => stampsOf(second), { timeout: 30_000 }).toEqual(['two'])
  })

  it('lose no call and mix no revisions when they are deployed again and again under load', async () => {
    const session = await openHere()
    await session.groups.deploy(stamps('0'))
    const revisions = repeats(3)
    const deployed = new AbortController()
    const found: unknown[][] = []
    const load = Array.from({ length: 3 }, async () => {
      while (!deployed.signal.aborted) found.push(await stampsOf(session, 2000))
    })
    for (let revision = 1; revision <= revisions; revision++) {
      await session.groups.deploy(stamps(String(revision)))
    }
    deployed.abort()
    await Promise.all(load)
    expect(found.filter(({ length }) => length !== 1)).toEqual([])
    expect(found.flat().length).toBeGreaterThan(revisions)
    expect(await stampsOf(session)).toEqual([String(revisions)])
  })
})
