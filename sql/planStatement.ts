import { outputColumns } from '../src/plan/columns.ts'
import { appendErrorColumns, dropErrorColumns, errorName } from '../src/plan/errorColumns.ts'
import type { Binder } from './binder.ts'
import { mentionsCalls, rewriteCalls, type TextCall } from './calls.ts'
import { classifyStatement, type StatementShape, type TextRange } from './classify.ts'
import { checkInPlace } from './inPlaceCalls.ts'
import { planSelect, type SelectPlan, type SqlContext } from './planSelect.ts'
import type { StatementText } from './sqlError.ts'
import { tokenize } from './tokens.ts'
import { parseSerialized } from './treeJson.ts'

/** A statement that DuckDB runs as it is: it calls nothing, or makes its calls itself. Parameters are still to be bound. */
export interface TextStatement {
  readonly kind: 'text'
  readonly text: string
  /** Their functions must be registered with DuckDB. */
  readonly calls: readonly TextCall[]
}

export interface SelectStatement {
  readonly kind: 'select'
  readonly query: SelectPlan
}

/** A statement around a SELECT: `prefix`, a query that yields the rows of the plan under its names, `suffix`. */
export interface WrappedStatement {
  readonly kind: 'copyTo' | 'createTableAs' | 'insertSelect'
  readonly prefix: string
  readonly query: SelectPlan
  readonly suffix: string
}

/** EXPLAIN of another statement; `text` is the whole, for DuckDB's own explanation. */
export interface ExplainStatement {
  readonly kind: 'explain'
  readonly analyze: boolean
  readonly statement: PlannedStatement
  readonly text: string
}

export type PlannedStatement = TextStatement | SelectStatement | WrappedStatement | ExplainStatement

/**
 * Plans one statement of {@link splitStatements}. Positions in errors and calls count from its start. Throws SQL_INVALID,
 * CATALOG_CALL_INVALID, UNKNOWN_FUNCTION and WRONG_ARGUMENTS.
 */
export async function planStatement(statement: string, context: SqlContext): Promise<PlannedStatement> {
  return plan({ start: 0, end: statement.length }, statement, context)
}

/** A statement, or the part of one that EXPLAIN explains. */
interface Part extends StatementText {
  readonly text: string
}

async function plan(range: TextRange, statement: string, context: SqlContext): Promise<PlannedStatement> {
  const part = { text: statement.slice(range.start, range.end), statement, offset: range.start }
  const shape = classifyStatement(part.text)
  if (shape.kind === 'explain') {
    const { analyze, inner } = shape
    const explained = await plan(shifted(inner, range.start), statement, context)
    const { text } = rewriteCalls(part.text, context.catalog, part)
    return { kind: 'explain', analyze, statement: explained, text }
  }
  const planned = mentionsCalls(part.text, context.catalog) ? await planPart(shape, part, context) : null
  return planned ?? textStatement(part, context)
}

function textStatement(part: Part, { catalog }: SqlContext): TextStatement {
  const rewritten = rewriteCalls(part.text, catalog, part)
  checkInPlace(rewritten.calls, part.statement)
  return { kind: 'text', ...rewritten }
}

/** Null for a statement that is best left to DuckDB. */
async function planPart(
  shape: StatementShape,
  part: Part,
  context: SqlContext,
): Promise<SelectStatement | WrappedStatement | null> {
  if (shape.kind === 'select') {
    const query = await planSelect(part.text, context, part)
    return query === null ? null : { kind: 'select', query: withErrorColumns(query, context) }
  }
  if (!('query' in shape)) return null
  const { start, end } = shape.query
  const [prefix, inner, suffix] = [
    part.text.slice(0, start),
    part.text.slice(start, end),
    part.text.slice(end),
  ]
  if (hasParameters(prefix + suffix) || !(await isQuery(inner, context.binder))) return null
  const query = await planSelect(inner, context, { statement: part.statement, offset: part.offset + start })
  // With all its calls in place the statement is one for DuckDB.
  const whole = query?.plan.kind === 'opaque' && query.plan.inputs.length === 0
  if (query === null || whole) return null
  if (shape.kind !== 'insertSelect')
    return { kind: shape.kind, prefix, query: withErrorColumns(query, context), suffix }
  const withoutErrors = { ...query, plan: dropErrorColumns(query.plan, context.catalog) }
  return { kind: shape.kind, prefix, query: withoutErrors, suffix }
}

/** The query with a column of errors behind each column that is a call with `on_error: 'column'`. */
function withErrorColumns(query: SelectPlan, { catalog }: SqlContext): SelectPlan {
  const { plan: planned, errors } = appendErrorColumns(query.plan, catalog)
  if (errors.size === 0) return query
  const columns = outputColumns(query.plan) ?? []
  const names = query.names.flatMap((name, index) =>
    errors.has(columns[index] ?? '') ? [name, errorName(name)] : [name],
  )
  return { ...query, plan: planned, names }
}

async function isQuery(text: string, binder: Binder): Promise<boolean> {
  const parsed = parseSerialized(await binder.serialize(text))
  return parsed.kind === 'queries' && parsed.queries.length === 1
}

function hasParameters(text: string): boolean {
  return tokenize(text).some(({ kind }) => kind === 'parameter')
}

function shifted({ start, end }: TextRange, by: number): TextRange {
  return { start: start + by, end: end + by }
}
