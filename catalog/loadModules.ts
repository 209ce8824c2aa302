import { fileURLToPath } from 'node:url'
import { EngineError } from '../src/base/errors.ts'
import { type FunctionDefinition, isFunctionDefinition } from './defineFunction.ts'
import { findModules } from './findModules.ts'
import type { ModuleReference } from './function.ts'
import { isScalingGroup, type ScalingGroupDefinition } from './groups/defineScalingGroup.ts'
import { importModule } from './importModule.ts'
import { type RegisteredFunction, registerFunction } from './registerFunction.ts'

/** A definition, or where modules of definitions lie: a path, a file URL or a glob. */
export type DefinitionSource = Definition | string

type Definition = FunctionDefinition | ScalingGroupDefinition

/** What sources define. */
export interface LoadedDefinitions {
  readonly functions: readonly RegisteredFunction[]
  readonly groups: readonly ScalingGroupDefinition[]
}

/**
 * Every definition that the sources give or export, in order. One that is met again, given as well as exported, or exported by
 * several modules, counts once. Throws MODULE_LOAD_FAILED, DUPLICATE_NAME, CONFIG_INVALID.
 */
export async function loadDefinitions(
  sources: readonly DefinitionSource[],
  baseDirectory: string,
): Promise<LoadedDefinitions> {
  const found = new Map<Definition, ModuleReference | null>()
  for (const [index, source] of sources.entries()) {
    if (typeof source === 'string') {
      for (const [definition, module] of await loadSource(source, baseDirectory)) {
        found.set(definition, found.get(definition) ?? module)
      }
    } else if (isDefinition(source)) found.set(source, found.get(source) ?? null)
    else throw notASource(index)
  }
  checkNames(found)
  const functions = [...found].flatMap(([definition, module]) =>
    isFunctionDefinition(definition) ? [registerFunction(definition, module)] : [],
  )
  return { functions, groups: [...found.keys()].filter(isScalingGroup) }
}

/** The function behind a reference, in any thread. */
export async function loadFunction(module: ModuleReference, version: number): Promise<RegisteredFunction> {
  const exported = exportsOf(await importModule(module.url)).get(module.exportName)
  if (!isFunctionDefinition(exported)) {
    const path = fileURLToPath(module.url)
    throw new EngineError('MODULE_LOAD_FAILED', `${path} no longer exports '${module.exportName}'`, { path })
  }
  return registerFunction(exported, module, version)
}

async function loadSource(source: string, baseDirectory: string): Promise<Map<Definition, ModuleReference>> {
  const found = new Map<Definition, ModuleReference>()
  const urls = await findModules(source, baseDirectory)
  for (const url of urls) {
    for (const [exportName, definition] of exportsOf(await importModule(url))) {
      if (!found.has(definition)) found.set(definition, Object.freeze({ url, exportName }))
    }
  }
  if (found.size === 0) {
    const path = urls.map((url) => fileURLToPath(url)).join(', ')
    throw new EngineError(
      'MODULE_LOAD_FAILED',
      `${path} ${urls.length > 1 ? 'define' : 'defines'} no function`,
      {
        path,
        hint: 'export what defineFunction({ … }) returns',
      },
    )
  }
  return found
}

function exportsOf(namespace: Readonly<Record<string, unknown>>): Map<string, Definition> {
  const definitions = new Map<string, Definition>()
  const collect = ([name, value]: [string, unknown]): void => {
    if (isDefinition(value) && !definitions.has(name)) definitions.set(name, value)
  }
  Object.entries(namespace).forEach(collect)
  // Node gives the exports of a CommonJS module as its default export, only some of them under their own names.
  const { default: whole } = namespace
  if (typeof whole === 'object' && whole !== null && !isDefinition(whole))
    Object.entries(whole).forEach(collect)
  return definitions
}

function isDefinition(value: unknown): value is Definition {
  return isFunctionDefinition(value) || isScalingGroup(value)
}

function checkNames(found: ReadonlyMap<Definition, ModuleReference | null>): void {
  const places = new Map<string, string>()
  for (const [definition, module] of found) {
    const noun = isFunctionDefinition(definition) ? 'function' : 'scaling group'
    const key = `${noun} ${definition.name.toLowerCase()}`
    const place =
      module === null
        ? 'among the definitions given'
        : `in ${fileURLToPath(module.url)} (${module.exportName})`
    const earlier = places.get(key)
    if (earlier !== undefined) {
      throw new EngineError(
        'DUPLICATE_NAME',
        `${noun} '${definition.name}' is defined twice: ${earlier} and ${place}`,
        {
          ...(noun === 'function' ? { function: definition.name } : {}),
          hint: 'names are the same in any letter case; rename one, perhaps with a namespace (text.upper)',
        },
      )
    }
    places.set(key, place)
  }
}

function notASource(index: number): EngineError {
  return new EngineError('CONFIG_INVALID', `functions[${index}] is neither a definition nor a path`, {
    hint: 'give what defineFunction({ … }) returns, or the path or glob of modules that export it',
  })
}
