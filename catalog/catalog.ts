import { EngineError } from '../src/base/errors.ts'
import { formatType } from '../src/base/formatType.ts'
import { suggestNames } from '../src/base/suggest.ts'
import type { CatalogSnapshot, FunctionSignature } from './function.ts'
import type { RegisteredFunction } from './registerFunction.ts'

/** A catalog with what carries its calls out. A query is planned by the one that it starts with, and calls by it to its end. */
export interface Catalog extends CatalogSnapshot {
  /** By the names of their signatures. */
  readonly registered: ReadonlyMap<string, RegisteredFunction>
}

export function createCatalog(functions: readonly RegisteredFunction[]): Catalog {
  const registered = new Map(functions.map((own) => [own.signature.name, own]))
  return Object.freeze({ ...createSnapshot(functions), registered })
}

/** The catalog as a query sees it from start to end. */
export function createSnapshot(registered: Iterable<Pick<RegisteredFunction, 'signature'>>): CatalogSnapshot {
  const functions = new Map([...registered].map(({ signature }) => [signature.name, signature]))
  return Object.freeze({ functions })
}

/** The function of a name, in any letter case; throws UNKNOWN_FUNCTION with suggestions. `position` is its place in a statement. */
export function lookup(
  snapshot: CatalogSnapshot,
  name: string,
  position: number | null = null,
): FunctionSignature {
  const signature = findFunction(snapshot, name)
  if (signature !== null) return signature
  const suggestion = suggestNames(name, snapshot.functions.keys(), 'the catalog')
  const details = { function: name, ...(position === null ? {} : { position }) }
  throw new EngineError('UNKNOWN_FUNCTION', `unknown catalog function '${name}': ${suggestion}`, details)
}

/** As {@link lookup}, but null for a name that is not there. */
export function findFunction(snapshot: CatalogSnapshot, name: string): FunctionSignature | null {
  const exact = snapshot.functions.get(name)
  if (exact !== undefined) return exact
  const key = name.toLowerCase()
  for (const signature of snapshot.functions.values()) {
    if (signature.name.toLowerCase() === key) return signature
  }
  return null
}

/** `extract_entities(memo VARCHAR) → VARCHAR[]` */
export function formatSignature(signature: FunctionSignature): string {
  return `${signature.name}${formatTypes(signature)}`
}

/** `(age FLOAT, plan VARCHAR) → FLOAT[2]` */
export function formatTypes({ inputs, output }: Pick<FunctionSignature, 'inputs' | 'output'>): string {
  const parameters = inputs.map(({ name, type }) => `${name} ${formatType(type)}`).join(', ')
  return `(${parameters}) → ${formatType(output)}`
}

/** Throws WRONG_ARGUMENTS unless `count` is the number of the function's inputs. */
export function checkArity(
  signature: FunctionSignature,
  count: number,
  position: number | null = null,
): void {
  if (count !== signature.inputs.length)
    throw wrongArguments(signature, `${takes(signature)}, got ${count}`, position)
}

/**
 * Arguments in the order of the function's inputs: the positional ones first, then those given by name, in any letter case.
 * Throws WRONG_ARGUMENTS.
 */
export function bindArguments<Argument>(
  signature: FunctionSignature,
  positional: readonly Argument[],
  named: ReadonlyMap<string, Argument> = new Map(),
  position: number | null = null,
): Argument[] {
  const { inputs } = signature
  if (named.size === 0) {
    checkArity(signature, positional.length, position)
    return [...positional]
  }
  const byName = new Map<string, Argument>()
  for (const [name, argument] of named) {
    const index = inputs.findIndex((input) => input.name.toLowerCase() === name.toLowerCase())
    const input = inputs[index]
    if (input === undefined) {
      const names = inputs.map((candidate) => candidate.name)
      throw wrongArguments(
        signature,
        `has no argument '${name}': ${suggestNames(name, names, 'it')}`,
        position,
      )
    }
    if (index < positional.length || byName.has(input.name)) {
      throw wrongArguments(signature, `got argument '${input.name}' twice`, position)
    }
    byName.set(input.name, argument)
  }
  if (positional.length + named.size > inputs.length)
    checkArity(signature, positional.length + named.size, position)
  const rest = inputs.slice(positional.length).map(({ name }) => {
    const argument = byName.get(name)
    if (argument === undefined) throw wrongArguments(signature, `got no argument '${name}'`, position)
    return argument
  })
  return [...positional, ...rest]
}

function takes({ inputs }: FunctionSignature): string {
  if (inputs.length === 0) return 'takes no arguments'
  return `takes ${inputs.length} argument${inputs.length === 1 ? '' : 's'}`
}

function wrongArguments(signature: FunctionSignature, problem: string, position: number | null): EngineError {
  return new EngineError('WRONG_ARGUMENTS', `function '${signature.name}' ${problem}`, {
    function: signature.name,
    version: signature.version,
    hint: formatSignature(signature),
    ...(position === null ? {} : { position }),
  })
}
