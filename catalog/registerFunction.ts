import { EngineError } from '../src/base/errors.ts'
import type { FunctionDefinition } from './defineFunction.ts'
import type { ExecutorName, FunctionSignature, ModuleReference } from './function.ts'

/** A definition that has its place in a catalog. */
export interface RegisteredFunction {
  readonly signature: FunctionSignature
  readonly definition: FunctionDefinition
}

/** Throws DEFINITION_INVALID for a closure that asks for the pool or for processes, where no module could bring it. */
export function registerFunction(
  definition: FunctionDefinition,
  module: ModuleReference | null,
  version = 1,
): RegisteredFunction {
  const {
    name,
    description,
    inputs,
    output,
    style,
    volatility,
    nullHandling,
    batching,
    policies,
    costPerRow,
    selectivity,
  } = definition
  if (module === null) checkClosure(definition)
  const signature: FunctionSignature = {
    name,
    version,
    description,
    inputs,
    output,
    style,
    volatility,
    nullHandling,
    batching,
    policies,
    async: definition.async,
    stateful: definition.onStartup !== null,
    streams: definition.streams,
    secrets: definition.secrets,
    module,
    model: null,
    remote: null,
    executor: executorOf(definition, module),
    memoryLimit: definition.memoryLimit,
    costPerRow,
    selectivity,
  }
  return Object.freeze({ signature: Object.freeze(signature), definition })
}

/** The same function under another name. */
export function renamed({ signature, definition }: RegisteredFunction, name: string): RegisteredFunction {
  return Object.freeze({ signature: Object.freeze({ ...signature, name }), definition })
}

function executorOf(
  { isolation, executor, async }: FunctionDefinition,
  module: ModuleReference | null,
): ExecutorName {
  return isolation ?? executor ?? (module === null || async ? 'main' : 'pool')
}

function checkClosure({ name, isolation, executor }: FunctionDefinition): void {
  const place =
    isolation === 'process' ? "isolation 'process'" : executor === 'pool' ? "executor 'pool'" : null
  if (place === null) return
  const loader = isolation === 'process' ? 'processes' : 'threads'
  throw new EngineError('DEFINITION_INVALID', `function '${name}' asks for ${place} but is not in a module`, {
    function: name,
    hint: `export it from a module and give the path of the module, so that ${loader} can load it`,
  })
}
