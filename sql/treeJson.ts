import { EngineError } from '../src/base/errors.ts'
import { nameKey } from '../src/plan/names.ts'
import type { ExpressionTree, QueryTree } from './tree.ts'
import { isExpression } from './treeWalk.ts'

/** What `json_serialize_sql` answers. */
export type SerializedStatement =
  | { readonly kind: 'queries'; readonly queries: readonly QueryTree[] }
  /** `unsupported`: DuckDB knows the statement but does not serialize it. `position` counts code points. */
  | {
      readonly kind: 'syntax' | 'unsupported'
      readonly message: string
      readonly position: number | null
    }

interface Answer {
  readonly error: boolean
  readonly statements?: readonly { readonly node: QueryTree }[]
  readonly error_type?: string
  readonly error_message?: string
  readonly position?: string
}

// Marks a number that a double does not hold as it is written. No text in SQL contains a NUL.
const exactMark = '\u0000'
const stringOrNumber = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g
const markedNumber = /"\\u0000([^"]*)"/g

/** Reads the answer of `json_serialize_sql` without losing a digit of its numbers. */
export function parseSerialized(json: string): SerializedStatement {
  const exact = json.replace(stringOrNumber, (text) =>
    text.startsWith('"') || String(Number(text)) === text ? text : `"\\u0000${text}"`,
  )
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the format of DuckDB's own function
  const answer = JSON.parse(exact) as Answer
  if (!answer.error) return { kind: 'queries', queries: (answer.statements ?? []).map(({ node }) => node) }
  const position = answer.position === undefined ? null : Number(answer.position)
  const kind = answer.error_type === 'parser' ? 'syntax' : 'unsupported'
  return { kind, message: answer.error_message ?? 'cannot be parsed', position }
}

/** The tree of a statement as `json_deserialize_sql` reads it. */
export function writeSerialized(node: QueryTree): string {
  const json = JSON.stringify({ error: false, statements: [{ node, named_param_map: [] }] })
  return json.replace(markedNumber, '$1')
}

/** The digits of a number in a tree. */
export function numberText(value: unknown): string {
  if (typeof value === 'number') return String(value)
  if (typeof value === 'string' && value.startsWith(exactMark)) return value.slice(1)
  throw new EngineError('INTERNAL', `expected a number in a tree of DuckDB's parser, got ${typeof value}`)
}

/** Equal for expressions that differ in nothing but place, alias and the letter case of column names. */
export function fingerprint(tree: ExpressionTree): string {
  return JSON.stringify({ ...tree, alias: '' }, (key, value: unknown) => {
    if (key === 'query_location') return undefined
    return key === 'column_names' && Array.isArray(value)
      ? value.map((name: unknown) => nameKey(String(name)))
      : value
  })
}

/**
 * Equal for trees that mean the same, though DuckDB's printer wrote one so that its parser reads the other: truth values as
 * casts, VALUES as a subquery, grouping sets in another order.
 */
export function meaning(tree: unknown): string {
  return JSON.stringify(canonical(tree))
}

function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical)
  if (typeof value !== 'object' || value === null) return value
  const entries = new Map<string, unknown>(Object.entries(value))
  entries.delete('query_location')
  const functionName = entries.get('function_name')
  if (typeof functionName === 'string') entries.set('function_name', functionName.toLowerCase())
  if (isTruthValue(value)) return canonicalTruth(value)
  if (entries.has('group_sets')) groupByMeaning(entries)
  const byKey = [...entries].toSorted(([a], [b]) => (a < b ? -1 : 1))
  const simple = Object.fromEntries(byKey.map(([key, child]) => [key, canonical(child)]))
  return withoutValuesWrapper(simple)
}

interface TruthValue {
  readonly alias: string
  readonly value: { readonly value: unknown }
}

function isTruthValue(value: object): value is TruthValue {
  return (
    isExpression(value) &&
    value.class === 'CONSTANT' &&
    value.value.type.id === 'BOOLEAN' &&
    !value.value.is_null
  )
}

function canonicalTruth({ alias, value }: TruthValue): unknown {
  const letter = value.value === true ? 't' : 'f'
  const type = { id: 'VARCHAR', type_info: null }
  const child = {
    class: 'CONSTANT',
    type: 'VALUE_CONSTANT',
    alias: '',
    value: { type, is_null: false, value: letter },
  }
  const cast = { id: 'BOOLEAN', type_info: null }
  return canonical({ class: 'CAST', type: 'OPERATOR_CAST', alias, child, cast_type: cast, try_cast: false })
}

function groupByMeaning(entries: Map<string, unknown>): void {
  const expressions = entries.get('group_expressions')
  const sets = entries.get('group_sets')
  if (!Array.isArray(expressions) || !Array.isArray(sets)) return
  const texts = expressions.map((expression: unknown) => meaning(expression))
  const named = sets.map((set: readonly number[]) =>
    JSON.stringify(set.map((index) => texts[index] ?? '').toSorted(byText)),
  )
  entries.set('group_expressions', texts.toSorted(byText))
  entries.set('group_sets', named.toSorted(byText))
}

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** `(VALUES …) AS v` is read back as `(SELECT * FROM (VALUES …) AS v) AS v`. */
function withoutValuesWrapper(table: object): unknown {
  const inner = property(property(property(table, 'subquery'), 'node'), 'from_table')
  const wraps = property(table, 'type') === 'SUBQUERY' && property(inner, 'type') === 'EXPRESSION_LIST'
  const aliases = property(table, 'column_name_alias')
  const named = Array.isArray(aliases) && aliases.length > 0
  return wraps && !named && property(inner, 'alias') === property(table, 'alias') ? inner : table
}

function property(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null
    ? new Map<string, unknown>(Object.entries(value)).get(key)
    : undefined
}
