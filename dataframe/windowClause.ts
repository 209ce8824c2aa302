import { EngineError } from '../src/base/errors.ts'
import type { Frame, FrameBound, Window } from './column.ts'
import { intervalText } from './columnMethods/dates.ts'
import type { WindowClause } from './functionCall.ts'
import { keyExpr, toSortKey } from './sortOrder.ts'

/** The clauses of a window as `over` takes them. */
export function windowClause({ partitionBy = [], orderBy = [], frame }: Window, place: string): WindowClause {
  return {
    partitionBy: listOf(partitionBy).map((key) => keyExpr(key, `${place}: partitionBy`)),
    orderBy: listOf(orderBy).map((sort) => toSortKey(sort, `${place}: orderBy`)),
    frame: frame === undefined ? null : frameText(frame, place),
  }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value]
}

function frameText(frame: Frame, place: string): string {
  const [[unit, bounds] = ['', null], ...others] = Object.entries(frame)
  if (
    others.length > 0 ||
    !['rows', 'range', 'groups'].includes(unit) ||
    !Array.isArray(bounds) ||
    bounds.length !== 2
  ) {
    throw new EngineError(
      'WRONG_ARGUMENTS',
      `${place}: a frame is one of rows, range and groups with two bounds`,
      {
        hint: 'frame: { rows: [-2, 0] } takes the two rows before the current one and itself',
      },
    )
  }
  const [start, end] = bounds as readonly [FrameBound, FrameBound]
  return `${unit.toUpperCase()} BETWEEN ${boundText(start, 'start', place)} AND ${boundText(end, 'end', place)}`
}

function boundText(bound: FrameBound, side: 'start' | 'end', place: string): string {
  if (bound === -Infinity) return 'UNBOUNDED PRECEDING'
  if (bound === Infinity) return 'UNBOUNDED FOLLOWING'
  if (bound === 0) return 'CURRENT ROW'
  if (typeof bound === 'number' && Number.isFinite(bound)) {
    return bound < 0 ? `${-bound} PRECEDING` : `${bound} FOLLOWING`
  }
  if (typeof bound === 'object' && bound !== null) return durationBound(bound, place)
  throw new EngineError(
    'WRONG_ARGUMENTS',
    `${place}: the ${side} of a frame must be a number or a duration, got ${String(bound)}`,
  )
}

/** DuckDB takes no negative distances: the sign says before or after. */
function durationBound(bound: Exclude<FrameBound, number>, place: string): string {
  const counts: readonly number[] = Object.values(bound)
  if (counts.every((count) => count >= 0)) return `${intervalText(bound, place)} FOLLOWING`
  if (counts.some((count) => count > 0)) {
    throw new EngineError(
      'WRONG_ARGUMENTS',
      `${place}: a duration in a frame must be all before or all after the row`,
    )
  }
  const positive = Object.fromEntries(Object.entries(bound).map(([unit, count]) => [unit, -count]))
  return `${intervalText(positive, place)} PRECEDING`
}
