import { expect, it } from 'vitest'
import { type DeployOptions, ModelRegistry } from '../../catalog/models/modelRegistry.ts'
import { readDeployment } from '../../catalog/models/readDeployment.ts'
import { openStateStore } from '../../catalog/store/libsqlStore.ts'
import { churnGraph, failureOf, inspectJson, openRegistry, tensor } from './registryFolder.ts'

function runtimeOf(options: Omit<DeployOptions, 'group' | 'model'>, cores = 8) {
  return readDeployment({ group: 'live', model: 'churn', ...options }, cores)
}

it('has a default for each option of a deployment', () => {
  expect(runtimeOf({})).toEqual({
    minSessions: 1,
    maxSessions: 8,
    intraOpNumThreads: 1,
    executionProviders: ['cpu'],
    deviceId: 0,
    deviceMemory: null,
    memory: null,
    graphOptimizationLevel: 'all',
    batchSize: 32,
  })
  expect(runtimeOf({ resources: { cpu: 3 } })).toMatchObject({ intraOpNumThreads: 3, maxSessions: 2 })
  expect(runtimeOf({ resources: { cpu: 16 } })).toMatchObject({ minSessions: 1, maxSessions: 1 })
  expect(runtimeOf({ scaling: { minReplicas: 12 } })).toMatchObject({ minSessions: 12, maxSessions: 12 })
  const gpu = { executionProviders: ['cuda', 'cpu'], maxSessions: 1 }
  expect(runtimeOf({ resources: { gpu: 1 } })).toMatchObject({ ...gpu, deviceId: 0 })
  expect(runtimeOf({ resources: { gpu: 1 }, runtime: { deviceId: 2 } })).toMatchObject({
    ...gpu,
    deviceId: 2,
  })
  expect(runtimeOf({ resources: { gpu: 'cuda:3' } })).toMatchObject({ ...gpu, deviceId: 3 })
  expect(runtimeOf({ resources: { gpu: 0 } })).toMatchObject({ executionProviders: ['cpu'] })
  expect(
    runtimeOf({ resources: { memory: '2GB' }, runtime: { deviceMemory: '1.5 GiB', batchSize: 64 } }),
  ).toMatchObject({ memory: 2e9, deviceMemory: 1.5 * 2 ** 30, batchSize: 64 })
})

it('serves versions by group, revision after revision, and rolls back by one more', async () => {
  const { registry, write } = openRegistry()
  const model = write('churn.onnx', churnGraph)
  for (let version = 1; version <= 3; version++) await registry.registerModelVersion({ name: 'churn', model })
  const deploy = async (version: number, batchSize = 32) =>
    registry.commitDeployment(
      await registry.planDeployment({ group: 'live', model: 'churn', version, runtime: { batchSize } }),
    )
  const plan = await registry.planDeployment({ group: 'live', model: 'churn', version: 1 })
  expect(plan).toMatchObject({ group: 'live', current: null, binding: { version: { version: 1 } } })
  expect([await registry.deployments(), await registry.revision()]).toEqual([[], 0])
  expect(await registry.commitDeployment(plan)).toMatchObject({ group: 'live', revision: 1, version: 1 })
  await deploy(2, 64)
  expect(await deploy(3, 128)).toMatchObject({ revision: 3, version: 3, runtime: { batchSize: 128 } })

  const back = await registry.planRollback('LIVE')
  expect(back).toMatchObject({
    group: 'live',
    binding: { version: { version: 2 }, runtime: { batchSize: 64 } },
  })
  expect(await registry.commitDeployment(back)).toMatchObject({ revision: 4, version: 2 })
  const again = await registry.planRollback('live')
  expect(await registry.commitDeployment(again)).toMatchObject({ revision: 5, version: 3 })
  expect((await registry.revisions('live')).map(({ version }) => version)).toEqual([1, 2, 3, 2, 3])
  const [served] = await registry.deployments()
  expect(served?.binding.version).toEqual(await registry.resolve('churn', 3))
  expect(served?.deployment).toMatchObject({ revision: 5 })

  await registry.deleteModel({ name: 'churn', version: 2 })
  expect(await failureOf(registry.planRollback('live'))).toBe(
    "MODEL_UNKNOWN version 2 of model 'churn' was deleted: it has versions 1, 3",
  )
  await registry.undeploy('live')
  expect(await registry.deployments()).toEqual([])
  expect(await deploy(1)).toMatchObject({ revision: 6 })
})

it('lets another model serve a group if its types are the same', async () => {
  const { registry, write } = openRegistry()
  await registry.registerModelVersion({ name: 'churn', model: write('churn.onnx', churnGraph) })
  await registry.registerModelVersion({ name: 'better', model: write('better.onnx', churnGraph) })
  for (const model of ['churn', 'better']) {
    await registry.commitDeployment(await registry.planDeployment({ group: 'live', model }))
  }
  expect(await registry.deployments()).toMatchObject([{ deployment: { model: 'better', revision: 2 } }])
  expect((await registry.show('better')).deployments).toMatchObject([{ group: 'live' }])
  expect((await registry.show('churn')).deployments).toEqual([])
})

it('checks a plan again where another process was faster', async () => {
  const { directory, registry, write } = openRegistry()
  await registry.registerModelVersion({ name: 'churn', model: write('churn.onnx', churnGraph) })
  const wide = write('wide.onnx', { ...churnGraph, inputs: [tensor('x', ['N', 4])] })
  await registry.registerModelVersion({ name: 'wide', model: wide })
  const store = await openStateStore(`${directory}/state.db`)
  const other = new ModelRegistry({ directory, store: async () => store.models, inspect: inspectJson })

  const churn = await registry.planDeployment({ group: 'live', model: 'churn' })
  const alsoChurn = await registry.planDeployment({ group: 'live', model: 'churn' })
  const narrow = await registry.planDeployment({ group: 'wide', model: 'churn' })
  await other.commitDeployment(await other.planDeployment({ group: 'wide', model: 'wide' }))
  expect(await registry.commitDeployment(churn)).toMatchObject({ revision: 1 })
  expect(await registry.commitDeployment(alsoChurn)).toMatchObject({ revision: 2 })
  expect(await failureOf(registry.commitDeployment(narrow))).toContain("group 'wide' cannot change its types")

  const gone = await registry.planDeployment({ group: 'gone', model: 'churn' })
  await other.undeploy('live')
  await other.deleteModel({ name: 'churn' })
  expect(await failureOf(registry.commitDeployment(gone))).toBe(
    "MODEL_UNKNOWN unknown model 'churn': the registry has wide",
  )
  await store.close()
})
