import { EngineError } from '../base/errors.ts'
import type { Expr } from '../expr/expr.ts'
import { quoteIdentifier, renderExpr } from '../expr/render.ts'
import { outputColumns } from './columns.ts'
import type { JoinPlan } from './plan.ts'
import { type RenderNames, type Select, selectFrom } from './select.ts'

/** Aliases that no subquery of a user hides. */
const aliases = { l: '__left', r: '__right' } as const

/** What stands for the two sides of a join after FROM. */
export interface JoinSides {
  readonly left: string
  readonly right: string
}

const keywords: Readonly<Record<JoinPlan['type'], string>> = {
  inner: 'JOIN',
  left: 'LEFT JOIN',
  right: 'RIGHT JOIN',
  full: 'FULL JOIN',
  semi: 'SEMI JOIN',
  anti: 'ANTI JOIN',
  cross: 'CROSS JOIN',
  asof: 'ASOF JOIN',
}

/** Every column is written with the side that it comes from. */
export function selectFromJoin(plan: JoinPlan, sides: JoinSides, names: RenderNames): Select {
  const columns = outputColumns(plan)
  const written = columnWriter(plan)
  const condition =
    written === null ? unqualifiedCondition(plan, names) : renderCondition(plan, written, names)
  const from = `${sides.left} AS ${aliases.l} ${keywords[plan.type]} ${sides.right} AS ${aliases.r}${condition}`
  return selectFrom(from, columns, written)
}

function renderCondition({ type, using, on }: JoinPlan, written: ColumnWriter, names: RenderNames): string {
  if (type === 'cross') return ''
  const equal = using.map((name) => `${side('l', name)} = ${side('r', name)}`)
  const rest = on === null ? [] : [renderOn(on, written, names)]
  const conditions = [...equal, ...rest]
  return ` ON ${conditions.length === 0 ? 'true' : conditions.join(' AND ')}`
}

/** While columns are not known DuckDB itself finds the side of each. */
function unqualifiedCondition({ type, using, on }: JoinPlan, names: RenderNames): string {
  if (type === 'cross') return ''
  if (using.length === 0) return ` ON ${on === null ? 'true' : renderOn(on, quoteIdentifier, names)}`
  if (on === null) return ` USING (${using.map(quoteIdentifier).join(', ')})`
  throw new EngineError(
    'INTERNAL',
    'a join by columns and by a condition is rendered before its inputs are analyzed',
  )
}

type ColumnWriter = (name: string) => string

function renderOn(on: Expr, written: ColumnWriter, names: RenderNames): string {
  const { inPlace, calls } = names
  return renderExpr(on, { column: written, callee: (name) => quoteIdentifier(inPlace(name)), calls })
}

function columnWriter({ type, left, right, using }: JoinPlan): ColumnWriter | null {
  const ofLeft = outputColumns(left)
  const ofRight = outputColumns(right)
  if (ofLeft === null || ofRight === null) return null
  const shared = new Set(using)
  const inLeft = new Set(ofLeft)
  return (name) => {
    if (!shared.has(name)) return side(inLeft.has(name) ? 'l' : 'r', name)
    if (type === 'full') return `coalesce(${side('l', name)}, ${side('r', name)})`
    return side(type === 'right' ? 'r' : 'l', name)
  }
}

function side(alias: 'l' | 'r', name: string): string {
  return `${aliases[alias]}.${quoteIdentifier(name)}`
}
