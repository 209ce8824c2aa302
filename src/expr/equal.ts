import { formatType } from '../base/formatType.ts'
import type { Expr, LiteralValue } from './expr.ts'

const keys = new WeakMap<Expr, string>()

/** A text that two expressions share if and only if they say the same; where a call was written does not count. */
export function exprKey(expr: Expr): string {
  const known = keys.get(expr)
  if (known !== undefined) return known
  const key = JSON.stringify(describe(expr))
  keys.set(expr, key)
  return key
}

export function exprEquals(left: Expr, right: Expr): boolean {
  return left === right || exprKey(left) === exprKey(right)
}

function describe(expr: Expr): unknown {
  switch (expr.kind) {
    case 'column':
      return ['column', expr.name]
    case 'literal':
      return ['literal', describeValue(expr.value), expr.type === null ? null : formatType(expr.type)]
    case 'call': {
      const metadata = expr.metadata === null ? null : exprKey(expr.metadata)
      return ['call', expr.function, expr.args.map(exprKey), metadata, expr.options, expr.outcome]
    }
    case 'and':
    case 'or':
    case 'coalesce':
      return [expr.kind, expr.args.map(exprKey)]
    case 'case': {
      const branches = expr.branches.map(({ when, result }) => [exprKey(when), exprKey(result)])
      return ['case', branches, expr.otherwise === null ? null : exprKey(expr.otherwise)]
    }
    case 'sql':
      return ['sql', expr.scope, expr.volatile, expr.parts, expr.args.map(exprKey)]
  }
}

function describeValue(value: LiteralValue): unknown {
  if (typeof value === 'number') return ['number', Object.is(value, -0) ? '-0' : String(value)]
  if (typeof value === 'bigint') return ['bigint', String(value)]
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Date) return ['date', value.getTime()]
  if (value instanceof Uint8Array) return ['bytes', Buffer.from(value).toString('hex')]
  if (Array.isArray(value)) return ['list', value.map(describeValue)]
  return ['struct', Object.entries(value).map(([name, item]) => [name, describeValue(item)])]
}
