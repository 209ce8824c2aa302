import type * as onnxruntime from 'onnxruntime-node'
import type { InferenceSession, Tensor, TensorConstructor } from 'onnxruntime-node'
import { elementKinds } from '../../../catalog/models/graphTypes.ts'
import type {
  ModelInterface,
  ModelRuntime,
  ModelVersion,
  TensorInfo,
  TensorType,
} from '../../../catalog/models/model.ts'
import { EngineError, messageOf } from '../../../src/base/errors.ts'
import type { RunModel, TensorData, Tensors } from './pipeline.ts'
import type { RunLatch } from './runLatch.ts'
import { loadFailed, runFailed } from './runtimeErrors.ts'

/** A model that is loaded in this thread. */
export interface LoadedModel {
  readonly run: RunModel
  release(): Promise<void>
}

/** Which of the graph's outputs are computed. */
export interface LoadOptions {
  readonly version: ModelVersion
  readonly runtime: ModelRuntime
  readonly outputs: readonly string[]
  readonly latch: RunLatch
}

/** Fails with MODEL_INVALID, PROVIDER_UNAVAILABLE, IO_FAILED, or CONFIG_INVALID where onnxruntime-node is not installed. */
export async function loadModel({ version, runtime, outputs, latch }: LoadOptions): Promise<LoadedModel> {
  const label = `model '${version.name}' (version ${version.version})`
  if (runtime.deviceMemory !== null && runtime.executionProviders.includes('cuda')) {
    const message = `${label} asks for a limit of device memory, which onnxruntime-node cannot set`
    throw new EngineError('CONFIG_INVALID', message, { hint: 'leave deviceMemory out' })
  }
  const { session, ort } = await latch.inside(async () => {
    const loaded = await importRuntime()
    try {
      const options = sessionOptions(runtime)
      return { ort: loaded, session: await loaded.InferenceSession.create(version.model.path, options) }
    } catch (thrown) {
      throw loadFailed(label, version.model.path, { thrown, providers: runtime.executionProviders })
    }
  })
  return {
    async run(inputs) {
      const feeds = toFeeds(ort.Tensor, inputs)
      try {
        return fromFetches(await latch.inside(() => session.run(feeds, outputs)))
      } catch (thrown) {
        throw runFailed(label, thrown)
      }
    },
    release: () => latch.inside(() => session.release()),
  }
}

/** Reads what a model's graph takes and gives; outputs that are no tensors are left out. Fails as `loadModel` does. */
export async function inspectGraph(path: string, latch: RunLatch): Promise<ModelInterface> {
  const label = `'${path}'`
  return latch.inside(async () => {
    const ort = await importRuntime()
    let session: InferenceSession
    try {
      session = await ort.InferenceSession.create(path, { ...quiet, graphOptimizationLevel: 'disabled' })
    } catch (thrown) {
      throw loadFailed(label, path, { thrown, providers: [] })
    }
    const { inputMetadata, outputMetadata } = session
    await session.release()
    const inputs = inputMetadata.map((info) => tensorInfo(info, 'input', path))
    const outputs = outputMetadata.filter(({ isTensor }) => isTensor)
    if (outputs.length === 0)
      throw new EngineError('MODEL_INVALID', `${label} has no output that is a tensor`, { path })
    return { inputs, outputs: outputs.map((info) => tensorInfo(info, 'output', path)) }
  })
}

const fatal = 4
// What goes wrong is thrown; the log would repeat it on the process's stderr.
const quiet = { logSeverityLevel: fatal } as const

async function importRuntime(): Promise<typeof onnxruntime> {
  try {
    const runtime = await import('onnxruntime-node')
    runtime.env.logLevel = 'fatal'
    return runtime
  } catch (thrown) {
    const isMissing = thrown instanceof Error && 'code' in thrown && thrown.code === 'ERR_MODULE_NOT_FOUND'
    const message = isMissing
      ? "models need the package 'onnxruntime-node', which is not installed"
      : `the package 'onnxruntime-node' cannot be loaded: ${messageOf(thrown)}`
    throw new EngineError('CONFIG_INVALID', message, { hint: 'npm install onnxruntime-node' }, thrown)
  }
}

function sessionOptions(runtime: ModelRuntime): InferenceSession.SessionOptions {
  const { intraOpNumThreads, graphOptimizationLevel, executionProviders, deviceId } = runtime
  return {
    ...quiet,
    intraOpNumThreads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel,
    executionProviders: executionProviders.map((name) => (name === 'cuda' ? { name, deviceId } : name)),
  }
}

function toFeeds(constructor: TensorConstructor, inputs: Tensors): Record<string, Tensor> {
  const feeds: Record<string, Tensor> = {}
  for (const [name, { type, data, dims }] of Object.entries(inputs)) {
    feeds[name] = new constructor(type, data, dims)
  }
  return feeds
}

function fromFetches(fetches: InferenceSession.ReturnType): Tensors {
  const outputs: Record<string, TensorData> = {}
  for (const [name, tensor] of Object.entries(fetches)) {
    if (!isTensorType(tensor.type)) {
      throw new EngineError('MODEL_FAILED', `the model gave output '${name}' as ${tensor.type}`)
    }
    outputs[name] = { type: tensor.type, dims: tensor.dims, data: plainData(tensor) }
  }
  return outputs
}

/** Newer versions of Node have arrays of 16-bit floats; here they are their bits everywhere. */
function plainData({ type, data }: Tensor): TensorData['data'] {
  if (type !== 'float16' || !ArrayBuffer.isView(data)) return data
  return new Uint16Array(data.buffer, data.byteOffset, data.byteLength / Uint16Array.BYTES_PER_ELEMENT)
}

function tensorInfo(
  info: InferenceSession.ValueMetadata,
  role: 'input' | 'output',
  path: string,
): TensorInfo {
  const what = `${role} '${info.name}' of '${path}'`
  if (!info.isTensor) {
    throw new EngineError(
      'MODEL_INVALID',
      `${what} is no tensor but a list or map, which no column can be made into`,
      { path },
    )
  }
  if (!isTensorType(info.type)) {
    throw new EngineError(
      'MODEL_INVALID',
      `${what} has elements of type ${info.type}, which cannot be taken`,
      { path },
    )
  }
  return { name: info.name, type: info.type, shape: info.shape.map((size) => size ?? '') }
}

function isTensorType(type: string): type is TensorType {
  return type in elementKinds
}
