import type { CatalogSnapshot } from '../catalog/function.ts'
import { invalidOption, sqlCallPlace } from '../catalog/policy/place.ts'
import type { CallOptions, CallOutcome } from '../catalog/policy/policies.ts'
import { callOf } from './bindCalls.ts'
import { argumentsOf } from './callForms.ts'
import { lambdasOf } from './lambda.ts'
import { showingPlace } from './sqlError.ts'
import type { ExpressionTree } from './tree.ts'
import { walkTree } from './treeWalk.ts'

/** A call that stays within SQL, where DuckDB makes it. */
export interface InPlaceCall {
  readonly function: string
  /** UTF-16 units from the start of the statement. */
  readonly position: number
  /** Why it cannot be lifted, to go after "stays in place because". */
  readonly reason: string
  readonly options: CallOptions | null
  readonly outcome: CallOutcome
}

/** The calls that a text holds; `reason` goes for those that nothing about their place explains. */
export function inPlaceCalls(
  tree: unknown,
  catalog: CatalogSnapshot,
  reason: string,
): readonly InPlaceCall[] {
  const found: InPlaceCall[] = []
  const within = (part: unknown, why: string): false => {
    found.push(...inPlaceCalls(part, catalog, why))
    return false
  }
  walkTree(tree, {
    expression: (expression) => {
      const call = callOf(expression, catalog)
      if (call !== null) {
        const { signature, position, options, outcome } = call
        found.push({ function: signature.name, position, reason, options, outcome })
        return within(argumentsOf(call), reason)
      }
      if (expression.class === 'SUBQUERY') {
        const { subquery, ...outside } = expression
        within(Object.values(outside), reason)
        return within(subquery, reasons.subquery)
      }
      const why = reasonOf(expression)
      return why === null || within(Object.values(expression), why)
    },
    query: (query) => query.type !== 'RECURSIVE_CTE_NODE' || within(Object.values(query), reasons.recursive),
    table: (table) => {
      if (table.type === 'JOIN') {
        within(table.left, reason)
        within(table.right, reason)
        return within(table.condition, reasons.join)
      }
      if (table.type === 'TABLE_FUNCTION') return within(table.function, reasons.tableFunction)
      return table.type !== 'EXPRESSION_LIST' || within(Object.values(table), reasons.values)
    },
  })
  return found
}

/** Throws CATALOG_CALL_INVALID for a call that asks for a column of its errors where none can stand beside it. */
export function checkInPlace(
  calls: readonly (Omit<InPlaceCall, 'reason'> & { readonly reason?: string })[],
  statement: string,
): void {
  const call = calls.find(({ options }) => options?.onError === 'column')
  if (call === undefined) return
  const { function: name, position, reason = 'only a SELECT is looked into' } = call
  showingPlace(statement, () => {
    throw invalidOption(
      sqlCallPlace(name, position),
      `has on_error 'column', but no column can stand behind it: ${reason}`,
      "use on_error 'null', or try_catalog_call, whose 'error' says why a row failed",
    )
  })
}

/** Whether an expression holds a call that can be computed before it. */
export function hasLiftableCall(tree: ExpressionTree, catalog: CatalogSnapshot): boolean {
  let found = false
  walkTree(tree, {
    expression: (expression) => {
      found ||= callOf(expression, catalog) !== null
      if (found || isTry(expression)) return false
      if (expression.class !== 'FUNCTION' || lambdasOf(expression).length === 0) return true
      const lambdas: readonly ExpressionTree[] = lambdasOf(expression)
      found = expression.children.some((child) => !lambdas.includes(child) && hasLiftableCall(child, catalog))
      return false
    },
    query: () => false,
  })
  return found
}

/** TRY turns an error of what is within it into NULL, so the call must fail there. */
export function isTry(tree: ExpressionTree): boolean {
  return tree.class === 'OPERATOR' && tree.type === 'OPERATOR_TRY'
}

const reasons = {
  try: 'TRY has to see its errors',
  lambda: 'a lambda computes it for each item of a list',
  subquery: 'it is in a subquery within an expression',
  join: 'it is in the condition of a join',
  tableFunction: 'it is an argument of a table function',
  values: 'it is in VALUES',
  recursive: 'it is in a recursive query',
} as const

function reasonOf(tree: ExpressionTree): string | null {
  if (isTry(tree)) return reasons.try
  return tree.class === 'FUNCTION' && lambdasOf(tree).length > 0 ? reasons.lambda : null
}
