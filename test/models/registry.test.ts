import { createHash } from 'node:crypto'
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Float32 } from 'apache-arrow'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { verifyArtifact, verifyVersion } from '../../catalog/models/artifacts.ts'
import { textEmbedding } from '../../catalog/models/textModels.ts'
import { EngineError } from '../../src/base/errors.ts'
import { newFolder } from '../store/processes.ts'
import { churnGraph, failureOf, openRegistry, tensor } from './registryFolder.ts'

/** Names of the folders with files of versions. */
function keptFolders(directory: string): readonly string[] {
  const artifacts = join(directory, 'models', 'artifacts')
  return existsSync(artifacts) ? readdirSync(artifacts).toSorted() : []
}

it('keeps a version with a copy of its file and the types of its graph', async () => {
  const { directory, registry, write } = openRegistry()
  const path = write('in/churn.onnx', churnGraph)
  const version = await registry.registerModelVersion({
    name: 'churn',
    model: 'in/churn.onnx',
    metadata: { accuracy: 0.93, tags: ['a'] },
    aliases: ['prod', 'latest'],
  })
  rmSync(path)
  expect(version).toMatchObject({
    name: 'churn',
    version: 1,
    created: 1_700_000_000_000,
    artifacts: {},
    inputs: [{ name: 'x', type: { kind: 'array', item: { kind: 'float' }, size: 3 } }],
    output: { kind: 'float' },
    graph: churnGraph,
    pipeline: { kind: 'tensors', preprocess: null, postprocess: null },
    metadata: { accuracy: 0.93, tags: ['a'] },
  })
  const [folder = ''] = keptFolders(directory)
  expect(folder).toMatch(/^[0-9a-f]{64}$/)
  expect(version.model.path).toBe(join(directory, 'models', 'artifacts', folder, 'churn.onnx'))
  expect(readFileSync(version.model.path, 'utf8')).toBe(JSON.stringify(churnGraph))
  expect(version.model.bytes).toBe(statSync(version.model.path).size)
  await verifyVersion(version)
  expect(await registry.resolve('churn')).toEqual(version)
  expect(await registry.show('Churn')).toEqual({
    name: 'churn',
    versions: [version],
    aliases: [
      { alias: 'latest', version: 1 },
      { alias: 'prod', version: 1 },
    ],
    deployments: [],
  })
})

it('stores the same files once, and removes them with the last version that has them', async () => {
  const { directory, registry, write } = openRegistry()
  const model = write('churn.onnx', churnGraph)
  await registry.registerModelVersion({ name: 'churn', model })
  await registry.registerModelVersion({ name: 'churn', model })
  await registry.registerModelVersion({ name: 'other', model: write('sub/churn.onnx', churnGraph) })
  expect(keptFolders(directory)).toHaveLength(1)
  write('churn.onnx', { ...churnGraph, outputs: [tensor('z', ['N'])] })
  await registry.registerModelVersion({ name: 'churn', model })
  expect(keptFolders(directory)).toHaveLength(2)
  await registry.deleteModel({ name: 'churn', version: 3 })
  await registry.deleteModel({ name: 'other' })
  expect(keptFolders(directory)).toHaveLength(1)
  await verifyVersion(await registry.resolve('churn', 1))
  await registry.deleteModel({ name: 'churn' })
  expect(keptFolders(directory)).toEqual([])
  expect(await registry.list()).toEqual([])
})

it('keeps files with weights where the graph names them', async () => {
  const { registry, write } = openRegistry()
  write('in/churn.onnx', churnGraph)
  write('in/churn.onnx.data', 'beside')
  write('in/weights/second.bin', 'below')
  write('elsewhere/third.bin', 'elsewhere')
  const version = await registry.registerModelVersion({
    name: 'churn',
    model: 'in/churn.onnx',
    files: ['in/weights/second.bin', 'elsewhere/third.bin', 'in/churn.onnx.data'],
  })
  const folder = version.model.path.slice(0, -'/churn.onnx'.length)
  expect(Object.entries(version.artifacts).map(([role, { path }]) => [role, path])).toEqual([
    ['weights/second.bin', join(folder, 'weights', 'second.bin')],
    ['third.bin', join(folder, 'third.bin')],
    ['churn.onnx.data', join(folder, 'churn.onnx.data')],
  ])
  await verifyVersion(version)
})

it('says that a file with weights must be named', async () => {
  const folder = openRegistry({
    async inspect(path) {
      if (existsSync(join(path, '..', 'weights.bin'))) return churnGraph
      throw new EngineError('MODEL_INVALID', `${path} needs weights.bin`)
    },
  })
  const { directory, registry, write } = folder
  write('weights.bin', 'w')
  const model = write('churn.onnx', churnGraph)
  expect(await failureOf(registry.registerModelVersion({ name: 'churn', model }))).toBe(
    "MODEL_INVALID model 'churn' loads where it is, but not without the other files there\n  name them: files: ['weights.bin']",
  )
  expect([keptFolders(directory), await registry.list()]).toEqual([[], []])
  await registry.registerModelVersion({ name: 'churn', model, files: ['weights.bin'] })
})

it('takes schemas as zod, Arrow and words, in an order of their own', async () => {
  const { registry, write } = openRegistry()
  const model = write('two.onnx', {
    inputs: [tensor('age', ['N']), tensor('plan', ['N', 1], 'string'), tensor('days', ['N', 7])],
    outputs: [tensor('label', ['N'], 'int64'), tensor('scores', ['N', 2])],
  })
  const version = await registry.registerModelVersion({
    name: 'two',
    model,
    inputSchema: { Plan: z.string(), age: new Float32(), days: 'FLOAT[]' },
    outputSchema: 'STRUCT(scores FLOAT[2], label BIGINT)',
  })
  expect(version.inputs.map(({ name, type }) => [name, type.kind])).toEqual([
    ['Plan', 'varchar'],
    ['age', 'float'],
    ['days', 'list'],
  ])
  expect(version.output).toMatchObject({ kind: 'struct', fields: [{ name: 'scores' }, { name: 'label' }] })
})

it('takes functions that make tensors and values, and leaves their side of the schemas to them', async () => {
  const { directory, registry, write } = openRegistry()
  const model = write('odd.onnx', {
    inputs: [tensor('image', [3, 'N'])],
    outputs: [tensor('boxes', [])],
  })
  write('fit.ts', 'export function preprocess(): void {}\nexport function boxes(): void {}\n')
  const version = await registry.registerModelVersion({
    name: 'odd',
    model,
    inputSchema: { bytes: 'BLOB' },
    outputSchema: 'VARCHAR',
    preprocess: 'fit.ts',
    postprocess: { module: pathToFileURL(join(directory, 'fit.ts')).href, export: 'boxes' },
  })
  const { href: url } = pathToFileURL(join(directory, 'fit.ts'))
  expect(version.pipeline).toEqual({
    kind: 'tensors',
    preprocess: { url, exportName: 'preprocess' },
    postprocess: { url, exportName: 'boxes' },
  })
})

it('keeps text models with the files of their tokenizer', async () => {
  const { directory, registry, write } = openRegistry()
  write('minilm/model.onnx', {
    inputs: ['input_ids', 'attention_mask'].map((name) => tensor(name, ['N', 'tokens'], 'int64')),
    outputs: [tensor('hidden', ['N', 'tokens', 384])],
  })
  write('minilm/tokenizer.json', '{}')
  write('minilm/tokenizer_config.json', '{}')
  const text = textEmbedding({
    model: 'minilm/model.onnx',
    tokenizer: 'minilm/tokenizer.json',
    prefix: 'q: ',
  })
  const version = await registry.registerModelVersion({ name: 'minilm', model: text })
  expect(version).toMatchObject({
    inputs: [{ name: 'text', type: { kind: 'varchar' } }],
    output: { kind: 'array', item: { kind: 'float' }, size: 384 },
    pipeline: { kind: 'textEmbedding', pooling: 'mean', prefix: 'q: ' },
  })
  expect(Object.keys(version.artifacts)).toEqual(['tokenizer', 'tokenizerConfig'])
  expect(version.artifacts['tokenizer']?.path).toMatch(/\/tokenizer\.json$/)

  expect(
    await failureOf(
      registry.registerModelVersion({
        name: 'minilm',
        model: text,
        inputSchema: { a: 'VARCHAR', b: 'INTEGER' },
      }),
    ),
  ).toBe(
    "MODEL_INVALID model 'minilm' is a text model, which takes one VARCHAR, but its inputSchema is (a VARCHAR, b INTEGER)",
  )
  expect(
    await failureOf(registry.registerModelVersion({ name: 'minilm', model: text, outputSchema: 'FLOAT[3]' })),
  ).toBe("MODEL_INVALID model 'minilm' gives FLOAT[384], but its outputSchema is FLOAT[3]")
  write('fit.ts', 'export function preprocess() {}')
  expect(
    await failureOf(registry.registerModelVersion({ name: 'minilm', model: text, preprocess: 'fit.ts' })),
  ).toBe("CONFIG_INVALID model 'minilm' has a preprocess, which text models do not take")
  expect(keptFolders(directory)).toHaveLength(1)
})

it('finds versions by number and alias, and suggests others', async () => {
  const { registry, write } = openRegistry()
  const model = write('churn.onnx', churnGraph)
  for (const aliases of [[], ['prod'], [], [], [], [], []]) {
    await registry.registerModelVersion({ name: 'churn', model, aliases })
  }
  await registry.promote({ name: 'churn', version: 'prod', alias: 'beta-1' })
  expect(await registry.promote({ name: 'churn', version: 3, alias: 'prod' })).toMatchObject({ version: 3 })
  await registry.deleteModel({ name: 'churn', version: 7 })
  const numbers = await Promise.all(
    [undefined, 'latest', 'LATEST', 'prod', 'beta-1', '4', 5].map((asked) =>
      registry.resolve('churn', asked),
    ),
  )
  expect(numbers.map(({ version }) => version)).toEqual([6, 6, 6, 3, 2, 4, 5])
  expect(await failureOf(registry.resolve('chrun'))).toBe(
    "MODEL_UNKNOWN unknown model 'chrun': did you mean 'churn'?",
  )
  expect(await failureOf(registry.resolve('churn', 9))).toBe(
    "MODEL_UNKNOWN model 'churn' has no version 9: it has versions 2, 3, 4, 5, 6 and 1 before",
  )
  expect(await failureOf(registry.resolve('churn', '7'))).toBe(
    "MODEL_UNKNOWN version 7 of model 'churn' was deleted: it has versions 2, 3, 4, 5, 6 and 1 before",
  )
  expect(await failureOf(registry.resolve('churn', 'prd'))).toBe(
    "MODEL_UNKNOWN model 'churn' has no alias 'prd': did you mean 'prod'?",
  )
  expect(await failureOf(registry.resolve('churn', 'constructor'))).toBe(
    "MODEL_UNKNOWN model 'churn' has no alias 'constructor': it has latest, beta-1, prod",
  )
  expect(await failureOf(registry.promote({ name: 'churn', version: 9, alias: 'prod' }))).toContain(
    'has no version 9',
  )
  expect(await failureOf(registry.deleteModel({ name: 'churn', version: 3 }))).toBe(
    "MODEL_IN_USE version 3 of model 'churn' is used by alias 'prod'\n  promote another version to the alias",
  )
  await registry.deleteModel({ name: 'churn' })
  expect(await failureOf(registry.show('churn'))).toBe(
    "MODEL_UNKNOWN unknown model 'churn': the registry is empty",
  )
  expect(await registry.registerModelVersion({ name: 'churn', model })).toMatchObject({ version: 8 })
})

it('finds that a file has changed, and registering it again restores it', async () => {
  const { directory, registry, write } = openRegistry()
  const model = write('churn.onnx', churnGraph)
  const version = await registry.registerModelVersion({ name: 'churn', model })
  const { path, digest } = version.model
  const hint = '\n  register the same files again to restore it'
  writeFileSync(path, 'changed')
  const found = createHash('sha256').update('changed').digest('hex')
  expect(await failureOf(verifyVersion(version))).toBe(
    `MODEL_CHANGED ${path}, a file of a model, has changed: its SHA-256 was ${digest} and is ${found}${hint}`,
  )
  await registry.registerModelVersion({ name: 'churn', model })
  await verifyVersion(version)
  rmSync(path)
  expect(await failureOf(verifyArtifact(version.model))).toBe(
    `MODEL_CHANGED ${path}, a file of a model, is missing; its SHA-256 was ${digest}${hint}`,
  )
  await Promise.all([1, 2, 3].map(() => registry.registerModelVersion({ name: 'churn', model })))
  await verifyVersion(version)
  expect(keptFolders(directory)).toHaveLength(1)
})

it('finds its files where the directory of state was moved to', async () => {
  const before = openRegistry()
  const model = before.write('churn.onnx', churnGraph)
  await before.registry.registerModelVersion({ name: 'churn', model })
  const directory = newFolder()
  cpSync(before.directory, directory, { recursive: true })
  rmSync(join(before.directory, 'models'), { recursive: true })
  const after = openRegistry({}, directory)
  const version = await after.registry.resolve('churn')
  expect(version.model.path.startsWith(directory)).toBe(true)
  await verifyVersion(version)
})
