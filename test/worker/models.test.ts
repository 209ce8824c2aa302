import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { onnxModel } from '../models/onnxModel.ts'
import { openSession, temporaryDirectory } from '../sessions.ts'
import { startWorker } from './startWorker.ts'
import { call, channelTo, openWorker } from './workers.ts'

/** A state with two versions of a model, which add 1 and 2 to what they get. */
async function stateWithModels(): Promise<string> {
  const folder = await temporaryDirectory()
  const state = join(folder, 'state')
  const session = await openSession({ functions: [], state })
  const value = { type: 'float64', shape: ['rows'] } as const
  for (const addend of [1, 2]) {
    const path = join(folder, `adds${addend}.onnx`)
    const graph = {
      nodes: [{ op: 'Add', inputs: ['x', 'addend'], outputs: ['y'] }],
      inputs: [{ name: 'x', ...value }],
      outputs: [{ name: 'y', ...value }],
      initializers: [{ name: 'addend', type: 'float64', dims: [1], data: Float64Array.of(addend) }],
    } as const
    await writeFile(path, onnxModel(graph))
    await session.models.registerModelVersion({ name: 'adds', model: path })
  }
  return state
}

test('a worker hosts a version of a model by its own name and that of its group', async () => {
  const stateDirectory = await stateWithModels()
  const args = ['--model', 'adds@1', '--group', 'plus', '--state', stateDirectory]
  const { endpoint, line } = await startWorker(args, { directory: stateDirectory })
  expect(line).toContain('serves model.adds, model.plus')
  const worker = channelTo(endpoint)
  const x = { x: ['DOUBLE', [1, 2.5]] } as const
  expect(await call(worker, 'model.adds', x)).toEqual([{ result: [2, 3.5] }])
  expect(await call(worker, 'model.plus', x)).toEqual([{ result: [2, 3.5] }])
  const latest = await startWorker(['--model', 'adds', '--state', stateDirectory], {
    directory: stateDirectory,
  })
  expect(await call(channelTo(latest.endpoint), 'model.adds', x)).toEqual([{ result: [3, 4.5] }])
})

test('a model twice, or one that is not there, is refused', async () => {
  const stateDirectory = await stateWithModels()
  await expect(openWorker({ models: ['adds@1', 'adds@2'], stateDirectory })).rejects.toMatchObject({
    code: 'DUPLICATE_NAME',
    message: "the worker would host 'model.adds' twice\n  host one of the two in another worker",
  })
  await expect(openWorker({ models: ['ads'], stateDirectory })).rejects.toMatchObject({
    code: 'MODEL_UNKNOWN',
    message: "unknown model 'ads': did you mean 'adds'?",
  })
})
