import { availableParallelism } from 'node:os'
import { createCatalog } from '../../catalog/catalog.ts'
import { functionsOfGroup } from '../../catalog/groups/hostedFunctions.ts'
import { loadDefinitions } from '../../catalog/loadModules.ts'
import { ModelRegistry } from '../../catalog/models/modelRegistry.ts'
import { readDeployment } from '../../catalog/models/readDeployment.ts'
import { registerModel } from '../../catalog/models/registerModel.ts'
import { type RegisteredFunction, renamed } from '../../catalog/registerFunction.ts'
import { inspectModel } from '../../udf/executors/onnx/inspectModel.ts'
import { EngineError } from '../base/errors.ts'
import type { SessionState } from '../session/sessionState.ts'
import type { WorkerOptions } from './workerOptions.ts'

/**
 * What a worker hosts: functions under their own names, models as `model.<name>`, and where that is one alone also as `model.<group>`.
 * Of modules it hosts what belongs to the group. Throws CONFIG_INVALID where there is nothing, and as modules and models do that do not
 * load.
 */
export async function loadHosted(
  options: WorkerOptions,
  state: SessionState,
): Promise<readonly RegisteredFunction[]> {
  const baseDirectory = options.baseDirectory ?? process.cwd()
  const hosted = [
    ...(await loadFunctions(options, baseDirectory)),
    ...(await loadModels(options.models ?? [], state, baseDirectory)),
  ]
  if (hosted.length === 0) {
    throw new EngineError('CONFIG_INVALID', 'the worker has nothing to host', {
      hint: 'give it modules of functions, or models of the registry',
    })
  }
  checkNames(hosted)
  return options.group === undefined ? hosted : withGroup(hosted, options.group)
}

async function loadFunctions(
  { functions = [], group }: WorkerOptions,
  baseDirectory: string,
): Promise<readonly RegisteredFunction[]> {
  const loaded = await loadDefinitions(functions, baseDirectory)
  return group === undefined ? loaded.functions : functionsOfGroup(loaded.functions, group)
}

async function loadModels(
  names: readonly string[],
  state: SessionState,
  baseDirectory: string,
): Promise<readonly RegisteredFunction[]> {
  if (names.length === 0) return []
  if (state.directory === null) {
    throw new EngineError('CONFIG_INVALID', 'models need a place, but this worker keeps no state', {
      hint: "give it the directory of the registry, such as '.callplane'",
    })
  }
  const registry = new ModelRegistry({
    directory: state.directory,
    store: () => state.models(),
    inspect: inspectModel,
    baseDirectory,
  })
  return Promise.all(
    names.map(async (name) => {
      const [, model = name, asked] = /^([^@]+)@(.+)$/.exec(name) ?? []
      const version = await registry.resolve(model, asked)
      const runtime = readDeployment({ group: version.name, model: version.name }, availableParallelism())
      return registerModel(version.name, Object.freeze({ version, runtime }))
    }),
  )
}

/** With one more name for what is there alone. */
function withGroup(hosted: readonly RegisteredFunction[], group: string): readonly RegisteredFunction[] {
  const [only, ...others] = hosted
  const name = `model.${group}`
  if (only === undefined || others.length > 0 || only.signature.name === name) return hosted
  return [...hosted, renamed(only, name)]
}

function checkNames(hosted: readonly RegisteredFunction[]): void {
  const { registered } = createCatalog(hosted)
  if (registered.size === hosted.length) return
  const names = hosted.map(({ signature }) => signature.name)
  const twice = names.find((name, index) => names.indexOf(name) < index)
  throw new EngineError('DUPLICATE_NAME', `the worker would host '${twice}' twice`, {
    hint: 'host one of the two in another worker',
  })
}
