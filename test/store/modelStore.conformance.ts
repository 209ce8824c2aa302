import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ModelDeployment, ModelRuntime } from '../../catalog/models/model.ts'
import type { ModelStore, NewModelVersion } from '../../catalog/store/modelStore.ts'

export interface OpenedModels {
  readonly models: ModelStore
  /** The same store as another process sees it; the same object where no other process can. */
  readonly others: ModelStore
  close(): Promise<void>
}

const NOW = 1_700_000_000_000

const runtime: ModelRuntime = {
  minSessions: 1,
  maxSessions: 2,
  intraOpNumThreads: 1,
  executionProviders: ['cpu'],
  deviceId: 0,
  deviceMemory: null,
  graphOptimizationLevel: 'all',
  batchSize: 32,
}

export function versionOf(name: string, changes: Partial<NewModelVersion> = {}): NewModelVersion {
  return {
    name,
    folder: 'folder',
    created: NOW,
    model: { path: 'folder/model.onnx', digest: 'ab'.repeat(32), bytes: 12 },
    artifacts: { 'model.onnx.data': { path: 'folder/model.onnx.data', digest: 'cd'.repeat(32), bytes: 34 } },
    inputs: [{ name: 'x', type: { kind: 'array', item: { kind: 'float' }, size: 3 } }],
    output: { kind: 'float' },
    graph: {
      inputs: [{ name: 'x', type: 'float32', shape: ['N', 3] }],
      outputs: [{ name: 'y', type: 'float32', shape: ['N'] }],
    },
    pipeline: { kind: 'tensors', preprocess: null, postprocess: null },
    metadata: { note: 'ü \0 \u{1f600}', nested: [1, null] },
    ...changes,
  }
}

export function deploymentOf(
  group: string,
  model: string,
  version: number,
): Omit<ModelDeployment, 'revision'> {
  return { group, model, version, runtime, created: NOW }
}

/** The contract of `ModelStore`: every store passes it. */
export function describeModelStore(name: string, open: () => Promise<OpenedModels>): void {
  describe(`the models of the ${name} store`, () => {
    describeVersions(open)
  })
  describe(`the deployments of the ${name} store`, () => {
    describeDeployments(open)
  })
  describe(`the folders of models of the ${name} store`, () => {
    describeFolders(open)
  })
}

function describeVersions(open: () => Promise<OpenedModels>): void {
  let opened: OpenedModels
  beforeAll(async () => {
    opened = await open()
  })
  afterAll(async () => opened.close())

  it('keeps versions as they are given, and numbers them', async () => {
    const { models, others } = opened
    const { folder, ...content } = versionOf('churn')
    expect(folder).toBe('folder')
    expect(await models.get('churn')).toBeNull()
    expect(await models.add(versionOf('churn'), [])).toEqual({ ...content, version: 1 })
    expect(await others.add(versionOf('churn', { created: NOW + 1 }), ['prod'])).toMatchObject({ version: 2 })
    expect(await others.get('churn')).toEqual({
      name: 'churn',
      versions: [
        { ...content, version: 1 },
        { ...content, version: 2, created: NOW + 1 },
      ],
      aliases: [{ alias: 'prod', version: 2 }],
      deployments: [],
      lastVersion: 2,
    })
  })

  it('takes a name in any letter case for the same', async () => {
    const { models, others } = opened
    await models.add(versionOf('Cased'), ['Prod'])
    expect(await others.add(versionOf('cASED'), [])).toMatchObject({ name: 'Cased', version: 2 })
    await others.promote('CASED', 'PROD', 2)
    expect(await models.get('cased')).toMatchObject({
      name: 'Cased',
      aliases: [{ alias: 'Prod', version: 2 }],
    })
  })

  it('gives different numbers to those who ask at once', async () => {
    const { models, others } = opened
    const added = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        (index % 2 ? models : others).add(versionOf('busy'), ['last']),
      ),
    )
    const numbers = added.map(({ version }) => version).toSorted((a, b) => a - b)
    expect(numbers).toEqual(Array.from({ length: 40 }, (_, index) => index + 1))
    expect((await models.get('busy'))?.aliases).toEqual([{ alias: 'last', version: 40 }])
  })

  it('never gives a number twice', async () => {
    const { models, others } = opened
    for (let version = 1; version <= 3; version++) await models.add(versionOf('reused'), [])
    await others.delete('reused', 3)
    expect(await models.add(versionOf('reused'), ['prod'])).toMatchObject({ version: 4 })
    await others.delete('reused', null)
    expect(await models.get('reused')).toMatchObject({ versions: [], aliases: [], lastVersion: 4 })
    expect(await models.add(versionOf('reused'), [])).toMatchObject({ version: 5 })
    expect((await models.get('reused'))?.aliases).toEqual([])
  })

  it('moves an alias only to a version that is there', async () => {
    const { models, others } = opened
    await models.add(versionOf('moved'), ['prod'])
    await models.add(versionOf('moved'), [])
    await others.promote('moved', 'prod', 2)
    await expect(models.promote('moved', 'prod', 3)).rejects.toMatchObject({
      code: 'MODEL_UNKNOWN',
      message: "model 'moved' has no version 3: it has versions 1, 2",
    })
    await expect(models.promote('mooved', 'prod', 1)).rejects.toMatchObject({
      code: 'MODEL_UNKNOWN',
      message: "unknown model 'mooved': did you mean 'moved'?",
    })
    expect((await models.get('moved'))?.aliases).toEqual([{ alias: 'prod', version: 2 }])
  })

  it('keeps a version that is in use', async () => {
    const { models, others } = opened
    for (let version = 1; version <= 3; version++) await models.add(versionOf('used'), [])
    await models.promote('used', 'prod', 1)
    await models.promote('used', 'beta', 1)
    await models.deploy(deploymentOf('used_live', 'used', 1), null)
    await models.deploy(deploymentOf('used_live', 'used', 2), 1)
    await expect(others.delete('used', 1)).rejects.toMatchObject({
      code: 'MODEL_IN_USE',
      message:
        "version 1 of model 'used' is used by alias 'beta', alias 'prod'\n  promote another version to the alias",
    })
    await models.promote('used', 'prod', 2)
    await expect(others.delete('used', 2)).rejects.toMatchObject({
      message:
        "version 2 of model 'used' is used by alias 'prod', group 'used_live'\n  promote another version to the alias; deploy another version to the group, or undeploy it",
    })
    await expect(others.delete('used', null)).rejects.toMatchObject({
      code: 'MODEL_IN_USE',
      message:
        "model 'used' is used by group 'used_live'\n  deploy another version to the group, or undeploy it",
    })
    await others.delete('used', 3)
    await expect(others.delete('used', 3)).rejects.toMatchObject({
      code: 'MODEL_UNKNOWN',
      message: "version 3 of model 'used' was deleted: it has versions 1, 2",
    })
    await models.undeploy('used_live')
    await others.delete('used', null)
    await expect(others.delete('used', null)).rejects.toMatchObject({ code: 'MODEL_UNKNOWN' })
  })

  it('lists models that have versions, by name', async () => {
    const { models, others } = opened
    await models.add(versionOf('zeta'), [])
    await models.add(versionOf('alpha'), [])
    await models.add(versionOf('gone'), [])
    await models.delete('gone', 1)
    const names = (await others.list()).map(({ name }) => name)
    expect(names).toEqual(['alpha', 'busy', 'Cased', 'churn', 'moved', 'reused', 'zeta'])
  })
}

function describeDeployments(open: () => Promise<OpenedModels>): void {
  let opened: OpenedModels
  beforeAll(async () => {
    opened = await open()
    for (let version = 1; version <= 3; version++) await opened.models.add(versionOf('churn'), [])
  })
  afterAll(async () => opened.close())

  it('numbers revisions, and tells that something changed', async () => {
    const { models, others } = opened
    expect([await models.revision(), await models.deployments()]).toEqual([0, []])
    const first = { ...deploymentOf('live', 'churn', 1), revision: 1 }
    expect(await models.deploy(deploymentOf('live', 'churn', 1), null)).toEqual(first)
    const changed = await others.revision()
    expect(changed).toBeGreaterThan(0)
    const second = await others.deploy(deploymentOf('LIVE', 'Churn', 3), 1)
    expect(second).toEqual({ ...deploymentOf('live', 'churn', 3), revision: 2 })
    expect(await models.revision()).toBeGreaterThan(changed)
    expect(await models.revisions('Live')).toEqual([first, second])
    const { folder, ...version } = versionOf('churn')
    expect(folder).toBe('folder')
    expect(await models.deployments()).toEqual([{ deployment: second, version: { ...version, version: 3 } }])
    expect((await models.get('churn'))?.deployments).toEqual([second])
  })

  it('deploys only over the revision that was meant', async () => {
    const { models, others } = opened
    const before = await models.revision()
    expect(await models.deploy(deploymentOf('live', 'churn', 2), null)).toBeNull()
    expect(await others.deploy(deploymentOf('live', 'churn', 2), 1)).toBeNull()
    expect(await others.deploy(deploymentOf('other', 'churn', 2), 1)).toBeNull()
    expect(await models.revision()).toBe(before)
    const deployed = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        (index % 2 ? models : others).deploy(deploymentOf('raced', 'churn', 1), null),
      ),
    )
    expect(deployed.filter((deployment) => deployment !== null)).toHaveLength(1)
  })

  it('refuses versions that are not there', async () => {
    const { models, others } = opened
    const before = await models.revision()
    await expect(models.deploy(deploymentOf('live', 'churn', 4), 2)).rejects.toMatchObject({
      code: 'MODEL_UNKNOWN',
      message: "model 'churn' has no version 4: it has versions 1, 2, 3",
    })
    await expect(others.deploy(deploymentOf('live', 'chrun', 1), 2)).rejects.toMatchObject({
      message: "unknown model 'chrun': did you mean 'churn'?",
    })
    expect(await models.revision()).toBe(before)
  })

  it('ends a group, whose revisions never get the same numbers again', async () => {
    const { models, others } = opened
    await models.undeploy('raced')
    const before = await models.revision()
    await others.undeploy('lIVE')
    expect(await models.revision()).toBeGreaterThan(before)
    expect([await models.revisions('live'), await models.deployments()]).toEqual([[], []])
    await expect(models.undeploy('live')).rejects.toMatchObject({
      code: 'MODEL_UNKNOWN',
      message: "no version is deployed to a group 'live': the list of groups is empty",
    })
    expect(await models.deploy(deploymentOf('live', 'churn', 1), null)).toMatchObject({ revision: 3 })
    await expect(models.undeploy('life')).rejects.toMatchObject({
      message: "no version is deployed to a group 'life': did you mean 'live'?",
    })
  })
}

async function sweep(store: ModelStore): Promise<string[]> {
  const removed: string[] = []
  await store.sweep(['a', 'b', 'c'], (folder) => removed.push(folder))
  return removed
}

function describeFolders(open: () => Promise<OpenedModels>): void {
  let opened: OpenedModels
  beforeAll(async () => {
    opened = await open()
  })
  afterAll(async () => opened.close())

  it('removes folders that neither a version nor a process needs', async () => {
    const { models, others } = opened
    await models.add(versionOf('one', { folder: 'a' }), [])
    await models.add(versionOf('two', { folder: 'a' }), [])
    await models.hold('b', 'first')
    await models.hold('c', 'first')
    await others.hold('b', 'second')
    expect(await sweep(others)).toEqual([])
    await models.release('first')
    await models.release('first')
    expect(await sweep(others)).toEqual(['c'])
    await others.release('second')
    await models.delete('one', 1)
    expect(await sweep(models)).toEqual(['b', 'c'])
    await models.delete('two', null)
    expect(await sweep(models)).toEqual(['a', 'b', 'c'])
  })

  it('fails as the removal does', async () => {
    const failed = opened.models.sweep(['a'], () => {
      throw new Error('no')
    })
    await expect(failed).rejects.toMatchObject({ code: 'STORE_FAILED' })
  })
}
