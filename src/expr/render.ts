import { givenOptions, type OptionValue } from '../../catalog/policy/givenOptions.ts'
import { optionsText } from '../../catalog/policy/optionsText.ts'
import type { CallOptions } from '../../catalog/policy/policies.ts'
import { errorType } from '../../catalog/policy/tryType.ts'
import { EngineError, unreachable } from '../base/errors.ts'
import { formatType } from '../base/formatType.ts'
import type { CallExpr, Expr } from './expr.ts'
import { quoteLiteral, renderLiteral } from './renderLiteral.ts'

export { quoteLiteral } from './renderLiteral.ts'

export interface RenderExprOptions {
  /** How a column is written; default its quoted name. */
  readonly column?: (name: string) => string
  /** How a column is written within a subquery, whose own columns hide those of one name; default as elsewhere. */
  readonly outerColumn?: (name: string) => string
  /** How the name of a catalog function is written; default its quoted name. */
  readonly callee?: (name: string) => string
  /** For whom calls are written; default DuckDB, to bind them. */
  readonly calls?: CallForm
}

/**
 * How calls are written. `bound` is what DuckDB binds, which says nothing of options, and of a tried call no more than its type;
 * without options and not tried, it is also what DuckDB calls. `made` is what it calls with options, and for a tried call.
 * `read` is what people read and write.
 */
export type CallForm = 'bound' | 'made' | 'read'

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

function renderCall(expr: CallExpr, options: RenderExprOptions): string {
  const render = (arg: Expr): string => renderExpr(arg, options)
  const args = expr.args.map(render)
  const metadata = expr.metadata === null ? null : render(expr.metadata)
  const callee = options.callee ?? quoteIdentifier
  switch (options.calls ?? 'bound') {
    case 'bound':
      return boundCall(expr, callee(expr.function), withMetadata(args, metadata))
    case 'made':
      return `${callee(calledName(expr))}(${madeArguments(expr, args, metadata).join(', ')})`
    case 'read':
      return readCall(expr, callee(expr.function), args, metadata)
  }
}

/** Metadata travels as JSON text in one more argument, after those of the function. */
function withMetadata(args: readonly string[], metadata: string | null): readonly string[] {
  return metadata === null ? args : [...args, `CAST(to_json(${metadata}) AS VARCHAR)`]
}

function boundCall({ outcome }: CallExpr, callee: string, args: readonly string[]): string {
  const value = `${callee}(${args.join(', ')})`
  return outcome === 'value'
    ? value
    : `struct_pack(value := ${value}, error := CAST(NULL AS ${formatType(errorType)}))`
}

/**
 * The name of the SQL function that makes a call: another for calls that are tried, which gives a struct, and whose metadata and
 * options are always there.
 */
export function calledName({ function: name, outcome }: Pick<CallExpr, 'function' | 'outcome'>): string {
  return outcome === 'try' ? `${name}@try` : name
}

/** Options travel as JSON text after the metadata; with options, or tried, a call has both, NULL where there is none. */
function madeArguments(
  { options, outcome }: CallExpr,
  args: readonly string[],
  metadata: string | null,
): readonly string[] {
  if (options === null && outcome === 'value') return withMetadata(args, metadata)
  const before = metadata === null ? [...args, 'NULL'] : withMetadata(args, metadata)
  return [...before, options === null ? 'NULL' : quoteLiteral(optionsText(options))]
}

function readCall(
  { function: name, outcome, options }: CallExpr,
  callee: string,
  args: readonly string[],
  metadata: string | null,
): string {
  const given = [
    ...args,
    ...(metadata === null ? [] : [`metadata => ${metadata}`]),
    ...(options === null ? [] : [`options => ${formatOptions(options)}`]),
  ]
  return outcome === 'value'
    ? `${callee}(${given.join(', ')})`
    : `try_catalog_call(${[quoteLiteral(name), ...given].join(', ')})`
}

/** Options as a call in SQL is given them. */
export function formatOptions(options: CallOptions): string {
  return formatOption(givenOptions(options))
}

function formatOption(value: OptionValue): string {
  if (typeof value === 'string') return quoteLiteral(value)
  if (Array.isArray(value)) return `[${value.map(formatOption).join(', ')}]`
  if (typeof value !== 'object' || value === null) return value === null ? 'NULL' : String(value)
  return `{${Object.entries(value)
    .map(([name, item]) => `${name}: ${formatOption(item)}`)
    .join(', ')}}`
}
