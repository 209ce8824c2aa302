import { EngineError } from '../../src/base/errors.ts'
import type { Expr } from '../../src/expr/expr.ts'
import { call } from '../../src/expr/factories.ts'
import type { Column, ColumnState } from '../column.ts'
import type { FunctionCall } from '../functionCall.ts'
import { checkedName, columnExpr, structExpr } from '../operand.ts'
import { toSortKey } from '../sortOrder.ts'
import { windowClause } from '../windowClause.ts'

export type StateMethodName = 'alias' | 'over' | 'filterWhere' | 'orderedBy' | 'distinct' | 'withMetadata'

/** Methods that change what a column is rather than compute with it. */
export const stateMethods: {
  readonly [Method in StateMethodName]: (
    state: ColumnState,
    ...args: Parameters<Column[Method]>
  ) => ColumnState
} = {
  alias: (state, name) => ({ ...state, name: checkedName(name, 'alias') }),
  over: (state, window = {}) => changed(state, 'over', { over: windowClause(window, 'over') }),
  filterWhere: (state, condition) =>
    changed(state, 'filterWhere', { filter: columnExpr(condition, 'filterWhere') }),
  orderedBy: (state, ...keys) =>
    changed(state, 'orderedBy', { orderBy: keys.map((key) => toSortKey(key, 'orderedBy')) }),
  distinct: (state) => changed(state, 'distinct', { distinct: true }),
  withMetadata: ({ name, value }, metadata) => {
    if ('call' in value || value.expr.kind !== 'call') {
      throw new EngineError('WRONG_ARGUMENTS', 'withMetadata belongs to a catalog call', {
        hint: "F.catalogCall('extract_entities', _.memo).withMetadata({ language: 'de' })",
      })
    }
    const { function: called, args } = value.expr
    return { name, value: { expr: call(called, args, { metadata: metadataExpr(metadata) }) } }
  },
}

function changed({ name, value }: ColumnState, method: string, change: Partial<FunctionCall>): ColumnState {
  if (!('call' in value)) {
    throw new EngineError('PLAN_INVALID', `${method} belongs to an aggregate or window function`, {
      hint: 'call it on the function itself, before any other operator: F.sum(_.amount).over({ … }).plus(1)',
    })
  }
  if (value.call.over !== null) {
    throw new EngineError(
      'PLAN_INVALID',
      `${method} must come before over, which ends the call of ${value.call.name}`,
    )
  }
  return { name, value: { call: Object.freeze({ ...value.call, ...change }) } }
}

function metadataExpr(metadata: Readonly<Record<string, unknown>>): Expr {
  if (Object.keys(metadata).length > 0) return structExpr(metadata, 'withMetadata')
  throw new EngineError('WRONG_ARGUMENTS', 'withMetadata takes at least one value')
}
