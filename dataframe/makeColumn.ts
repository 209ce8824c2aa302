import { EngineError } from '../src/base/errors.ts'
import type { Expr } from '../src/expr/expr.ts'
import { formatExpr } from '../src/expr/print.ts'
import { renderExpr } from '../src/expr/render.ts'
import { type Column, type ColumnLike, type ColumnState, columnState } from './column.ts'
import { callMethods } from './columnMethods/calls.ts'
import { dateMethods } from './columnMethods/dates.ts'
import { nestedMethods } from './columnMethods/nested.ts'
import { operators } from './columnMethods/operators.ts'
import { stateMethods } from './columnMethods/states.ts'
import { textMethods } from './columnMethods/text.ts'
import { callToExpr, type FunctionCall, functionCall, incompleteCallToExpr } from './functionCall.ts'
import { lambdaExpr } from './lambda.ts'
import { checkedName, exprOf, toExpr } from './operand.ts'
import { sortOrder } from './sortOrder.ts'

type Method = (this: ColumnLike, ...args: never[]) => unknown
type Methods = Readonly<Record<string | symbol, Method>>

/** A column of an expression; `name` is what it is called without an alias. */
export function columnOf<T>(expr: Expr, name: string | null = null): Column<T> {
  return columnOfState({ value: { expr }, name })
}

/** A call of a function of DuckDB; aggregates and window functions stay open for further clauses. */
export function columnOfCall<T>(call: FunctionCall): Column<T> {
  const value = call.scope === 'row' ? { expr: callToExpr(call) } : { call: Object.freeze(call) }
  return columnOfState({ value, name: null })
}

/** Arguments of a function of DuckDB; JavaScript functions become its lambdas. */
export function toArguments(values: readonly unknown[], place: string): Expr[] {
  return values.map((value) => (isLambda(value) ? lambdaExpr(value, columnOf, place) : toExpr(value, place)))
}

/** Functions but the methods of columns, which someone forgot to call. */
export function isLambda(value: unknown): value is (...columns: Column[]) => unknown {
  return typeof value === 'function' && Object.values(columnMethods).every((method) => method !== value)
}

const exprMethods: Readonly<Record<string, (self: Expr, ...args: never[]) => Expr>> = {
  ...operators,
  ...textMethods,
  ...dateMethods,
  ...nestedMethods,
  listTransform: (self, body) => listExpr('list_transform', self, body),
  listFilter: (self, condition) => listExpr('list_filter', self, condition),
}

function listExpr(name: string, self: Expr, body: unknown): Expr {
  if (!isLambda(body)) {
    const hint = '_.amounts.listTransform((amount) => amount.times(2))'
    throw new EngineError('WRONG_ARGUMENTS', 'listTransform and listFilter take a function over columns', {
      hint,
    })
  }
  return callToExpr(functionCall(name, [self, lambdaExpr(body, columnOf, name)]))
}

const columnMethods: Methods = methodsOf({
  ...mapped(
    exprMethods,
    (method) =>
      (self, ...args) =>
        columnOf(method(exprOf(self), ...args)),
  ),
  ...mapped(
    { ...stateMethods, ...callMethods },
    (method) =>
      (self, ...args) =>
        columnOfState(method(self[columnState], ...args)),
  ),
  asc: (self) => sortOrder({ expr: exprOf(self), descending: false, nullsFirst: null }),
  desc: (self) => sortOrder({ expr: exprOf(self), descending: true, nullsFirst: null }),
  call: (self, name: string, ...args) =>
    columnOfCall(functionCall(checkedName(name, 'call'), toArguments([self, ...args], name))),
  toString: sqlOf,
  [Symbol.for('nodejs.util.inspect.custom')]: (self) => `Column(${textOf(self)})`,
  [Symbol.toPrimitive]: (self, hint: string) => {
    if (hint === 'string') return sqlOf(self)
    throw new EngineError(
      'WRONG_ARGUMENTS',
      `the column ${textOf(self)} has no value while a query is built`,
      {
        hint: 'JavaScript has no operators for columns: write .plus(1), .gt(1), .eq(1), .and(…)',
      },
    )
  },
})

type SelfMethod = (self: ColumnLike, ...args: never[]) => unknown

function mapped<From>(
  methods: Readonly<Record<string, From>>,
  map: (method: From) => SelfMethod,
): Readonly<Record<string, SelfMethod>> {
  return Object.fromEntries(Object.entries(methods).map(([name, method]) => [name, map(method)]))
}

/** Methods that take their column as `this`. */
function methodsOf(methods: Readonly<Record<string | symbol, SelfMethod>>): Methods {
  const bound: Record<string | symbol, Method> = Object.create(null)
  for (const name of Reflect.ownKeys(methods)) {
    const method = methods[name]
    if (method === undefined) continue
    bound[name] = function callMethod(...args) {
      return method(this, ...args)
    }
  }
  return Object.freeze(bound)
}

function columnOfState<T>(state: ColumnState): Column<T> {
  const target = Object.assign(Object.create(columnMethods), { [columnState]: Object.freeze(state) })
  return new Proxy(Object.freeze(target), fieldAccess)
}

/** What is no method is a field of a struct. */
const fieldAccess: ProxyHandler<ColumnLike> = {
  get: (target, name, column) =>
    typeof name === 'symbol' || name in target ? Reflect.get(target, name, column) : column.field(name),
}

/** The expression in SQL, so that it can stand in other text. */
function sqlOf(column: ColumnLike): string {
  return renderExpr(exprSoFar(column), { calls: 'read' })
}

/** The expression for people to read. */
function textOf(column: ColumnLike): string {
  return formatExpr(exprSoFar(column))
}

function exprSoFar(column: ColumnLike): Expr {
  const { value } = column[columnState]
  return 'call' in value ? incompleteCallToExpr(value.call) : value.expr
}
