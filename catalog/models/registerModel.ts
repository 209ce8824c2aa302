import { EngineError } from '../../src/base/errors.ts'
import type { FunctionDefinition } from '../defineFunction.ts'
import type { FunctionSignature } from '../function.ts'
import { defaultBatching, defaultPolicies } from '../policy/policies.ts'
import type { RegisteredFunction } from '../registerFunction.ts'
import type { ModelBinding } from './model.ts'

/** Rows of a call for each run of the model, so that rows of like length find each other and sessions share the work. */
const RUNS_OF_CALL = 16

/** Microseconds: a guess that puts models behind most other functions, and keeps the batches that wait for them small. */
const COST_PER_ROW = 1000

/** The function that calls a deployed model. */
export function registerModel(group: string, binding: ModelBinding): RegisteredFunction {
  const { version, runtime } = binding
  const name = `model.${group}`
  const batching = {
    ...defaultBatching,
    maxBatchingSize: runtime.batchSize * RUNS_OF_CALL,
    maxBufferDuration: 0,
  }
  const shared = {
    name,
    description: `version ${version.version} of model '${version.name}'`,
    inputs: version.inputs,
    output: version.output,
    style: 'batch',
    volatility: 'immutable',
    nullHandling: 'call',
    batching,
    // Hashing a text costs a thousandth of what it saves; for tensors it may cost as much.
    policies: { ...defaultPolicies, dedupe: version.pipeline.kind !== 'tensors' },
    async: true,
    stateful: false,
    streams: false,
    secrets: [],
    memoryLimit: null,
    costPerRow: COST_PER_ROW,
    selectivity: null,
  } as const
  const signature: FunctionSignature = {
    ...shared,
    version: version.version,
    module: null,
    model: binding,
    remote: null,
    executor: 'onnx',
  }
  const definition: FunctionDefinition = {
    ...shared,
    costOf: null,
    executor: null,
    isolation: null,
    scalingGroup: null,
    onStartup: null,
    onShutdown: null,
    handler() {
      throw new EngineError('INTERNAL', `model function '${name}' has no handler`)
    },
    remote() {
      throw new EngineError('INTERNAL', `model function '${name}' is called by its name`)
    },
  }
  return Object.freeze({ signature: Object.freeze(signature), definition: Object.freeze(definition) })
}
