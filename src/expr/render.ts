import { EngineError, unreachable } from '../base/errors.ts'
import type { CallExpr, Expr } from './expr.ts'
import { renderLiteral } from './renderLiteral.ts'

export { quoteLiteral } from './renderLiteral.ts'

export interface RenderExprOptions {
  /** How a column is written; default its quoted name. */
  readonly column?: (name: string) => string
  /** How a column is written within a subquery, whose own columns hide those of one name; default as elsewhere. */
  readonly outerColumn?: (name: string) => string
  /** How the name of a catalog function is written; default its quoted name. */
  readonly callee?: (name: string) => string
}

/** An identifier in double quotes. */
export function quoteIdentifier(name: string): string {
  if (name.includes('\0'))
    throw new EngineError('NAME_INVALID', `a name cannot hold a NUL character: ${JSON.stringify(name)}`)
  return `"${name.replaceAll('"', '""')}"`
}

/** An expression as SQL of DuckDB that can stand anywhere within another. Calls become `"name"(args)`. */
export function renderExpr(expr: Expr, options: RenderExprOptions = {}): string {
  const render = (child: Expr): string => renderExpr(child, options)
  switch (expr.kind) {
    case 'column':
      return (options.column ?? quoteIdentifier)(expr.name)
    case 'literal':
      return renderLiteral(expr.value, expr.type)
    case 'call':
      return renderCall(expr, options)
    case 'and':
    case 'or':
      return `(${expr.args.map(render).join(` ${expr.kind.toUpperCase()} `)})`
    case 'coalesce':
      return `coalesce(${expr.args.map(render).join(', ')})`
    case 'case': {
      const branches = expr.branches.map(({ when, result }) => `WHEN ${render(when)} THEN ${render(result)}`)
      const otherwise = expr.otherwise === null ? [] : [`ELSE ${render(expr.otherwise)}`]
      return ['CASE', ...branches, ...otherwise, 'END'].join(' ')
    }
    case 'sql': {
      const { outerColumn } = options
      if (expr.scope === 'query' && outerColumn !== undefined && outerColumn !== options.column) {
        return renderExpr(expr, { ...options, column: outerColumn })
      }
      return expr.parts
        .map((part, index) => (index === 0 ? part : render(expr.args[index - 1]!) + part))
        .join('')
    }
    default:
      return unreachable(expr)
  }
}

/** Metadata travels as JSON text in one more argument, after those of the function. */
function renderCall({ function: name, args, metadata }: CallExpr, options: RenderExprOptions): string {
  const render = (arg: Expr): string => renderExpr(arg, options)
  const given = args.map(render)
  if (metadata !== null) given.push(`CAST(to_json(${render(metadata)}) AS VARCHAR)`)
  return `${(options.callee ?? quoteIdentifier)(name)}(${given.join(', ')})`
}
