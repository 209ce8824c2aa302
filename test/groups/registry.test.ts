import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, it } from 'vitest'
import { ScalingGroup, type ScalingGroupDefinition } from '../../catalog/groups/defineScalingGroup.ts'
import type { GroupRegistry } from '../../catalog/groups/groupRegistry.ts'
import type { ScalingGroupOptions } from '../../catalog/groups/scalingGroupOptions.ts'
import { failureOf } from '../models/registryFolder.ts'
import { replicaOf } from '../store/groupStore.conformance.ts'
import { deploymentOf, versionOf } from '../store/modelStore.conformance.ts'
import { openGroups } from './groupFolder.ts'

function echo(changes: Partial<ScalingGroupOptions> = {}): ScalingGroupDefinition {
  return ScalingGroup({
    name: 'echo',
    command: ['serve'],
    input: { text: 'VARCHAR' },
    output: 'VARCHAR',
    ...changes,
  })
}

async function deploy(registry: GroupRegistry, maxReplicas: number, share?: number) {
  return registry.commit(await registry.plan(echo({ maxReplicas })), share)
}

async function failures(...attempts: readonly Promise<unknown>[]): Promise<readonly string[]> {
  return Promise.all(attempts.map(failureOf))
}

it('deploys revision after revision, and lists them', async () => {
  const { registry } = await openGroups()
  expect([await registry.list(), await registry.changes()]).toEqual([[], 0])
  const plan = await registry.plan(echo({ maxReplicas: 1 }))
  expect(plan).toEqual({
    group: 'echo',
    revision: 1,
    spec: echo({ maxReplicas: 1 }).spec,
    digest: null,
    isNew: true,
    current: null,
  })
  expect(await registry.list()).toEqual([])
  // There is nothing that could get the rest.
  const first = await registry.commit(plan, 10)
  expect(first).toMatchObject({ group: 'echo', current: { revision: 1 }, share: 100, previous: null })
  await deploy(registry, 2)
  const deployed = await deploy(registry, 3)
  expect(deployed).toMatchObject({
    current: { revision: 3, spec: { maxReplicas: 3 } },
    share: 100,
    previous: null,
  })
  expect(await registry.list()).toEqual([deployed])
  expect((await registry.revisions('ECHO')).map(({ revision }) => revision)).toEqual([1, 2, 3])
  expect(await registry.changes()).toBe(3)
  const replica = replicaOf({ group: 'Echo' })
  await registry.publish('session', [replica, replicaOf({ group: 'other' })])
  expect(await registry.inspect('Echo')).toMatchObject({ ...deployed, replicas: [replica] })
  expect(await registry.replicas()).toHaveLength(2)

  expect(await registry.delete('Echo')).toEqual(deployed)
  expect(await registry.list()).toEqual([])
  expect(await deploy(registry, 1)).toMatchObject({ current: { revision: 4 } })
})

it('makes no revision of what is deployed already, unless it is told to', async () => {
  const { registry } = await openGroups()
  const options: Partial<ScalingGroupOptions> = {
    batching: { maxBatchingSize: 'auto' },
    env: { A: 'b' },
    retries: 3,
    tls: true,
    resources: { cpu: 0.5 },
    output: "STRUCT(a DECIMAL(9,2), b ENUM('x'), c MAP(VARCHAR, INTEGER[3]))",
  }
  const deployed = await registry.commit(await registry.plan(echo(options)))
  const again = await registry.plan(echo(options))
  expect(again).toMatchObject({ revision: 1, isNew: false })
  expect(await registry.commit(again, 10)).toEqual(deployed)
  expect(await registry.changes()).toBe(1)
  const forced = await registry.plan(echo(options), { force: true })
  expect(forced).toMatchObject({ revision: 2, isNew: true })
  expect(await registry.plan(echo({ ...options, env: { A: 'c' } }))).toMatchObject({
    revision: 3,
    isNew: true,
  })
})

it('shares calls out between two revisions, until one has all', async () => {
  const { registry } = await openGroups()
  await deploy(registry, 1)
  expect(await deploy(registry, 2, 10)).toMatchObject({
    current: { revision: 2, completed: null },
    share: 10,
    previous: { revision: 1 },
  })
  expect(await registry.promote('echo', 50, 2)).toMatchObject({ share: 50, previous: { revision: 1 } })
  expect(await registry.plan(echo({ maxReplicas: 2 }))).toMatchObject({ revision: 2, isNew: false })
  expect(await registry.promote('echo')).toMatchObject({
    current: { revision: 2 },
    share: 100,
    previous: null,
  })
  expect(await registry.promote('echo')).toMatchObject({ current: { revision: 2 }, share: 100 })

  // A rollout that was not finished ends with the next.
  await deploy(registry, 3, 10)
  expect(await deploy(registry, 4, 20)).toMatchObject({
    current: { revision: 4 },
    share: 20,
    previous: { revision: 2 },
  })
  // What has the rest of the calls may have all again.
  expect(await deploy(registry, 2, 10)).toMatchObject({
    current: { revision: 2 },
    share: 100,
    previous: null,
  })
})

it('rolls back to what had all calls before, again and again', async () => {
  const { registry } = await openGroups()
  for (let revision = 1; revision <= 3; revision++) await deploy(registry, revision)
  await deploy(registry, 4, 10)
  const back = async (revision?: number): Promise<number> => {
    const plan = await registry.planRollback('echo', revision)
    const deployed = await registry.commit(plan, 1)
    if (deployed.share < 100) await registry.promote('echo')
    return deployed.current.revision
  }
  expect(await back()).toBe(3)
  expect(await back()).toBe(2)
  expect(await back()).toBe(3)
  expect(await back(1)).toBe(1)
  expect(await back()).toBe(3)
  expect(await back(4)).toBe(4)
  expect(await registry.revisions('echo')).toHaveLength(4)
  expect(await failureOf(registry.planRollback('echo', 9))).toBe(
    "GROUP_UNKNOWN scaling group 'echo' has no revision 9: it has revisions 1, 2, 3, 4",
  )
})

it('notices modules that have changed', async () => {
  const { registry, directory } = await openGroups()
  const path = join(directory, 'texts.ts')
  const named = join(directory, 'named.ts')
  const modules = [pathToFileURL(named).href]
  writeFileSync(path, 'export const one = 1')
  writeFileSync(named, 'export const two = 2')
  const texts = ScalingGroup({ name: 'texts', functions: 'texts.ts' })
  const plan = await registry.plan(texts, { modules })
  expect(plan.spec.source).toEqual({
    kind: 'functions',
    modules: [pathToFileURL(path).href, ...modules],
  })
  expect(plan.digest).toMatch(/^[0-9a-f]{64}$/)
  await registry.commit(plan)
  expect(await registry.plan(texts, { modules })).toMatchObject({ isNew: false })
  writeFileSync(named, 'export const two = 3')
  const changed = await registry.plan(texts, { modules })
  expect(changed).toMatchObject({ isNew: true, revision: 2 })
  await registry.commit(changed, 50)
  // Replicas of the first are there still.
  expect(await registry.planRollback('texts')).toMatchObject({ revision: 1 })
  await registry.promote('texts')
  expect(await failureOf(registry.planRollback('texts'))).toBe(
    "GROUP_INVALID revision 1 of scaling group 'texts' cannot come back: its modules have changed since\n  bring them back as they were and deploy them",
  )
  writeFileSync(named, 'export const two = 2')
  expect(await registry.planRollback('texts')).toMatchObject({ revision: 1 })
})

it('pins the version of a model', async () => {
  const { registry, store } = await openGroups()
  await store.models.add(versionOf('churn'), ['prod'])
  await store.models.add(versionOf('churn'), [])
  const churn = (model: string) => registry.plan(ScalingGroup({ name: 'scores', model }))
  expect((await churn('Churn')).spec.source).toEqual({ kind: 'model', model: 'churn@2' })
  expect((await churn('churn@prod')).spec.source).toEqual({ kind: 'model', model: 'churn@1' })
  expect(await failureOf(churn('churn@3'))).toBe(
    "MODEL_UNKNOWN model 'churn' has no version 3: it has versions 1, 2",
  )
  expect(await failureOf(churn('chrun'))).toBe("MODEL_UNKNOWN unknown model 'chrun': did you mean 'churn'?")
  await registry.commit(await churn('churn@prod'))
  expect(await churn('churn@1')).toMatchObject({ isNew: false })
  await registry.commit(await churn('churn@2'), 10)
  const hint = '\n  deploy another version to the group, or undeploy it'
  expect(await failures(store.models.delete('CHURN', 2), store.models.delete('churn', null))).toEqual([
    `MODEL_IN_USE version 2 of model 'churn' is used by group 'scores'${hint}`,
    `MODEL_IN_USE model 'churn' is used by group 'scores'${hint}`,
  ])
  await store.models.add(versionOf('words', { output: { kind: 'varchar' } }), [])
  expect(await failureOf(churn('words'))).toBe(
    "GROUP_INVALID scaling group 'scores' cannot change its types while it is deployed, from (x FLOAT[3]) → FLOAT to (x FLOAT[3]) → VARCHAR\n  deploy it by another name",
  )
})

it('says what is wrong', async () => {
  const { registry, store } = await openGroups()
  expect(await failureOf(registry.inspect('echo'))).toBe(
    "GROUP_UNKNOWN no scaling group 'echo' is deployed: the list of groups is empty",
  )
  await deploy(registry, 1)
  await store.models.add(versionOf('churn'), [])
  await store.models.deploy(deploymentOf('live', 'churn', 1), null)
  const gone = "GROUP_UNKNOWN no scaling group 'ehco' is deployed: did you mean 'echo'?"
  expect(
    await failures(
      registry.inspect('ehco'),
      registry.revisions('ehco'),
      registry.promote('ehco'),
      registry.planRollback('ehco'),
      registry.delete('ehco'),
    ),
  ).toEqual([gone, gone, gone, gone, gone])
  expect(
    await failures(
      registry.planRollback('echo'),
      registry.promote('echo', 50),
      registry.promote('echo', 50, 7),
      registry.promote('echo', 0),
      registry.commit(await registry.plan(echo()), 101),
      registry.plan(echo({ output: 'INTEGER' })),
      registry.plan(echo({ name: 'live' })),
      registry.plan(ScalingGroup({ name: 'empty' })),
    ),
  ).toEqual([
    "GROUP_UNKNOWN scaling group 'echo' has no revision that had all calls before: it has revision 1",
    "GROUP_INVALID revision 1 of scaling group 'echo' has all calls, and there is no other to share them with\n  callplane groups rollback echo goes back to the one before",
    "GROUP_INVALID revision 7 of scaling group 'echo' is not rolled out: its calls go to revision 1",
    "GROUP_INVALID scaling group 'echo' cannot give 0 % of its calls to a revision; it must be a whole number from 1 to 100",
    "GROUP_INVALID scaling group 'echo' cannot give 101 % of its calls to a revision; it must be a whole number from 1 to 100",
    "GROUP_INVALID scaling group 'echo' cannot change its types while it is deployed, from (text VARCHAR) → VARCHAR to (text VARCHAR) → INTEGER\n  deploy it by another name",
    "GROUP_INVALID scaling group 'live' has the name of a group that serves a model: both would be 'model.live'\n  undeploy the model, or choose another name",
    "GROUP_INVALID scaling group 'empty' has nothing to serve: it has no command, functions, model or endpoints, and no function names it\n  name it in a function: defineFunction({ scalingGroup: 'empty', … })",
  ])
})

it('checks a plan again where another process was faster', async () => {
  const { directory, registry } = await openGroups()
  const { registry: other } = await openGroups(directory)
  const [own, others] = await Promise.all([registry.plan(echo()), other.plan(echo({ maxReplicas: 5 }))])
  expect(own.revision).not.toBe(others.revision)
  await other.commit(others)
  expect(await registry.commit(own, 10)).toMatchObject({
    current: { revision: own.revision },
    share: 10,
    previous: { revision: others.revision },
  })
  await other.commit(await other.planRollback('echo'))
  expect(await failureOf(registry.promote('echo', 50, own.revision))).toBe(
    `GROUP_INVALID revision ${own.revision} of scaling group 'echo' is not rolled out: its calls go to revision ${others.revision}`,
  )
  const narrow = await registry.plan(echo({ maxReplicas: 6 }))
  await other.delete('echo')
  await other.commit(await other.plan(echo({ output: 'INTEGER' })))
  expect(await failureOf(registry.commit(narrow))).toContain("scaling group 'echo' cannot change its types")
})
