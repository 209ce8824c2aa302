import { EngineError } from '../../src/base/errors.ts'
import type { Column, ColumnState } from '../column.ts'
import type { FunctionCall } from '../functionCall.ts'
import { checkedName, columnExpr } from '../operand.ts'
import { toSortKey } from '../sortOrder.ts'
import { windowClause } from '../windowClause.ts'

export type StateMethodName = 'alias' | 'over' | 'filterWhere' | 'orderedBy' | 'distinct'

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
