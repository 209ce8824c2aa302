import { spawnSync } from 'node:child_process'
import { appendFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import type { ModelBinding } from '../../catalog/models/model.ts'
import { OnnxExecutor } from '../../dist/udf/executors/onnx/onnx.js'
import { batchOf, valuesOf } from '../executor.conformance.ts'
import { contextOf, failureOf } from '../invocations.ts'
import { bindingOf, callModel, functionOf, graphOf, slowGraph, writeFixture } from './onnxFixtures.ts'

const executors: OnnxExecutor[] = []
function open(options: ConstructorParameters<typeof OnnxExecutor>[0] = {}): OnnxExecutor {
  const executor = new OnnxExecutor(options)
  executors.push(executor)
  return executor
}
afterAll(async () => {
  await Promise.all(executors.map((executor) => executor.close()))
})

const negates = (options: Parameters<typeof bindingOf>[1] = {}): ModelBinding =>
  bindingOf(graphOf('Neg', ['N']), options)
const ten = Array.from({ length: 10 }, (_, index) => index + 1)
const row = Array.from({ length: 1024 }, (_, index) => index)
const manyRows = Array.from({ length: 512 }, () => row)
const wait = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds)
  })

describe('the onnx executor', () => {
  it('gives as many rows as it gets, in order, whatever its batches', async () => {
    const executor = open()
    const binding = negates({ runtime: { maxSessions: 2, batchSize: 3 } })
    const results = await Promise.all(
      ten.map((length) => callModel(executor, binding, [ten.slice(0, length)])),
    )
    expect(results).toEqual(ten.map((length) => ten.slice(0, length).map((x) => -x)))
    expect(await callModel(executor, binding, [[]])).toEqual([])
    expect(executor.concurrencyOf(functionOf(binding).signature)).toBe(5)
  })

  it('takes the buffers of a batch unless they are needed again', async () => {
    const executor = open()
    const binding = negates()
    const fn = functionOf(binding)
    const batch = batchOf(fn, ten)
    const before = structuredClone(batch)
    for (const keepsInput of [true, true, false]) {
      const result = await executor.invoke(fn, batch, contextOf({ keepsInput }))
      expect(valuesOf(fn, result)).toEqual(ten.map((x) => -x))
      if (keepsInput) expect(batch).toEqual(before)
    }
    expect(batch.columns[0]?.values?.byteLength).toBe(0)
  })

  it('ends what is cancelled at once, whether it waits or runs', async () => {
    const executor = open()
    const binding = bindingOf(slowGraph(20), { runtime: { batchSize: 512 } })
    await executor.prepare(binding)
    const controller = new AbortController()
    const { signal } = controller
    const fn = functionOf(binding)
    const batch = batchOf(fn, manyRows)
    const call = (): ReturnType<typeof failureOf> =>
      failureOf(executor.invoke(fn, batch, contextOf({ signal, keepsInput: true })))
    const work = ten.map(call)
    await wait(100)
    const started = performance.now()
    controller.abort()
    for (const { code, message } of await Promise.all(work)) {
      expect(code).toBe('CANCELLED')
      expect(message).toMatch(/^function 'model\.m\d+' \(version 3\) was cancelled in batch 7$/)
    }
    expect(performance.now() - started).toBeLessThan(1000)
    expect(await call()).toMatchObject({ code: 'CANCELLED' })
    // It goes on with the next.
    expect(await callModel(executor, binding, [[row]])).toHaveLength(1)
    await executor.close()
  })

  it('counts the time of a call from when a session works on it', async () => {
    const executor = open()
    const binding = negates()
    const told: string[] = []
    const timer = { pause: () => told.push('pause'), start: () => told.push('start') }
    await callModel(executor, binding, [[1]], { timer })
    expect(told).toEqual(['pause', 'start'])
  })

  it('ends what is in flight when it closes, and takes no more', async () => {
    const executor = open()
    const binding = bindingOf(slowGraph(20), { runtime: { batchSize: 512 } })
    await executor.prepare(binding)
    const fn = functionOf(binding)
    const batch = batchOf(fn, manyRows)
    const call = (): ReturnType<typeof failureOf> =>
      failureOf(executor.invoke(fn, batch, contextOf({ keepsInput: true })))
    const work = [call(), call(), call(), call()]
    await wait(50)
    const started = performance.now()
    await executor.close()
    for (const { code } of await Promise.all(work)) expect(code).toBe('SESSION_CLOSED')
    expect(performance.now() - started).toBeLessThan(1100)
    expect(await call()).toEqual({
      code: 'SESSION_CLOSED',
      message: 'the sessions of models are closed',
      details: {},
    })
    await executor.close()
    await expect(executor.prepare(binding)).rejects.toMatchObject({ code: 'SESSION_CLOSED' })
  })

  it('closes the sessions of a retired model once they are done, and loads it again when it is called', async () => {
    const executor = open()
    const binding = bindingOf(slowGraph(20))
    await executor.prepare(binding)
    await executor.prepare(binding)
    await executor.retire(binding)
    const calls = Promise.all(ten.map(() => callModel(executor, binding, [[row]])))
    await executor.retire(binding)
    expect(await calls).toHaveLength(10)
    expect(await callModel(executor, structuredClone(binding), [[row]])).toHaveLength(1)
    await executor.retire(binding)
    await executor.retire(binding)
  })
})

describe('sessions of many models', () => {
  it('make room for one another, within the limits', async () => {
    const models = Array.from({ length: 6 }, () =>
      bindingOf(graphOf('Neg', ['N']), { runtime: { maxSessions: 2 } }),
    )
    const [{ version } = models[0]!] = models
    const limits = [{ maxSessions: 3 }, { memoryLimit: version.model.bytes * 2 }]
    for (const limit of limits) {
      const executor = open(limit)
      for (const binding of models) expect(await callModel(executor, binding, [[1, 2]])).toEqual([-1, -2])
      const all = await Promise.all(
        [1, 2].flatMap((number) => models.map((binding) => callModel(executor, binding, [[number]]))),
      )
      expect(all).toEqual([1, 2].flatMap((number) => models.map(() => [-number])))
      await executor.close()
    }
  })

  it('cannot be of one that is larger than the limit', async () => {
    const executor = open({ memoryLimit: 1000 })
    const binding = negates({ version: { name: 'big' }, runtime: { memory: 5000 } })
    const error = {
      code: 'CONFIG_INVALID',
      message:
        "model 'big' (version 3) takes about 5000 bytes, and the limit for all models is 1000\n  raise the memory limit of models",
    }
    expect(await failureOf(callModel(executor, binding, [[1]]))).toMatchObject(error)
    expect(await failureOf(executor.prepare(binding))).toMatchObject(error)
    expect(await callModel(executor, negates(), [[1]])).toEqual([-1])
  })
})

describe('what is wrong with a model', () => {
  it('is found before it is called, and harms no other', async () => {
    const executor = open()
    const good = negates()
    await executor.prepare(good)
    const prepare = (binding: ModelBinding): ReturnType<typeof failureOf> =>
      failureOf(executor.prepare(binding))

    const changed = negates()
    appendFileSync(changed.version.model.path, 'more')
    expect(await prepare(changed)).toMatchObject({ code: 'MODEL_CHANGED' })
    expect(await failureOf(callModel(executor, changed, [[1]]))).toMatchObject({ code: 'MODEL_CHANGED' })

    const unknown = bindingOf(graphOf('Frobnicate', ['N']), { version: { name: 'm' } })
    expect(await prepare(unknown)).toEqual({
      code: 'MODEL_INVALID',
      message:
        "model 'm' (version 3) uses operator 'Frobnicate' of opset 17, which onnxruntime does not know",
      details: { path: unknown.version.model.path },
    })

    const cuda = negates({ version: { name: 'm' }, runtime: { executionProviders: ['cuda', 'cpu'] } })
    expect(await prepare(cuda)).toMatchObject({
      code: 'PROVIDER_UNAVAILABLE',
      message: expect.stringMatching(
        /^model 'm' \(version 3\) cannot run on CUDA, which this machine does not have: .*\n {2}install NVIDIA's driver, CUDA 12, cuDNN 9, /,
      ),
    })

    const silent = bindingOf(
      {
        nodes: [{ op: 'Gather', inputs: ['table', 'x'], outputs: ['y'] }],
        inputs: [{ name: 'x', type: 'int64', shape: ['N'] }],
        outputs: [{ name: 'y', type: 'float32', shape: ['N'] }],
        initializers: [{ name: 'table', type: 'float32', dims: [0], data: new Float32Array(0) }],
      },
      { version: { name: 'm' } },
    )
    expect(await prepare(silent)).toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringMatching(
        /^model 'm' \(version 3\) does not answer its probe: .*out of data bounds/,
      ),
    })
    expect(await callModel(executor, good, [[1]])).toEqual([-1])
  })
})

describe('functions around a model', () => {
  const url = new URL('../fixtures/models/hooks.ts', import.meta.url).href
  const around = (preprocess: string): ModelBinding =>
    bindingOf(graphOf('Neg', ['N', 2]), {
      inputs: [{ name: 'text', type: { kind: 'varchar' } }],
      output: { kind: 'varchar' },
      version: {
        name: 'm',
        pipeline: {
          kind: 'tensors',
          preprocess: { url, exportName: preprocess },
          postprocess: { url, exportName: 'best' },
        },
      },
    })
  it('make its tensors, and values of them', async () => {
    const texts = ['a b', '', 'one two three', 'x', 'y z']
    const lengths = texts.map((text) => [-text.length, -text.split(' ').length])
    expect(await callModel(open(), around('measure'), [texts])).toEqual(
      lengths.map(([length, words]) => `${length}/${words}`),
    )
  })

  it('that never return are ended when their batch is cancelled', async () => {
    const executor = open()
    const binding = around('stuck')
    expect(await callModel(executor, binding, [['a']])).toEqual(['-1/-1'])
    const controller = new AbortController()
    const { signal } = controller
    const work = failureOf(callModel(executor, binding, [['for ever']], { signal }))
    await wait(200)
    controller.abort()
    expect(await work).toMatchObject({ code: 'CANCELLED' })
    expect(await callModel(executor, binding, [['a b']])).toEqual(['-3/-2'])
  })

  it('that end their thread lose their batch, and no other', async () => {
    const executor = open()
    const binding = around('exits')
    await executor.prepare(binding)
    const lost = failureOf(callModel(executor, binding, [['exit']]))
    const others = ten.map((x) => callModel(executor, binding, [[`${x}`]], { keepsInput: true }))
    expect(await lost).toEqual({
      code: 'WORKER_LOST',
      message:
        "a model's thread ended while function 'model.m' (version 3) worked on batch 7: it exited with code 3",
      details: { function: 'model.m', version: 3, batch: 7 },
    })
    expect(await Promise.all(others)).toEqual(ten.map((x) => [`-${`${x}`.length}/-1`]))
  })
})

describe('without onnxruntime-node', () => {
  it('says what to install', () => {
    const hooks = `
      export async function resolve(specifier, context, next) {
        if (specifier !== 'onnxruntime-node') return next(specifier, context)
        throw Object.assign(new Error('not here'), { code: 'ERR_MODULE_NOT_FOUND' })
      }`
    const register = writeFixture(
      'register.mjs',
      `import { register } from 'node:module'
      register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(hooks)}))`,
    )
    const script = writeFixture(
      'without.mjs',
      `import { inspectModel } from '${new URL('../../dist/udf/executors/onnx/inspectModel.js', import.meta.url).href}'
      await inspectModel('model.onnx').catch(({ code, message }) => console.log(code, message))`,
    )
    const { stdout } = spawnSync(process.execPath, ['--import', register, script], { encoding: 'utf8' })
    expect(stdout).toBe(
      "CONFIG_INVALID models need the package 'onnxruntime-node', which is not installed\n  npm install onnxruntime-node\n",
    )
  })
})

describe('a process that ends while a model runs', () => {
  it('does so without a crash, whatever way it takes', () => {
    const binding = bindingOf(slowGraph(20), { runtime: { batchSize: 256 } })
    for (const end of ['process.exit(7)', 'setTimeout(() => { process.exitCode = 7; throw 1 })']) {
      const script = writeFixture(
        `exits-${end.length}.mjs`,
        `
        import { OnnxExecutor } from '${new URL('../../dist/udf/executors/onnx/onnx.js', import.meta.url).href}'
        import { registerModel } from '${new URL('../../dist/catalog/models/registerModel.js', import.meta.url).href}'
        const binding = ${JSON.stringify(binding)}
        const executor = new OnnxExecutor()
        await executor.prepare(binding)
        const values = new Float32Array(256 * 1024)
        const column = { length: 256, nullCount: 0, validity: null, offsets: null, values: null, children: [
          { length: values.length, nullCount: 0, validity: null, offsets: null, values, children: [] }] }
        const signal = new AbortController().signal
        const run = { journal: null, onEnd() {} }
        void executor.invoke(registerModel('m', binding), { length: 256, columns: [column] },
          { batch: 0, firstRow: 0, signal, reportsRows: false, keepsInput: false, run }).catch(() => {})
        setTimeout(() => { ${end} }, 60)
        `,
      )
      const { status, signal, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8' })
      expect([status, signal]).toEqual([end.startsWith('process.exit(') ? 7 : status, null])
      expect(stderr).not.toContain('Napi')
      expect([1, 7]).toContain(status)
    }
  })
})
