import type { CallOptions, CallOutcome } from '../../catalog/policy/policies.ts'
import { combineOptions, withoutOnError } from '../../catalog/policy/readOptions.ts'
import type { DataType } from '../base/dataType.ts'
import { EngineError } from '../base/errors.ts'
import type {
  CallExpr,
  CaseBranch,
  CaseExpr,
  ColumnExpr,
  Expr,
  LiteralExpr,
  LiteralValue,
  SqlExpr,
  SqlScope,
} from './expr.ts'
import { quoteLiteral } from './renderLiteral.ts'

export function column(name: string): ColumnExpr {
  if (name === '') throw new EngineError('PLAN_INVALID', 'a column needs a name')
  return Object.freeze({ kind: 'column', name })
}

/** Throws PLAN_INVALID for a value that SQL text cannot hold: an invalid date, or text with half of a surrogate pair. */
export function literal(value: LiteralValue, type: DataType | null = null): LiteralExpr {
  checkLiteral(value)
  return Object.freeze({ kind: 'literal', value, type })
}

export interface CallDetails {
  readonly metadata?: Expr | null
  readonly options?: CallOptions | null
  /** Default `'value'`. */
  readonly outcome?: CallOutcome
  readonly site?: symbol | null
  /** Offset of the call in the text of the statement, in UTF-16 units. */
  readonly position?: number | null
}

export function call(name: string, args: readonly Expr[], details: CallDetails = {}): CallExpr {
  const { metadata = null, options = null, outcome = 'value', site = null, position = null } = details
  const own = { metadata, options, outcome, site, position }
  return Object.freeze({ kind: 'call', function: name, args: Object.freeze([...args]), ...own })
}

/** The call, tried: what reads its outcome in several places makes one call, unless it has no site. */
export function tried(made: CallExpr, site: symbol | null = Symbol(made.function)): CallExpr {
  const options = withoutOnError(made.options)
  return call(made.function, made.args, { ...made, options, outcome: 'try', site })
}

/** The call, tried for a column of its errors: rows that fail count. */
export function triedForErrors(made: CallExpr, site?: symbol | null): CallExpr {
  const options = combineOptions(made.options, { onError: 'column' })
  return call(made.function, made.args, { ...tried(made, site), options })
}

/** A field of a struct. */
export function structField(struct: Expr, name: string): SqlExpr {
  return sql(['struct_extract(', `, ${quoteLiteral(name)})`], [struct])
}

/** All of them; nested ANDs become one, a single operand stands alone, none is true. */
export function and(args: readonly Expr[]): Expr {
  return logical('and', args)
}

/** Any of them; nested ORs become one, a single operand stands alone, none is false. */
export function or(args: readonly Expr[]): Expr {
  return logical('or', args)
}

function logical(kind: 'and' | 'or', args: readonly Expr[]): Expr {
  const flat = args.flatMap((arg) => (arg.kind === kind ? arg.args : [arg]))
  const [first] = flat
  if (first === undefined) return literal(kind === 'and')
  return flat.length === 1 ? first : Object.freeze({ kind, args: Object.freeze(flat) })
}

export function caseWhen(branches: readonly CaseBranch[], otherwise: Expr | null = null): CaseExpr {
  if (branches.length === 0) throw new EngineError('PLAN_INVALID', 'CASE needs at least one branch')
  const frozen = branches.map(({ when, result }) => Object.freeze({ when, result }))
  return Object.freeze({ kind: 'case', branches: Object.freeze(frozen), otherwise })
}

/** The first operand that is not null; a single one stands alone. */
export function coalesce(args: readonly Expr[]): Expr {
  const [first] = args
  if (first === undefined) throw new EngineError('PLAN_INVALID', 'coalesce needs at least one operand')
  return args.length === 1 ? first : Object.freeze({ kind: 'coalesce', args: Object.freeze([...args]) })
}

export interface SqlOptions {
  /** Default `row`. */
  readonly scope?: SqlScope
  /** Default false. */
  readonly volatile?: boolean
}

/**
 * SQL text with holes, one part more than arguments. Columns belong into the holes: text that names columns of its own has
 * scope `query`. Arguments that are themselves text over one row become part of the text of an expression over one row.
 */
export function sql(parts: readonly string[], args: readonly Expr[], options: SqlOptions = {}): SqlExpr {
  if (parts.length !== args.length + 1) {
    throw new EngineError(
      'INTERNAL',
      `${args.length} arguments need ${args.length + 1} parts, got ${parts.length}`,
    )
  }
  const { scope = 'row', volatile = false } = options
  const texts = [parts[0] ?? '']
  const flat: Expr[] = []
  let anyVolatile = volatile
  const append = (text: string): void => {
    texts[texts.length - 1] += text
  }
  args.forEach((arg, index) => {
    if (scope === 'row' && arg.kind === 'sql' && arg.scope === 'row') {
      append(arg.parts[0] ?? '')
      flat.push(...arg.args)
      texts.push(...arg.parts.slice(1))
      anyVolatile ||= arg.volatile
    } else {
      flat.push(arg)
      texts.push('')
    }
    append(parts[index + 1] ?? '')
  })
  const frozen = { parts: Object.freeze(texts), args: Object.freeze(flat), scope, volatile: anyVolatile }
  return Object.freeze({ kind: 'sql', ...frozen })
}

function checkLiteral(value: LiteralValue): void {
  if (typeof value === 'string') {
    const lone = /\p{Surrogate}/u.exec(value)
    if (lone === null) return
    throw new EngineError(
      'PLAN_INVALID',
      `text with half of a surrogate pair at offset ${lone.index} is no literal`,
    )
  }
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) throw new EngineError('PLAN_INVALID', 'an invalid Date is no literal')
    return
  }
  for (const item of Object.values(value)) checkLiteral(item)
}
