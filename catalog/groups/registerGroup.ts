import { EngineError } from '../../src/base/errors.ts'
import type { FunctionDefinition } from '../defineFunction.ts'
import type { FunctionSignature } from '../function.ts'
import type { ModelVersion } from '../models/model.ts'
import { type RegisteredFunction, renamed } from '../registerFunction.ts'
import type { RemoteBinding, ScalingGroupSpec } from './scalingGroup.ts'

/** What a group's replicas serve, beside what its own definition says. */
export interface GroupContents {
  /** Of its modules, and those that name the group. */
  readonly functions: readonly RegisteredFunction[]
  /** The version that the group's model stands for. */
  readonly model: ModelVersion | null
}

/**
 * The catalog functions of a group: those that its replicas host, each under its own name, and `model.<group>` for its model, for the
 * function that its definition describes, or for the only one that it hosts.
 */
export function registerGroup(
  group: ScalingGroupSpec,
  revision: number,
  { functions, model }: GroupContents,
): readonly RegisteredFunction[] {
  const binding = (name: string): RemoteBinding => Object.freeze({ group, revision, function: name })
  const hosted = functions.map((own) => remoteFunction(own, binding(own.signature.name)))
  const name = `model.${group.name}`
  if (group.inputs !== null && group.output !== null) {
    return [...hosted, modelFunction(name, { inputs: group.inputs, output: group.output }, binding(name))]
  }
  if (model !== null) return [...hosted, modelFunction(name, model, binding(name))]
  const [only, ...others] = functions
  if (only === undefined || others.length > 0) return hosted
  return [...hosted, renamed(remoteFunction(only, binding(only.signature.name)), name)]
}

/** The function as before, but called where the group's replicas are. */
function remoteFunction(
  { signature, definition }: RegisteredFunction,
  remote: RemoteBinding,
): RegisteredFunction {
  const own: FunctionSignature = {
    ...signature,
    // What is kept of another revision's results is not of this one.
    version: Math.max(signature.version, remote.revision),
    executor: 'remote',
    // Those that its handler asks for are given to the replicas.
    secrets: [],
    remote,
  }
  return Object.freeze({ signature: Object.freeze(own), definition })
}

function modelFunction(
  name: string,
  { inputs, output }: Pick<ModelVersion, 'inputs' | 'output'>,
  remote: RemoteBinding,
): RegisteredFunction {
  const { group, revision } = remote
  const shared = {
    name,
    description: group.description,
    inputs,
    output,
    style: 'batch',
    volatility: group.volatility,
    nullHandling: 'call',
    batching: group.batching,
    policies: group.policies,
    async: true,
    stateful: false,
    streams: false,
    secrets: [],
    memoryLimit: null,
    costPerRow: null,
    selectivity: null,
  } as const
  const signature: FunctionSignature = {
    ...shared,
    version: Math.max(1, revision),
    module: null,
    model: null,
    remote,
    executor: 'remote',
  }
  const definition: FunctionDefinition = {
    ...shared,
    costOf: null,
    executor: null,
    isolation: null,
    scalingGroup: group.name,
    onStartup: null,
    onShutdown: null,
    handler() {
      throw new EngineError('INTERNAL', `function '${name}' has no handler here`)
    },
    remote() {
      throw new EngineError('INTERNAL', `function '${name}' is called by its name`)
    },
  }
  return Object.freeze({ signature: Object.freeze(signature), definition: Object.freeze(definition) })
}
