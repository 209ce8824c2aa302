import type { FunctionRow } from './binder.ts'
import { isOneOf, nameOf, significantTokens } from './tokens.ts'

/** What calling one of DuckDB's functions may mean; a macro means what any function in its definition means. */
export interface FunctionKind {
  readonly macro: boolean
  /** Computes over the rows of a group. */
  readonly aggregate: boolean
  readonly volatile: boolean
  /** Gives another number of rows than it gets. */
  readonly unnests: boolean
  /** Reads tables. */
  readonly queries: boolean
  /** Computes over a window. */
  readonly windows: boolean
}

export interface FunctionKinds {
  of(name: string): FunctionKind
  /** Whether `schema.name` is a macro; otherwise the name before the point is a column, as in `memo.upper()`. */
  isInSchema(schema: string, name: string): boolean
}

const plain: FunctionKind = {
  macro: false,
  aggregate: false,
  volatile: false,
  unnests: false,
  queries: false,
  windows: false,
}
const unnesting: ReadonlySet<string> = new Set(['unnest', 'unlist'])
const ownSchemas: ReadonlySet<string> = new Set([
  'main',
  'pg_catalog',
  'system',
  'temp',
  'information_schema',
])
const known = new WeakMap<readonly FunctionRow[], FunctionKinds>()

export function functionKinds(rows: readonly FunctionRow[]): FunctionKinds {
  const made = known.get(rows) ?? classify(rows)
  known.set(rows, made)
  return made
}

function classify(rows: readonly FunctionRow[]): FunctionKinds {
  const byName = new Map<string, FunctionRow[]>()
  for (const row of rows) byName.set(row.name, [...(byName.get(row.name) ?? []), row])
  const schemas = new Set(rows.map(({ schema, name }) => `${schema}.${name}`))
  const kinds = new Map<string, FunctionKind>()
  const of = (name: string): FunctionKind => {
    const key = name.toLowerCase()
    const made = kinds.get(key)
    if (made !== undefined) return made
    // A macro that calls itself finds itself plain here.
    kinds.set(key, plain)
    const kind = (byName.get(key) ?? []).map((row) => kindOfRow(row, of)).reduce(either, ownKind(key))
    kinds.set(key, kind)
    return kind
  }
  return {
    of,
    isInSchema: (schema, name) =>
      ownSchemas.has(schema.toLowerCase()) || schemas.has(`${schema}.${name}`.toLowerCase()),
  }
}

function ownKind(name: string): FunctionKind {
  return unnesting.has(name) ? { ...plain, unnests: true } : plain
}

function kindOfRow(row: FunctionRow, of: (name: string) => FunctionKind): FunctionKind {
  const own = { ...plain, aggregate: row.kind === 'aggregate', volatile: row.volatile }
  if (row.kind !== 'macro' || row.definition === null) return own
  const tokens = significantTokens(row.definition)
  const called = tokens.filter((_, index) => isOneOf(tokens[index + 1], '(')).map(nameOf)
  const meant = called.filter((name) => name !== null).map(of)
  const queries = tokens.some((token) => isOneOf(token, 'select', 'from'))
  const windows = tokens.some((token) => isOneOf(token, 'over'))
  return meant.reduce(either, { ...own, macro: true, queries, windows })
}

function either(a: FunctionKind, b: FunctionKind): FunctionKind {
  return {
    macro: a.macro || b.macro,
    aggregate: a.aggregate || b.aggregate,
    volatile: a.volatile || b.volatile,
    unnests: a.unnests || b.unnests,
    queries: a.queries || b.queries,
    windows: a.windows || b.windows,
  }
}
