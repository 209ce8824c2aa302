import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ScalingGroup } from '../../catalog/groups/defineScalingGroup.ts'
import type { GroupRevision, PublishedReplica } from '../../catalog/groups/deployment.ts'
import type { GroupStore } from '../../catalog/store/groupStore.ts'
import type { ModelStore } from '../../catalog/store/modelStore.ts'
import { deploymentOf, versionOf } from './modelStore.conformance.ts'

export interface OpenedGroups {
  readonly groups: GroupStore
  /** The same store as another process sees it; the same object where no other process can. */
  readonly others: GroupStore
  readonly models: ModelStore
  close(): Promise<void>
}

const NOW = 1_700_000_000_000
const all = { share: 100, previous: null }

function revisionOf(group: string, revision: number): Omit<GroupRevision, 'completed'> {
  const { spec } = ScalingGroup({
    name: group,
    endpoints: [`worker:${revision}`],
    description: 'ü \0 \u{1f600}',
  })
  return {
    group,
    revision,
    spec,
    digest: revision % 2 === 0 ? 'ab'.repeat(32) : null,
    created: NOW + revision,
  }
}

export function replicaOf(changes: Partial<PublishedReplica> = {}): PublishedReplica {
  return {
    group: 'echo',
    revision: 1,
    id: 'echo-1-1',
    endpoint: '127.0.0.1:4000',
    pid: 12,
    state: 'ready',
    inFlight: 3,
    started: NOW,
    restarts: 1,
    log: '/logs/echo-1-1.log',
    ...changes,
  }
}

/** The contract of `GroupStore`: every store passes it. */
export function describeGroupStore(name: string, open: () => Promise<OpenedGroups>): void {
  describe(`the scaling groups of the ${name} store`, () => {
    describeRollouts(open)
  })
  describe(`the replicas of the ${name} store`, () => {
    describeReplicas(open)
  })
}

function describeRollouts(open: () => Promise<OpenedGroups>): void {
  let opened: OpenedGroups
  beforeAll(async () => {
    opened = await open()
  })
  afterAll(async () => opened.close())

  it('keeps revisions as they are given, and which of them get calls', async () => {
    const { groups, others } = opened
    expect(await groups.get('kept')).toBeNull()
    expect(await groups.revisions('kept')).toEqual([])
    const [one, two] = [revisionOf('kept', 1), revisionOf('kept', 2)]
    const first = { ...one, completed: NOW }
    expect(await groups.route(one, all, null, NOW)).toEqual({
      group: 'kept',
      current: first,
      share: 100,
      previous: null,
      changed: NOW,
    })
    const shared = { share: 10, previous: 1 }
    const rollout = { group: 'kept', current: { ...two, completed: null }, share: 10, previous: first }
    expect(await others.route(two, shared, { revision: 1, ...all }, NOW + 5)).toEqual({
      ...rollout,
      changed: NOW + 5,
    })
    expect(await groups.get('KEPT')).toEqual({ ...rollout, changed: NOW + 5 })
    expect(await groups.list()).toEqual([{ ...rollout, changed: NOW + 5 }])
    await groups.route(two, all, { revision: 2, ...shared }, NOW + 9)
    expect(await others.revisions('kept')).toEqual([first, { ...two, completed: NOW + 9 }])
  })

  it('tells in which order revisions had all calls, whatever the time', async () => {
    const { groups } = opened
    const [one, two] = [revisionOf('back', 1), revisionOf('back', 2)]
    await groups.route(one, all, null, NOW)
    await groups.route(two, all, { revision: 1, ...all }, NOW)
    expect((await groups.get('back'))?.current.completed).toBe(NOW + 1)
    await groups.route(one, all, { revision: 2, ...all }, NOW - 9)
    expect((await groups.get('back'))?.current).toEqual({ ...one, completed: NOW + 2 })
  })

  it('changes nothing where calls are shared out otherwise by now', async () => {
    const { groups, others } = opened
    await groups.route(revisionOf('busy', 1), all, null, NOW)
    const changes = await groups.changes()
    for (const expected of [null, { revision: 2, ...all }, { revision: 1, share: 10, previous: 1 }]) {
      expect(await others.route(revisionOf('busy', 3), all, expected, NOW)).toBeNull()
    }
    expect(await groups.revisions('busy')).toHaveLength(1)
    expect(await groups.changes()).toBe(changes)
    const made = await Promise.all(
      [groups, others].map((store, index) =>
        store.route(revisionOf('busy', 2 + index), all, { revision: 1, ...all }, NOW),
      ),
    )
    expect(made.filter((one) => one !== null)).toHaveLength(1)
    expect(await groups.changes()).toBe(changes + 1)
  })

  it('never gives a number twice, and takes a name in any letter case for the same', async () => {
    const { groups, others } = opened
    const numbers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        index % 2 === 0 ? groups.reserve('Cased') : others.reserve('cASED'),
      ),
    )
    expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1))
    expect(await groups.route(revisionOf('CASED', 20), all, null, NOW)).toMatchObject({ group: 'Cased' })
    await others.delete('cased')
    expect(await groups.get('Cased')).toBeNull()
    expect(await groups.revisions('Cased')).toEqual([])
    expect(await groups.reserve('cased')).toBe(21)
    await expect(groups.delete('cased')).rejects.toMatchObject({ code: 'GROUP_UNKNOWN' })
  })

  it('keeps scaling groups and groups that serve models apart', async () => {
    const { groups, models } = opened
    await models.add(versionOf('churn'), [])
    await models.deploy(deploymentOf('Live', 'churn', 1), null)
    await groups.reserve('live')
    await expect(groups.route(revisionOf('live', 1), all, null, NOW)).rejects.toMatchObject({
      code: 'GROUP_INVALID',
      message:
        "scaling group 'live' has the name of a group that serves a model: both would be 'model.live'\n  undeploy the model, or choose another name",
    })
    await models.undeploy('live')
    await groups.route(revisionOf('live', 1), all, null, NOW)
    await expect(models.deploy(deploymentOf('LIVE', 'churn', 1), null)).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message:
        "group 'LIVE' is a scaling group that is deployed\n  choose another name, or delete that group",
    })
  })
}

function describeReplicas(open: () => Promise<OpenedGroups>): void {
  let opened: OpenedGroups
  beforeAll(async () => {
    opened = await open()
  })
  afterAll(async () => opened.close())

  it('tells what owners published, each the last time, in order', async () => {
    const { groups, others } = opened
    const held = { process: process.pid, updated: NOW }
    const there = replicaOf({ id: 'echo-1-2', pid: null, log: null, endpoint: 'worker:1' })
    await groups.publish('one', [there, replicaOf()], NOW)
    await others.publish('two', [replicaOf({ group: 'another' })], NOW)
    expect(await others.replicas()).toEqual([
      { ...replicaOf({ group: 'another' }), ...held },
      { ...replicaOf(), ...held },
      { ...there, ...held },
    ])
    await groups.publish('one', [replicaOf({ state: 'draining', inFlight: 0 })], NOW + 1)
    expect(await groups.replicas()).toMatchObject([
      { group: 'another' },
      { group: 'echo', state: 'draining', updated: NOW + 1 },
    ])
    await others.publish('two', [], NOW + 2)
    await groups.publish('one', [], NOW + 2)
    expect(await groups.replicas()).toEqual([])
  })
}
