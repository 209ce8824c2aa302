import { closingIndex, isOneOf, nameOf, significantTokens, type Token } from './tokens.ts'

/** Part of a statement's text, in UTF-16 units. */
export interface TextRange {
  readonly start: number
  readonly end: number
}

/**
 * What a statement is, as far as its calls are concerned. `query` is the SELECT within it; whether it is one, DuckDB's parser
 * must say.
 */
export type StatementShape =
  | { readonly kind: 'select' }
  | { readonly kind: 'explain'; readonly analyze: boolean; readonly inner: TextRange }
  | { readonly kind: 'copyTo' | 'createTableAs' | 'insertSelect'; readonly query: TextRange }
  | { readonly kind: 'createView' }
  | { readonly kind: 'other' }

const other: StatementShape = { kind: 'other' }
const queryStarts = ['select', 'from', 'with', 'values', 'table', 'pivot', 'unpivot', '('] as const

export function classifyStatement(text: string): StatementShape {
  const tokens = significantTokens(text)
  const [first] = tokens
  if (isOneOf(first, 'explain')) return explained(tokens)
  if (isOneOf(first, 'copy')) return copied(tokens)
  if (isOneOf(first, 'create')) return created(tokens)
  if (isOneOf(first, 'insert')) return inserted(tokens)
  if (isOneOf(first, 'with'))
    return isOneOf(verbAfterWith(tokens), ...queryStarts) ? { kind: 'select' } : other
  return isOneOf(first, ...queryStarts) ? { kind: 'select' } : other
}

/** The first token after the common table expressions. */
function verbAfterWith(tokens: readonly Token[]): Token | undefined {
  for (let index = 1; index < tokens.length; index++) {
    if (!isOneOf(tokens[index], '(')) continue
    index = closingIndex(tokens, index)
    const next = tokens[index + 1]
    // After a list of columns, or of the keys of a recursive one, the query itself is still to come.
    if (!isOneOf(next, ',', 'as', 'using')) return next
  }
  return undefined
}

/** `EXPLAIN [ANALYZE] …` or `EXPLAIN (ANALYZE, FORMAT json) …`. */
function explained(tokens: readonly Token[]): StatementShape {
  const options = isOneOf(tokens[1], '(') && !isOneOf(tokens[2], ...queryStarts)
  const close = options ? closingIndex(tokens, 1) : 0
  const given = options ? tokens.slice(2, close) : tokens.slice(1, 2)
  const analyze = given.some((token) => isOneOf(token, 'analyze', 'analyse'))
  const start = options ? close + 1 : analyze ? 2 : 1
  return { kind: 'explain', analyze, inner: rangeFrom(tokens, start) }
}

/** `COPY (query) TO …`. */
function copied(tokens: readonly Token[]): StatementShape {
  const close = closingIndex(tokens, 1)
  if (!isOneOf(tokens[1], '(') || !isOneOf(tokens[close + 1], 'to')) return other
  return { kind: 'copyTo', query: { start: tokens[2]?.start ?? 0, end: tokens[close - 1]?.end ?? 0 } }
}

function created(tokens: readonly Token[]): StatementShape {
  const what = tokens.findIndex((token) =>
    isOneOf(token, 'table', 'view', 'macro', 'function', 'schema', 'index', 'type'),
  )
  if (isOneOf(tokens[what], 'view')) return { kind: 'createView' }
  if (!isOneOf(tokens[what], 'table')) return other
  for (let index = what + 1; index < tokens.length; index++) {
    if (isOneOf(tokens[index], '(')) index = closingIndex(tokens, index)
    else if (isOneOf(tokens[index], 'as')) return createdAs(tokens, index + 1)
  }
  return other
}

/** What follows AS in CREATE TABLE, up to `WITH [NO] DATA`. */
function createdAs(tokens: readonly Token[], start: number): StatementShape {
  const data = isOneOf(tokens.at(-1), 'data')
  const with2 = data && isOneOf(tokens.at(-2), 'with') ? 2 : 0
  const with3 = data && isOneOf(tokens.at(-2), 'no') && isOneOf(tokens.at(-3), 'with') ? 3 : 0
  const end = tokens.length - Math.max(with2, with3)
  if (!isOneOf(tokens[start], ...queryStarts) || end <= start) return other
  return { kind: 'createTableAs', query: rangeFrom(tokens, start, end) }
}

/** `INSERT [OR …] INTO name [AS alias] [(columns)] [BY NAME] query`, without RETURNING and ON CONFLICT. */
function inserted(tokens: readonly Token[]): StatementShape {
  const into = tokens.findIndex((token) => isOneOf(token, 'into'))
  if (into < 0 || hasTail(tokens)) return other
  let index = afterName(tokens, into + 1)
  if (isOneOf(tokens[index], 'as')) index += 2
  const columns = isOneOf(tokens[index], '(') && !isOneOf(tokens[index + 1], ...queryStarts)
  if (columns) index = closingIndex(tokens, index) + 1
  if (isOneOf(tokens[index], 'by') && isOneOf(tokens[index + 1], 'name', 'position')) index += 2
  // Each value of VALUES is cast for itself, and may be DEFAULT.
  const query = isOneOf(tokens[index], ...queryStarts) && !isOneOf(tokens[index], 'values')
  return query ? { kind: 'insertSelect', query: rangeFrom(tokens, index) } : other
}

function hasTail(tokens: readonly Token[]): boolean {
  for (let index = 0; index < tokens.length; index++) {
    if (isOneOf(tokens[index], '(')) index = closingIndex(tokens, index)
    else if (isOneOf(tokens[index], 'returning')) return true
    else if (isOneOf(tokens[index], 'on') && isOneOf(tokens[index + 1], 'conflict')) return true
  }
  return false
}

/** Index after `name`, `schema.name` or `database.schema.name`. */
function afterName(tokens: readonly Token[], start: number): number {
  let index = start + 1
  while (isOneOf(tokens[index], '.') && nameOf(tokens[index + 1]) !== null) index += 2
  return index
}

function rangeFrom(tokens: readonly Token[], start: number, end: number = tokens.length): TextRange {
  return { start: tokens[start]?.start ?? 0, end: tokens[end - 1]?.end ?? 0 }
}
