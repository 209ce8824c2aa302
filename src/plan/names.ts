import { EngineError } from '../base/errors.ts'
import { nearestNames } from '../base/suggest.ts'
import { mapExprChildren } from '../expr/children.ts'
import type { Expr } from '../expr/expr.ts'
import { column } from '../expr/factories.ts'

const listedColumns = 12

/** Names that DuckDB takes for the same have the same key: it ignores the case of the letters A to Z. */
export function nameKey(name: string): string {
  return name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
}

/** Throws DUPLICATE_NAME; `place` says whose columns they are (`project`). */
export function checkDistinct(names: readonly string[], place: string): void {
  const seen = new Set<string>()
  for (const name of names) {
    if (name === '') throw new EngineError('PLAN_INVALID', `${place} has a column without a name`)
    const key = nameKey(name)
    if (seen.has(key)) {
      throw new EngineError('DUPLICATE_NAME', `${place} has two columns named '${name}'`, { column: name })
    }
    seen.add(key)
  }
}

/** The columns of an input, to be found by names whose case may differ. */
export class ColumnScope {
  readonly #columns: readonly string[]
  readonly #byKey: ReadonlyMap<string, string>

  constructor(columns: readonly string[]) {
    this.#columns = columns
    this.#byKey = new Map(columns.map((name) => [nameKey(name), name]))
  }

  /** The column's own spelling; undefined if there is none. */
  find(name: string): string | undefined {
    return this.#byKey.get(nameKey(name))
  }

  /** The column's own spelling. Throws UNKNOWN_COLUMN. */
  resolveName(name: string): string {
    const own = this.find(name)
    if (own !== undefined) return own
    const near = nearestNames(name, this.#columns).map((candidate) => `'${candidate}'`)
    const suggestion = near.length === 0 ? '' : `: did you mean ${near.join(' or ')}?`
    const hint = `the input has ${listNames(this.#columns)}`
    throw new EngineError('UNKNOWN_COLUMN', `unknown column '${name}'${suggestion}`, { column: name, hint })
  }

  /**
   * The expression with each column in its own spelling. Text of scope `query` may hold columns of its own, so what stands
   * in it is taken as it is.
   */
  resolve(expr: Expr): Expr {
    if (expr.kind === 'column') {
      const own = this.resolveName(expr.name)
      return own === expr.name ? expr : column(own)
    }
    if (expr.kind === 'sql' && expr.scope === 'query') return expr
    return mapExprChildren(expr, (child) => this.resolve(child))
  }
}

function listNames(names: readonly string[]): string {
  if (names.length === 0) return 'no columns'
  const more = names.length - listedColumns
  const listed = names.slice(0, listedColumns).join(', ')
  return more > 0 ? `${listed} and ${more} more` : listed
}
