import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { DeployOptions, RegisterModelOptions } from '../../catalog/models/modelRegistry.ts'
import { churnGraph, failureOf, openRegistry, tensor } from './registryFolder.ts'

const circle: Record<string, unknown> = {}
circle['self'] = circle

const registrations: readonly (readonly [object, string])[] = [
  [
    { name: undefined },
    "NAME_INVALID the name of a model must be a string, got undefined\n  use letters, digits and '_', starting with a letter",
  ],
  [
    { name: 'a b' },
    "NAME_INVALID the name of a model cannot be 'a b'\n  use letters, digits and '_', starting with a letter",
  ],
  [
    { name: 'model.churn' },
    "NAME_INVALID the name of a model cannot be 'model.churn'\n  use letters, digits and '_', starting with a letter",
  ],
  [
    { name: 'select' },
    "NAME_INVALID function name 'model.select' is reserved: 'select' is a keyword of SQL\n  choose another, such as 'model.select_value'",
  ],
  [
    { inputs: {} },
    "CONFIG_INVALID model 'churn' has an unknown option 'inputs': a model has name, model, inputSchema, outputSchema, preprocess and 4 more",
  ],
  [
    { model: 3 },
    "CONFIG_INVALID model 'churn' has model 3; it must be the path of an ONNX file, textEmbedding({ … }) or textClassification({ … })",
  ],
  [{ model: 'chrun.onnx' }, "IO_FAILED model 'churn': there is no file DIRECTORY/chrun.onnx"],
  [{ model: 'folder' }, "IO_FAILED model 'churn': DIRECTORY/folder is no file"],
  [{ model: 'notes.txt' }, "MODEL_INVALID 'DIRECTORY/notes.txt' is no ONNX model"],
  [{ files: ['weights.bin'] }, "IO_FAILED model 'churn': there is no file DIRECTORY/weights.bin"],
  [{ files: ['folder/churn.onnx'] }, "IO_FAILED model 'churn': there is no file DIRECTORY/folder/churn.onnx"],
  [
    { model: 'twin/churn.onnx', files: ['churn.onnx'] },
    "CONFIG_INVALID model 'churn' has two files named 'churn.onnx', which are kept in one folder\n  rename one of them",
  ],
  [
    { files: 'weights.bin' },
    "CONFIG_INVALID model 'churn' has files 'weights.bin'; it must be a list of paths",
  ],
  [{ files: [''] }, "CONFIG_INVALID model 'churn' has files[0] ''; it must be a text"],
  [
    { aliases: ['1st'] },
    "NAME_INVALID the name of an alias cannot be '1st'\n  use letters, digits, '_' and '-', starting with a letter; at most 128",
  ],
  [
    { aliases: 'prod' },
    "CONFIG_INVALID model 'churn' has aliases 'prod'; it must be a list of aliases, such as ['prod']",
  ],
  [{ metadata: [1] }, "CONFIG_INVALID model 'churn' has metadata a list; it must be an object of JSON"],
  [{ metadata: circle }, "CONFIG_INVALID model 'churn' has metadata an object; it must be an object of JSON"],
  [
    { metadata: { rows: 1n } },
    "CONFIG_INVALID model 'churn' has metadata an object; it must be an object of JSON",
  ],
  [
    { inputSchema: 'FLOAT' },
    "CONFIG_INVALID model 'churn' has inputSchema 'FLOAT'; it must be an object of arguments and types: { age: 'FLOAT', plan: z.string() }",
  ],
  [
    { inputSchema: { x: 'FLOOT' } },
    "DEFINITION_INVALID model 'churn': argument 'x': cannot read the type 'FLOOT': 'FLOOT' is no type of DuckDB at position 1\n  did you mean 'FLOAT'?",
  ],
  [
    { inputSchema: { x: 'FLOAT', X: 'FLOAT' } },
    "DEFINITION_INVALID model 'churn': 'X' is twice in its inputSchema, as SQL sees it",
  ],
  [
    { inputSchema: { x: 'VARCHAR' } },
    "MODEL_INVALID input 'x' of the model, float32[N, 3], takes FLOAT[3], but its schema says VARCHAR",
  ],
  [
    { inputSchema: { y: 'FLOAT[3]' } },
    "MODEL_INVALID input 'x' of the model is not in its input schema\n  the model takes 'x' float32[N, 3]",
  ],
  [
    { outputSchema: 'BIGINT' },
    "MODEL_INVALID output 'y' of the model, float32[N, 1], gives FLOAT, but its schema says BIGINT",
  ],
  [
    { outputSchema: 3 },
    "DEFINITION_INVALID model 'churn': its outputSchema is a number, which is no type\n  use a schema of zod 4, a type of apache-arrow, or DuckDB's words, such as 'BIGINT' or 'VARCHAR[]'",
  ],
  [{ preprocess: 3 }, "CONFIG_INVALID model 'churn' has preprocess 3; it must be a text"],
  [
    { preprocess: { path: 'a' } },
    "CONFIG_INVALID model 'churn' has an unknown option 'preprocess.path': preprocess has module, export",
  ],
  [{ preprocess: 'none.ts' }, "IO_FAILED model 'churn': its preprocess: there is no file DIRECTORY/none.ts"],
  [
    { preprocess: 'fit.ts', inputSchema: { a: 'FLOAT' } },
    "MODULE_LOAD_FAILED model 'churn': DIRECTORY/fit.ts, its preprocess, exports no function 'preprocess': did you mean 'preproces'?",
  ],
  [
    { preprocess: { module: 'fit.ts', export: 'preproces' } },
    "MODEL_INVALID model 'churn' has a preprocess and no inputSchema\n  give inputSchema: what a preprocess takes is not in the model",
  ],
  [
    { postprocess: { module: 'fit.ts', export: 'preproces' } },
    "MODEL_INVALID model 'churn' has a postprocess and no outputSchema\n  give outputSchema: what a postprocess gives is not in the model",
  ],
]

it('says what is wrong with a registration, of which nothing is kept', async () => {
  const { directory, registry, write } = openRegistry()
  mkdirSync(join(directory, 'folder'))
  write('churn.onnx', churnGraph)
  write('twin/churn.onnx', churnGraph)
  write('notes.txt', 'no graph')
  write('fit.ts', 'export function preproces() {}\nexport const other = 1\n')
  for (const [options, expected] of registrations) {
    const given: RegisterModelOptions = { name: 'churn', model: 'churn.onnx', ...options }
    const failure = await failureOf(registry.registerModelVersion(given))
    expect(failure.replaceAll(directory, 'DIRECTORY')).toBe(expected)
  }
  expect(await registry.list()).toEqual([])
  const artifacts = join(directory, 'models', 'artifacts')
  expect(existsSync(artifacts) ? readdirSync(artifacts) : []).toEqual([])
  expect(await registry.registerModelVersion({ name: 'churn', model: 'churn.onnx' })).toMatchObject({
    version: 1,
  })
})

const deployments: readonly (readonly [object, string])[] = [
  [
    { group: 'a.b' },
    "NAME_INVALID the name of a group cannot be 'a.b'\n  use letters, digits and '_', starting with a letter",
  ],
  [{ model: 'chrun' }, "MODEL_UNKNOWN unknown model 'chrun': did you mean 'churn'?"],
  [{ version: 'prod' }, "MODEL_UNKNOWN model 'churn' has no alias 'prod': it has latest"],
  [
    { scale: 1 },
    "CONFIG_INVALID the deployment of group 'live' has an unknown option 'scale': a deployment has group, model, version, scaling, resources and 1 more",
  ],
  [{ scaling: 3 }, "CONFIG_INVALID the deployment of group 'live' has scaling 3; it must be an object"],
  [
    { scaling: { min: 1 } },
    "CONFIG_INVALID the deployment of group 'live' has an unknown option 'scaling.min': scaling has minReplicas, maxReplicas",
  ],
  [
    { scaling: { minReplicas: 0 } },
    "CONFIG_INVALID the deployment of group 'live' has scaling.minReplicas 0; it must be a whole number above 0",
  ],
  [
    { scaling: { minReplicas: 4, maxReplicas: 2 } },
    "CONFIG_INVALID the deployment of group 'live' has scaling.maxReplicas 2; it must be at least minReplicas, 4",
  ],
  [
    { resources: { cpu: 1.5 } },
    "CONFIG_INVALID the deployment of group 'live' has resources.cpu 1.5; it must be a whole number above 0",
  ],
  [
    { resources: { memory: '2 cows' } },
    "CONFIG_INVALID the deployment of group 'live' has resources.memory '2 cows'; it must be a size such as '1GB' or '512MiB', or a number of bytes",
  ],
  [
    { resources: { gpu: 2 } },
    "CONFIG_INVALID the deployment of group 'live' has resources.gpu 2; it must be 0, 1 or the id of a GPU, such as 'cuda:1'\n  a session runs on one GPU",
  ],
  [
    { resources: { gpu: 'cuda:1' }, runtime: { deviceId: 2 } },
    "CONFIG_INVALID the deployment of group 'live' has runtime.deviceId 2; it must be 1, as resources.gpu says",
  ],
  [
    { resources: { gpu: 1 }, runtime: { executionProviders: ['cpu'] } },
    "CONFIG_INVALID the deployment of group 'live' has runtime.executionProviders without 'cuda', but its resources.gpu asks for a GPU",
  ],
  [
    { runtime: { executionProviders: ['tpu'] } },
    "CONFIG_INVALID the deployment of group 'live' has runtime.executionProviders[0] 'tpu'; it must be 'cuda' or 'cpu'",
  ],
  [
    { runtime: { executionProviders: [] } },
    "CONFIG_INVALID the deployment of group 'live' has an empty runtime.executionProviders",
  ],
  [
    { runtime: { executionProviders: ['cpu', 'cpu'] } },
    "CONFIG_INVALID the deployment of group 'live' has runtime.executionProviders with one twice",
  ],
  [
    { runtime: { deviceMemory: -1 } },
    "CONFIG_INVALID the deployment of group 'live' has runtime.deviceMemory -1; it must be a size such as '1GB' or '512MiB', or a number of bytes",
  ],
  [
    { runtime: { graphOptimizationLevel: 'most' } },
    "CONFIG_INVALID the deployment of group 'live' has runtime.graphOptimizationLevel 'most'; it must be 'disabled' or 'basic' or 'extended' or 'all'",
  ],
  [
    { runtime: { batchSize: 0 } },
    "CONFIG_INVALID the deployment of group 'live' has runtime.batchSize 0; it must be a whole number above 0",
  ],
]

it('says what is wrong with a deployment, which changes nothing', async () => {
  const { registry, write } = openRegistry()
  await registry.registerModelVersion({ name: 'churn', model: write('churn.onnx', churnGraph) })
  for (const [options, expected] of deployments) {
    const given: DeployOptions = { group: 'live', model: 'churn', ...options }
    expect(await failureOf(registry.planDeployment(given))).toBe(expected)
  }
  expect([await registry.deployments(), await registry.revision()]).toEqual([[], 0])
})

it('refuses what nobody has, and a version of other types for a group that serves', async () => {
  const { registry, write } = openRegistry()
  await registry.registerModelVersion({ name: 'churn', model: write('churn.onnx', churnGraph) })
  const wide = { ...churnGraph, inputs: [tensor('x', ['N', 4])] }
  await registry.registerModelVersion({ name: 'churn', model: write('wide.onnx', wide) })
  await registry.commitDeployment(
    await registry.planDeployment({ group: 'live', model: 'churn', version: 1 }),
  )
  expect(await failureOf(registry.planDeployment({ group: 'live', model: 'churn' }))).toBe(
    "MODEL_INVALID group 'live' cannot change its types while it serves: version 1 of model 'churn' is (x FLOAT[3]) → FLOAT, and version 2 of model 'churn' is (x FLOAT[4]) → FLOAT\n  deploy it to another group",
  )
  expect(await failureOf(registry.planRollback('live'))).toBe(
    "MODEL_UNKNOWN group 'live' has no revision before the one that it serves",
  )
  expect(await failureOf(registry.planRollback('lives'))).toBe(
    "MODEL_UNKNOWN no version is deployed to a group 'lives': did you mean 'live'?",
  )
  expect(await failureOf(registry.undeploy('other'))).toBe(
    "MODEL_UNKNOWN no version is deployed to a group 'other': the list of groups has live",
  )
  expect(await failureOf(registry.promote({ name: 'churn', version: 1, alias: 'Latest' }))).toBe(
    "NAME_INVALID alias 'latest' always stands for the highest version\n  choose another name, such as 'prod'",
  )
})
