import { EngineError } from '../src/base/errors.ts'
import type { Expr } from '../src/expr/expr.ts'
import { column, sql } from '../src/expr/factories.ts'
import { quoteLiteral } from '../src/expr/render.ts'
import { bindCalls } from './bindCalls.ts'
import { CteScope } from './cteScope.ts'
import { type Clause, type PendingExpr, translate, translateText } from './expression.ts'
import { functionKinds } from './functionKinds.ts'
import { checkInPlace } from './inPlaceCalls.ts'
import { NotLiftable } from './notLiftable.ts'
import { type Planning, startPlanning } from './planning.ts'
import type { SqlContext } from './planSelect.ts'
import { isAggregate } from './selectClauses.ts'
import { errorAt, positionOfCodePoint } from './sqlError.ts'
import type { ColumnTree, ExpressionTree } from './tree.ts'
import { parseSerialized } from './treeJson.ts'

const select = 'SELECT '

/**
 * An expression in SQL text: names are columns of the DataFrame that it is used in, functions may be those of the catalog.
 * Throws SQL_INVALID, CATALOG_CALL_INVALID, UNKNOWN_FUNCTION and WRONG_ARGUMENTS with the place in the text.
 */
export async function planExpression(text: string, { binder, catalog }: SqlContext): Promise<Expr> {
  const statement = select + text
  const place = { statement, offset: 0 }
  const parsed = parseSerialized(await binder.serialize(statement))
  if (parsed.kind === 'syntax') {
    const position = positionOfCodePoint(statement, parsed.position ?? 0)
    throw errorAt('SQL_INVALID', parsed.message, statement, { position })
  }
  const [query, ...more] = parsed.kind === 'queries' ? parsed.queries : []
  const kinds = functionKinds(await binder.functions())
  const bound = query === undefined ? null : bindCalls(query, { catalog, kinds, text: statement, place })
  const [item, ...items] = bound?.type === 'SELECT_NODE' ? bound.select_list : []
  if (
    bound?.type !== 'SELECT_NODE' ||
    item === undefined ||
    items.length + more.length > 0 ||
    bound.from_table.type !== 'EMPTY'
  ) {
    throw new EngineError('SQL_INVALID', `'${text}' is not one expression`)
  }
  const planning = startPlanning(statement, {
    binder,
    catalog,
    kinds,
    planQuery: async () => {
      throw new EngineError('SQL_INVALID', `'${text}' holds a query: use DataFrame.fromSql`)
    },
  })
  return translated(item, text, planning)
}

async function translated(item: ExpressionTree, text: string, planning: Planning): Promise<Expr> {
  const scope = new CteScope(planning.catalog)
  const clause: Clause = { planning, scope, unit: (tree) => unitOf(tree, clause) }
  try {
    const pending = translate(item, clause)
    await planning.printer.flush()
    const expr = pending()
    checkInPlace(planning.inPlace, select + text)
    return expr
  } catch (error) {
    if (!(error instanceof NotLiftable)) throw error
    throw new EngineError('SQL_INVALID', `'${text}' cannot be an expression of its own: ${error.reason}`)
  }
}

function unitOf(tree: ExpressionTree, clause: Clause): PendingExpr | null {
  if (tree.class === 'COLUMN_REF') {
    const expr = columnOf(tree)
    return () => expr
  }
  if (tree.class === 'WINDOW') return translateText(tree, clause, 'window')
  return isAggregate(tree, clause.planning) ? translateText(tree, clause, 'aggregate') : null
}

/** Points after the first name are fields of a struct: a DataFrame's columns have no tables. */
function columnOf({ column_names: [name = '', ...fields] }: ColumnTree): Expr {
  return fields.reduce<Expr>(
    (expr, field) => sql(['struct_extract(', `, ${quoteLiteral(field)})`], [expr]),
    column(name),
  )
}
