import { bindArguments, formatSignature } from '../catalog/catalog.ts'
import type { FunctionSignature } from '../catalog/function.ts'
import { nameKey } from '../src/plan/names.ts'
import { errorAt, showingPlace } from './sqlError.ts'

/** An argument as it is written: `value`, or `name => value`. */
export interface GivenArgument<Value> {
  readonly name: string | null
  readonly value: Value
}

export interface BoundArguments<Value> {
  /** In the order of the function's inputs. */
  readonly args: readonly Value[]
  /** What `metadata => {…}` gave, which is no argument unless the function has an input of that name. */
  readonly metadata: Value | null
  /** What `options => {…}` gave, likewise. */
  readonly options: Value | null
}

interface CallPlace {
  readonly statement: string
  /** UTF-16 units from the start of the statement. */
  readonly position: number
}

/** Puts arguments in the order of a function's inputs. Throws WRONG_ARGUMENTS, showing the place of the call. */
export function bindGiven<Value>(
  signature: FunctionSignature,
  given: readonly GivenArgument<Value>[],
  { statement, position }: CallPlace,
): BoundArguments<Value> {
  const positional = given.filter(({ name }) => name === null).map(({ value }) => value)
  const named = new Map<string, Value>()
  const keys = new Set<string>()
  for (const { name, value } of given) {
    if (name === null) continue
    if (keys.has(nameKey(name))) throw givenTwice(signature, name, { statement, position })
    keys.add(nameKey(name))
    named.set(name, value)
  }
  const metadata = take(signature, named, 'metadata')
  const options = take(signature, named, 'options')
  const args = showingPlace(statement, () => bindArguments(signature, positional, named, position))
  return { args, metadata, options }
}

function take<Value>({ inputs }: FunctionSignature, named: Map<string, Value>, own: string): Value | null {
  if (inputs.some(({ name }) => nameKey(name) === own)) return null
  const key = [...named.keys()].find((name) => nameKey(name) === own)
  if (key === undefined) return null
  const value = named.get(key) ?? null
  named.delete(key)
  return value
}

function givenTwice(signature: FunctionSignature, name: string, { statement, position }: CallPlace): Error {
  const { name: own, version } = signature
  const message = `function '${own}' got argument '${name}' twice`
  const details = { function: own, version, hint: formatSignature(signature), position }
  return errorAt('WRONG_ARGUMENTS', message, statement, details)
}
