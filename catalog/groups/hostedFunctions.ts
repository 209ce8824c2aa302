import { EngineError } from '../../src/base/errors.ts'
import { type LoadedDefinitions, loadDefinitions } from '../loadModules.ts'
import type { RegisteredFunction } from '../registerFunction.ts'
import { resolveGroup, withModules } from './defineScalingGroup.ts'
import { nothingToServe } from './groupErrors.ts'
import type { ScalingGroupSpec } from './scalingGroup.ts'

/** A group of a session's definitions, with the functions that its replicas host. */
export interface DefinedGroup {
  readonly spec: ScalingGroupSpec
  readonly functions: readonly RegisteredFunction[]
}

/** What definitions come to: functions that run here, and groups that others run in. */
export interface PlacedDefinitions {
  readonly local: readonly RegisteredFunction[]
  readonly groups: readonly DefinedGroup[]
  /** Functions whose groups are not among them. */
  readonly homeless: readonly RegisteredFunction[]
}

/**
 * Puts each function in its place. Throws DEFINITION_INVALID for a function that names a group and that no module could bring there,
 * GROUP_INVALID for a group without anything to run, and what is wrong with the modules of groups.
 */
export async function placeDefinitions(
  { functions, groups }: LoadedDefinitions,
  baseDirectory: string,
): Promise<PlacedDefinitions> {
  const defined = await Promise.all(
    groups.map(async (definition) => {
      const spec = withModules(
        await resolveGroup(definition, baseDirectory),
        modulesNaming(functions, definition.name),
      )
      if (spec.source.kind === 'functions' && spec.source.modules.length === 0)
        throw nothingToServe(spec.name)
      return { spec, functions: await hostedFunctions(spec, functions) }
    }),
  )
  const hosted = new Set(defined.flatMap((group) => group.functions.map(({ definition }) => definition)))
  const rest = functions.filter(({ definition }) => !hosted.has(definition))
  return {
    local: rest.filter(({ definition }) => definition.scalingGroup === null),
    groups: defined,
    homeless: rest.filter(({ definition }) => definition.scalingGroup !== null),
  }
}

/** The functions that replicas of a group host: those of its modules, and those that name it. */
export async function hostedFunctions(
  { name, source }: ScalingGroupSpec,
  functions: readonly RegisteredFunction[],
): Promise<readonly RegisteredFunction[]> {
  const modules = source.kind === 'functions' ? source.modules : []
  const loaded = await loadDefinitions(modules, process.cwd())
  const ofModules = functionsOfGroup(loaded.functions, name)
  const naming = functionsNaming(functions, name)
  return [...new Map([...ofModules, ...naming].map((own) => [own.definition, own])).values()]
}

/**
 * What replicas of a group host of modules: the functions that name it; of a module without any, those that name none.
 */
export function functionsOfGroup(
  functions: readonly RegisteredFunction[],
  group: string,
): readonly RegisteredFunction[] {
  const named = new Set(functionsNaming(functions, group).map(({ signature }) => signature.module?.url))
  return functions.filter(({ definition: { scalingGroup }, signature: { module } }) =>
    scalingGroup === null ? !named.has(module?.url) : isNamed(scalingGroup, group),
  )
}

/** The modules of the functions that name a group. Throws DEFINITION_INVALID for a closure. */
export function modulesNaming(functions: readonly RegisteredFunction[], group: string): readonly string[] {
  return functionsNaming(functions, group).map(({ signature: { name, module } }) => {
    if (module !== null) return module.url
    throw new EngineError(
      'DEFINITION_INVALID',
      `function '${name}' names scaling group '${group}' but is not in a module`,
      {
        function: name,
        hint: 'export it from a module and give the path of the module, so that replicas can load it',
      },
    )
  })
}

function functionsNaming(
  functions: readonly RegisteredFunction[],
  group: string,
): readonly RegisteredFunction[] {
  return functions.filter(
    ({ definition: { scalingGroup } }) => scalingGroup !== null && isNamed(scalingGroup, group),
  )
}

function isNamed(given: string, group: string): boolean {
  return given.toLowerCase() === group.toLowerCase()
}
