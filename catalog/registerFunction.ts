import { EngineError } from '../src/base/errors.ts'
import type { FunctionDefinition } from './defineFunction.ts'
import type { FunctionSignature, ModuleReference } from './function.ts'

/** A definition that has its place in a catalog. */
export interface RegisteredFunction {
  readonly signature: FunctionSignature
  readonly definition: FunctionDefinition
}

/** Throws DEFINITION_INVALID for a closure that asks for the pool, where no module could bring it. */
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
  if (definition.executor === 'pool' && module === null) {
    throw new EngineError(
      'DEFINITION_INVALID',
      `function '${name}' asks for executor 'pool' but is not in a module`,
      {
        function: name,
        hint: 'export it from a module and give the path of the module, so that threads can load it',
      },
    )
  }
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
    streams: definition.streams,
    secrets: definition.secrets,
    module,
    model: null,
    executor: definition.executor ?? (module === null || definition.async ? 'main' : 'pool'),
    costPerRow,
    selectivity,
  }
  return Object.freeze({ signature: Object.freeze(signature), definition })
}
