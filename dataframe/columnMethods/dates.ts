import { EngineError } from '../../src/base/errors.ts'
import type { Expr } from '../../src/expr/expr.ts'
import { literal } from '../../src/expr/factories.ts'
import type { DateUnit, Duration } from '../column.ts'
import { toExpr } from '../operand.ts'
import { sql, sqlOfPieces } from '../sqlPieces.ts'
import { type ColumnMethods, scalar } from './methods.ts'

export type DateMethodName =
  | 'year'
  | 'quarter'
  | 'month'
  | 'week'
  | 'day'
  | 'dayOfWeek'
  | 'dayOfYear'
  | 'hour'
  | 'minute'
  | 'second'
  | 'truncate'
  | 'plusInterval'
  | 'minusInterval'
  | 'until'
  | 'strftime'
  | 'strptime'

export const dateMethods: ColumnMethods<DateMethodName> = {
  year: (self) => scalar('year', self),
  quarter: (self) => scalar('quarter', self),
  month: (self) => scalar('month', self),
  week: (self) => scalar('week', self),
  day: (self) => scalar('day', self),
  dayOfWeek: (self) => scalar('dayofweek', self),
  dayOfYear: (self) => scalar('dayofyear', self),
  hour: (self) => scalar('hour', self),
  minute: (self) => scalar('minute', self),
  second: (self) => scalar('second', self),
  truncate: (self, unit) => scalar('date_trunc', unitLiteral(unit, 'truncate'), self),
  plusInterval: (self, duration) => sql`(${self} + ${intervalExpr(duration, 'plusInterval')})`,
  minusInterval: (self, duration) => sql`(${self} - ${intervalExpr(duration, 'minusInterval')})`,
  until: (self, later, unit) => scalar('date_diff', unitLiteral(unit, 'until'), self, toExpr(later, 'until')),
  strftime: (self, format) => scalar('strftime', self, toExpr(format, 'strftime')),
  strptime: (self, format) => scalar('strptime', self, toExpr(format, 'strptime')),
}

const units: readonly DateUnit[] = [
  'microsecond',
  'millisecond',
  'second',
  'minute',
  'hour',
  'day',
  'week',
  'month',
  'quarter',
  'year',
  'decade',
  'century',
  'millennium',
]
const durationUnits: ReadonlySet<string> = new Set(units.slice(0, 11).map((unit) => `${unit}s`))

function unitLiteral(unit: DateUnit, method: string): Expr {
  if (units.includes(unit)) return literal(unit)
  throw new EngineError('WRONG_ARGUMENTS', `${method}: '${unit}' is no unit of time`, {
    hint: `use ${units.join(', ')}`,
  })
}

function intervalExpr(duration: Duration, method: string): Expr {
  return sqlOfPieces([intervalText(duration, method)], 'row', false)
}

/** A literal of type INTERVAL: `INTERVAL '1 month -3 days'`. */
export function intervalText(duration: Duration, method: string): string {
  const parts = Object.entries(duration).map(([unit, count]) => {
    if (!durationUnits.has(unit)) {
      throw new EngineError('WRONG_ARGUMENTS', `${method}: a duration has no '${unit}'`, {
        hint: `use ${[...durationUnits].join(', ')}`,
      })
    }
    if (!Number.isSafeInteger(count)) {
      throw new EngineError(
        'WRONG_ARGUMENTS',
        `${method}: ${unit} must be a whole number, got ${String(count)}`,
      )
    }
    return `${count} ${unit}`
  })
  return `INTERVAL '${parts.length === 0 ? '0 days' : parts.join(' ')}'`
}
