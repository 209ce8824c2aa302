import type { DataType, Schema } from '../src/base/dataType.ts'
import { formatType } from '../src/base/formatType.ts'
import { column, literal } from '../src/expr/factories.ts'
import { aggregate, explode, project } from '../src/plan/factories.ts'
import type { LogicalPlan } from '../src/plan/plan.ts'
import type { Column, ColumnLike } from './column.ts'
import { F } from './functions.ts'
import { isNumeric } from './isNumeric.ts'
import { columnOf } from './makeColumn.ts'
import { exprOf, toExpr } from './operand.ts'

/** Figures of one column; those that its type does not have are null. */
export interface ColumnDescription extends Record<string, unknown> {
  column: string
  type: string
  /** Values that are not null. */
  count: bigint
  nulls: bigint
  /** Different values, about. */
  distinct: bigint
  min: string | null
  max: string | null
  mean: number | null
  std: number | null
  q25: number | null
  median: number | null
  q75: number | null
}

const figures = 'figures'

/** A row of figures for each column, in one pass: a list of structs in one row, a struct a row, a column a field. */
export function planDescription(input: LogicalPlan, schema: Schema): LogicalPlan {
  const described = schema.map(({ name, type }) => F.struct(description(name, type)))
  const list = aggregate(input, [], [{ name: figures, expr: toExpr(described, 'describe') }])
  const fields = Object.keys(description(figures, { kind: 'null' }))
  const row = columnOf(column(figures))
  return project(
    explode(list, figures),
    fields.map((name) => ({ name, expr: exprOf(row.field(name)) })),
  )
}

function description(
  name: string,
  type: DataType,
): Readonly<Record<keyof ColumnDescription & string, ColumnLike>> {
  const values: Column = columnOf(column(name))
  const number: Column<number | null> = isNumeric(type)
    ? values.cast('DOUBLE')
    : columnOf(literal(null, { kind: 'double' }))
  const text: Column = isOrdered(type) ? values : columnOf(literal(null))
  return {
    column: F.lit(name),
    type: F.lit(formatType(type)),
    count: F.count(values),
    nulls: F.countAll().minus(F.count(values)),
    distinct: F.approxCountDistinct(values),
    min: F.min(text).cast('VARCHAR'),
    max: F.max(text).cast('VARCHAR'),
    mean: F.avg(number),
    std: standardDeviation(number),
    q25: F.quantileCont(number, 0.25),
    median: F.median(number),
    q75: F.quantileCont(number, 0.75),
  }
}

/** DuckDB fails the query where a square is out of range; then the figure is missing. */
function standardDeviation(values: Column<number | null>): Column<number | null> {
  const inRange = values.abs().lt(1e150)
  return F.when(F.count(values).filterWhere(inRange).eq(F.count(values))).then(
    F.stddev(values).filterWhere(inRange),
  )
}

/** Whether the least and the greatest value say something. */
function isOrdered({ kind }: DataType): boolean {
  return !['null', 'list', 'array', 'struct', 'map', 'union', 'geometry'].includes(kind)
}
