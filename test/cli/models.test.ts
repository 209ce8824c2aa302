import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  addInput,
  addMetadata,
  parseProviders,
  parseVersionName,
  type RegisterFlags,
} from '../../src/cli/models/modelFlags.ts'
import { registerOptions } from '../../src/cli/models/registerOptions.ts'
import { type Graph, onnxModel } from '../models/onnxModel.ts'
import { bertTokenizer } from '../models/textHarness.ts'
import { callplane, directoryWith, type Ended } from './commandLine.ts'

/** A score of two numbers: their sum, or whatever the operator makes of them. */
function scoring(op: string): Uint8Array {
  const inputs = ['age', 'spent'].map((name) => ({ name, type: 'float32', shape: ['N', 1] }) as const)
  return onnxModel({
    nodes: [{ op, inputs: ['age', 'spent'], outputs: ['score'] }],
    inputs,
    outputs: [{ name: 'score', type: 'float32', shape: ['N', 1] }],
  })
}

/** The mean of a row of `table` for each token of a text. */
function tokenMeans(): Uint8Array {
  const tokens = 64
  const table = Float32Array.from({ length: tokens * 2 }, (_, index) => (index % 2 === 0 ? index / 2 : 10))
  const graph: Graph = {
    nodes: [
      { op: 'Gather', inputs: ['table', 'input_ids'], outputs: ['tokens'] },
      { op: 'ReduceMean', inputs: ['tokens'], outputs: ['logits'], attributes: { axes: [1], keepdims: 0 } },
    ],
    inputs: [{ name: 'input_ids', type: 'int64', shape: ['batch', 'tokens'] }],
    outputs: [{ name: 'logits', type: 'float32', shape: ['batch', 2] }],
    initializers: [{ name: 'table', type: 'float32', dims: [tokens, 2], data: table }],
  }
  return onnxModel(graph)
}

function workplace(files: Readonly<Record<string, string>> = {}): string {
  const directory = directoryWith(files)
  writeFileSync(join(directory, 'sum.onnx'), scoring('Add'))
  writeFileSync(join(directory, 'product.onnx'), scoring('Mul'))
  return directory
}

type Row = Readonly<Record<string, unknown>>

function rowsOf({ code, err, out }: Ended): readonly Row[] {
  expect({ code, err }).toEqual({ code: 0, err: '' })
  return out
    .trim()
    .split('\n')
    .map((line): Row => JSON.parse(line))
}

const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
const digest = expect.stringMatching(/^[0-9a-f]{12}$/)

describe('callplane models', () => {
  test('registers, deploys, promotes, rolls back and deletes', async () => {
    const directory = workplace()
    const run = async (...args: readonly string[]): Promise<Ended> => callplane(args, { directory })
    const models = async (...args: readonly string[]) => rowsOf(await run('models', ...args))
    const score = async (): Promise<unknown> =>
      rowsOf(await run('sql', "SELECT catalog_call('model.churn', 3::FLOAT, 4::FLOAT) AS score"))[0]?.[
        'score'
      ]

    const first = {
      model: 'churn',
      version: 1,
      signature: '(age FLOAT, spent FLOAT) → FLOAT',
      created: time,
      kind: 'tensors',
      bytes: scoring('Add').length,
      digest,
      metadata: { auc: 0.9 },
      aliases: ['latest', 'prod'],
      groups: [],
    }
    expect(await models('register', 'churn', 'sum.onnx', '--alias', 'prod', '--metadata', 'auc=0.9')).toEqual(
      [first],
    )
    const served = {
      function: 'model.churn(age FLOAT, spent FLOAT) → FLOAT',
      model: 'churn',
      version: 1,
      revision: 1,
      created: time,
      min_replicas: 1,
      max_replicas: 1,
      cpu: 2,
      providers: ['cpu'],
      optimization: 'basic',
      batch_size: 8,
    }
    const small = ['--max-replicas', '1', '--cpu', '2', '--batch-size', '8', '--optimization', 'basic']
    expect(await models('deploy', 'churn', 'churn@prod', ...small)).toEqual([served])
    expect(await score()).toBe(7)

    expect(await models('register', 'churn', 'product.onnx')).toMatchObject([
      { version: 2, aliases: ['latest'] },
    ])
    expect(await models('promote', 'churn', '2', 'prod')).toMatchObject([
      { version: 2, aliases: ['latest', 'prod'], groups: [] },
    ])
    await models('deploy', 'churn', 'churn')
    expect(await score()).toBe(12)
    expect(await models('show', 'churn')).toEqual([
      { ...first, aliases: [] },
      {
        ...first,
        version: 2,
        metadata: {},
        aliases: ['latest', 'prod'],
        groups: ['churn'],
      },
    ])
    const [listed, rolledBack] = await Promise.all([models('list'), models('rollback', 'churn')])
    expect(listed).toEqual([
      {
        model: 'churn',
        signature: '(age FLOAT, spent FLOAT) → FLOAT',
        versions: 2,
        created: time,
        aliases: { latest: 2, prod: 2 },
        groups: expect.objectContaining({ churn: expect.any(Number) }),
      },
    ])
    expect(rolledBack).toEqual([{ ...served, revision: 3 }])
    expect((await models('revisions', 'churn')).map(({ revision, version }) => [revision, version])).toEqual([
      [1, 1],
      [2, 2],
      [3, 1],
    ])

    expect(await run('models', 'delete', 'churn', '--version', '1')).toMatchObject({
      code: 1,
      out: '',
      err: "error[MODEL_IN_USE]: version 1 of model 'churn' is used by group 'churn'\n  deploy another version to the group, or undeploy it\n",
    })
    expect(await models('undeploy', 'churn')).toEqual([{ ...served, revision: 3 }])
    expect(await models('delete', 'churn', '--version', '1')).toMatchObject([{ model: 'churn', version: 1 }])
    expect(await models('delete', 'churn', '--yes')).toMatchObject([{ model: 'churn', version: 2 }])
  })

  test('shows deployed models among the functions and their types', async () => {
    const directory = workplace()
    const run = async (...args: readonly string[]): Promise<Ended> => callplane(args, { directory })
    const register = ['models', 'register', 'churn', 'sum.onnx', '--state', 'kept', '-o', 'churn.csv']
    expect(await run(...register)).toMatchObject({ code: 0, out: '', err: '' })
    expect(readFileSync(join(directory, 'churn.csv'), 'utf8')).toMatch(
      /^model,version,signature,.*\nchurn,1,"\(age FLOAT, spent FLOAT\) → FLOAT",/,
    )
    rowsOf(await run('models', 'deploy', 'risk', 'churn@1', '--state', 'kept'))
    const [functions, one, types, elsewhere] = await Promise.all([
      run('functions', '--state', 'kept'),
      run('functions', 'MODEL.RISK', '--state', 'kept'),
      run('types', '--state', 'kept'),
      run('functions'),
    ])
    expect(rowsOf(functions)).toEqual([
      {
        function: 'model.risk(age FLOAT, spent FLOAT)',
        result: 'FLOAT',
        volatility: 'immutable',
        description: "version 1 of model 'churn'",
      },
    ])
    const described = Object.fromEntries(rowsOf(one).map(({ property, value }) => [property, value]))
    expect(described).toMatchObject({
      name: 'model.risk',
      version: '1',
      'argument age': 'FLOAT',
      nulls: 'fail',
      handler: null,
      executor: 'onnx',
      model: 'churn, version 1',
      threads: '1 thread a session, on cpu',
      runs: '32 rows at most',
    })
    expect(types.out).toContain(
      "    'model.risk': { args: [age: number | bigint | null, spent: number | bigint | null]; result: number | null }\n",
    )
    expect(elsewhere).toMatchObject({ code: 0, out: '' })
    expect(existsSync(join(directory, '.callplane'))).toBe(false)
  })

  test('registers models of texts, and models with functions around them', async () => {
    const directory = workplace({
      'tokenizer.json': JSON.stringify(bertTokenizer()),
      'labels.txt': 'rising\r\nsteady\r\n',
      'around.mjs': `
        const column = (data) => ({ dims: [data.length, 1], data: Float32Array.from(data) })
        export const doubled = ({ a }) => ({ age: column(a), spent: column(a) })
        export const postprocess = ({ score }) => Array.from(score.data, (value) => 'score ' + value)
      `,
    })
    writeFileSync(join(directory, 'means.onnx'), tokenMeans())
    const run = async (...args: readonly string[]): Promise<Ended> => callplane(args, { directory })
    const text = ['--tokenizer', 'tokenizer.json', '--labels', '@labels.txt']
    const around = ['--preprocess', 'around.mjs#doubled', '--postprocess', 'around.mjs']
    const [mood, summed] = await Promise.all([
      run('models', 'register', 'mood', 'means.onnx', ...text),
      run('models', 'register', 'summed', 'sum.onnx', ...around, '--input', 'a:INT', '--output', 'VARCHAR'),
    ])
    expect(rowsOf(mood)).toMatchObject([
      {
        signature: '(text VARCHAR) → STRUCT("label" VARCHAR, score FLOAT, scores FLOAT[2])',
        kind: 'textClassification',
      },
    ])
    expect(rowsOf(summed)).toMatchObject([{ signature: '(a INTEGER) → VARCHAR', kind: 'tensors' }])
    const deployed = ['mood', 'summed'].map((name) => run('models', 'deploy', name, name))
    for (const ended of await Promise.all(deployed)) rowsOf(ended)
    const query = `SELECT catalog_call('model.mood', 'hello').label AS mood, catalog_call('model.summed', 21) AS summed`
    expect(rowsOf(await run('sql', query))).toEqual([{ mood: 'rising', summed: 'score 42' }])
  })

  test('says what is wrong, and which exit code it has', async () => {
    const directory = workplace({ 'notes.txt': 'no graph' })
    const run = async (...args: readonly string[]): Promise<string> => {
      const { code, out, err } = await callplane(['models', ...args], { directory })
      return `${code} ${out}${err}`.replaceAll(directory, 'DIRECTORY')
    }
    expect(await run('register', 'churn', 'sum.onnx')).toMatch(/^0 /)
    const failures = await Promise.all([
      run('register', 'notes', 'notes.txt'),
      run('register', 'churn', 'sum.onnx', '--input', 'age:VARCHAR', '--input', 'spent:FLOAT'),
      run('register', 'churn', 'sum.onnx', '--input', 'age'),
      run('delete', 'churn'),
      run('show', 'chrun'),
      run('deploy', 'churn', 'churn@prod'),
      run('deploy', 'churn', 'churn', '--memory', 'much'),
      run('promote', 'churn', '3', 'prod'),
      run('rollback', 'churn'),
      run('shw'),
    ])
    expect(failures).toEqual([
      "1 error[MODEL_INVALID]: 'DIRECTORY/notes.txt' is no ONNX model\n",
      "1 error[MODEL_INVALID]: input 'age' of the model, float32[N, 1], takes FLOAT, but its schema says VARCHAR\n",
      "2 error[USAGE_INVALID]: option '--input <name:TYPE>' argument 'age' is invalid. Write it as name:TYPE, such as age:FLOAT.\n(callplane --help lists what there is)\n",
      "2 error[USAGE_INVALID]: this would delete all of model 'churn': 1 version\n  add --yes to do so, or --version for one\n",
      "1 error[MODEL_UNKNOWN]: unknown model 'chrun': did you mean 'churn'?\n",
      "1 error[MODEL_UNKNOWN]: model 'churn' has no alias 'prod': it has latest\n",
      "2 error[CONFIG_INVALID]: the deployment of group 'churn' has resources.memory 'much'; it must be a size such as '1GB' or '512MiB', or a number of bytes\n",
      "1 error[MODEL_UNKNOWN]: model 'churn' has no version 3: it has version 1\n",
      "1 error[MODEL_UNKNOWN]: no version is deployed to a group 'churn': the list of groups is empty\n",
      "2 error[USAGE_INVALID]: unknown command 'shw'\n(Did you mean show?)\n(callplane --help lists what there is)\n",
    ])
  })
})

describe('flags of models', () => {
  test('an input is a name and a type, either of which may hold colons', () => {
    const inputs = ['age:FLOAT', 'dense:0: FLOAT[4]', 'x:STRUCT("a:b" INTEGER, c ENUM(\'d:e\'))']
    expect(inputs.reduce<ReturnType<typeof addInput>>((all, one) => addInput(one, all), {})).toEqual({
      age: 'FLOAT',
      'dense:0': 'FLOAT[4]',
      x: 'STRUCT("a:b" INTEGER, c ENUM(\'d:e\'))',
    })
    for (const wrong of ['age', 'age:', ':FLOAT', '(a:b)'])
      expect(() => addInput(wrong)).toThrow('Write it as name:TYPE, such as age:FLOAT.')
    expect(() => addInput('age:INT', { age: 'FLOAT' })).toThrow("There are two inputs 'age'.")
  })

  test('metadata is JSON where it loses nothing by that, and text otherwise', () => {
    const given = [
      'auc=0.93',
      'version=1.0',
      'id=12345678901234567890',
      'tags=["a"]',
      'by=Zoë',
      'note=a=b',
      'no=',
    ]
    expect(given.reduce<ReturnType<typeof addMetadata>>((all, one) => addMetadata(one, all), {})).toEqual({
      auc: 0.93,
      version: '1.0',
      id: '12345678901234567890',
      tags: ['a'],
      by: 'Zoë',
      note: 'a=b',
      no: '',
    })
    expect(() => addMetadata('auc', {})).toThrow('Write it as key=value, such as accuracy=0.93.')
  })

  test('versions and providers', () => {
    expect(parseVersionName('churn')).toEqual({ model: 'churn' })
    expect(parseVersionName('churn@prod')).toEqual({ model: 'churn', version: 'prod' })
    for (const wrong of ['churn@', '@3', 'a@b@c', ''])
      expect(() => parseVersionName(wrong)).toThrow('Write it as model, model@3 or model@prod.')
    expect(parseProviders('CUDA, cpu')).toEqual(['cuda', 'cpu'])
    expect(() => parseProviders('cuda,tpu')).toThrow('Give cuda, cpu, or both as cuda,cpu.')
  })

  const none: RegisterFlags = {
    functions: [],
    set: {},
    trace: false,
    progress: true,
    debug: false,
    normalize: true,
    metadata: {},
    alias: [],
    file: [],
  }

  async function failure(flags: Partial<RegisterFlags>): Promise<string> {
    return registerOptions('m', 'm.onnx', { ...none, ...flags }).then(
      () => 'nothing failed',
      (error: Error) => error.message,
    )
  }

  test('of texts ask for a tokenizer, and of embeddings for no labels', async () => {
    expect(await failure({ maxLength: 9 })).toBe('--max-length is for texts and needs --tokenizer')
    expect(await failure({ normalize: false })).toBe('--no-normalize is for texts and needs --tokenizer')
    const classes = { tokenizer: 't.json', labels: 'a,b' }
    const notOfClasses = 'is for embeddings, and --labels for classification'
    expect(await failure({ ...classes, pooling: 'cls' })).toBe(`--pooling ${notOfClasses}`)
    expect(await failure({ ...classes, normalize: false })).toBe(`--no-normalize ${notOfClasses}`)
    expect(await failure({ ...classes, labels: '@no.txt' })).toMatch(
      /^cannot read the labels in no\.txt: ENOENT/,
    )
    expect(await failure(classes)).toBe('nothing failed')
    const { model } = await registerOptions('m', 'm.onnx', {
      ...none,
      tokenizer: 't.json',
      pooling: 'cls',
      normalize: false,
      maxLength: 9,
      prefix: 'query: ',
    })
    expect(model).toMatchObject({
      model: 'm.onnx',
      tokenizer: 't.json',
      pipeline: { pooling: 'cls', normalize: false, maxLength: 9, prefix: 'query: ' },
    })
  })

  test('name functions of modules', async () => {
    const { preprocess, postprocess } = await registerOptions('m', 'm.onnx', {
      ...none,
      preprocess: 'a#b/fit.ts#scale',
      postprocess: 'a#b/fit.ts',
    })
    expect({ preprocess, postprocess }).toEqual({
      preprocess: { module: 'a#b/fit.ts', export: 'scale' },
      postprocess: 'a#b/fit.ts',
    })
  })
})
