import { EngineError } from '../src/base/errors.ts'
import type { LiteralValue } from '../src/expr/expr.ts'
import { renderLiteral } from '../src/expr/renderLiteral.ts'
import type { Binder } from './binder.ts'
import type { ExpressionTree, QueryTree } from './tree.ts'
import { parseSerialized } from './treeJson.ts'
import { mapTree, walkTree } from './treeWalk.ts'

/** Values for `?` and `$1` in order, or for `$name` by name. */
export type Parameters = readonly LiteralValue[] | { readonly [name: string]: LiteralValue }

/** Puts the values of its parameters into a query, as constants. Throws SQL_INVALID for one without a value. */
export async function bindParameters(
  query: QueryTree,
  parameters: Parameters,
  binder: Binder,
): Promise<QueryTree> {
  const names = parameterNames(query)
  if (names.length === 0) return query
  const texts = names.map((name) => renderLiteral(valueOf(name, parameters), null))
  const read = parseSerialized(await binder.serialize(`SELECT ${texts.join(', ')}`))
  const [values] = read.kind === 'queries' ? read.queries : []
  const constants = values?.type === 'SELECT_NODE' ? values.select_list : []
  const byName = new Map(names.map((name, index) => [name, constants[index]]))
  return mapTree(query, {
    expression: (tree): ExpressionTree | undefined => {
      const constant = tree.class === 'PARAMETER' ? byName.get(tree.identifier) : undefined
      return constant === undefined ? undefined : { ...constant, alias: tree.alias }
    },
  })
}

function parameterNames(query: QueryTree): readonly string[] {
  const names = new Set<string>()
  walkTree(query, {
    expression: (tree) => {
      if (tree.class === 'PARAMETER') names.add(tree.identifier)
    },
  })
  return [...names]
}

export function valueOf(name: string, parameters: Parameters): LiteralValue {
  const values: ReadonlyMap<string, LiteralValue> = new Map(
    Array.isArray(parameters)
      ? parameters.map((value: LiteralValue, index) => [String(index + 1), value])
      : Object.entries(parameters).map(([key, value]) => [key.toLowerCase(), value]),
  )
  const value = values.get(name.toLowerCase())
  if (value !== undefined) return value
  const given = [...values.keys()].map((key) => `$${key}`).join(', ')
  const hint = given === '' ? 'no parameters were given' : `given were ${given}`
  throw new EngineError('SQL_INVALID', `parameter $${name} has no value`, { hint })
}
