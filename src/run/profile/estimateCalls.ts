import type { Price } from '../../../catalog/policy/policies.ts'
import type { FunctionHistory } from '../../../catalog/store/stateStore.ts'
import { formatCount, formatCounted, formatDollars, formatMilliseconds } from './formatFigures.ts'

/** What is known of calls before they are made. */
export interface CallForecast {
  /** Rows to call. */
  readonly rows: number
  /** Rows of a batch at most; null where that is not fixed. */
  readonly batchSize: number | null
  /** Whether each row is a call of its own, whatever earlier runs did. */
  readonly rowByRow: boolean
  /** Calls in flight at once. */
  readonly concurrency: number
  readonly price: Price | null
  /** What earlier runs taught; null for a function that was never run. */
  readonly history: FunctionHistory | null
}

/** What calls will probably take. */
export interface CallEstimate {
  readonly rows: number
  readonly calls: number
  /** Null where no earlier run taught how long a call takes. */
  readonly seconds: number | null
  /** Null where there is neither a price nor an earlier run. */
  readonly dollars: number | null
  /** Rows of earlier runs that it stands on; 0 for none. */
  readonly learnedRows: number
}

/** Carries what earlier runs measured over to so many rows. */
export function estimateCalls(forecast: CallForecast): CallEstimate {
  const { rows, batchSize, rowByRow, concurrency, history } = forecast
  const learned = history !== null && history.calls > 0 ? history : null
  const filled = learned === null || learned.rows === 0 ? (batchSize ?? 1) : learned.rows / learned.calls
  const batches = Math.ceil(rows / filled)
  const calls = rowByRow ? rows : batches
  return {
    rows,
    calls,
    seconds:
      learned === null
        ? null
        : ((learned.milliseconds / learned.calls) * batches) /
          1000 /
          Math.min(concurrency, Math.max(calls, 1)),
    dollars: estimateDollars(forecast, learned, calls),
    learnedRows: learned?.rows ?? 0,
  }
}

function estimateDollars(
  { rows, price }: CallForecast,
  learned: FunctionHistory | null,
  calls: number,
): number | null {
  // What runs measured holds units that handlers report, and attempts that failed.
  if (learned !== null && learned.rows > 0 && learned.dollars > 0)
    return (learned.dollars / learned.rows) * rows
  if (price !== null) return price.perCall * calls + price.perRow * rows
  return learned === null ? null : 0
}

/** `estimate: 64,000 rows in 1,000 calls, 1.56 s, $0.42 (from 1,000 rows of earlier runs)` */
export function describeEstimate({ rows, calls, seconds, dollars, learnedRows }: CallEstimate): string {
  const parts = [
    `${formatCounted(rows, 'row')} in ${formatCounted(calls, 'call')}`,
    ...(seconds === null ? [] : [formatMilliseconds(seconds * 1000)]),
    ...(dollars === null ? [] : [formatDollars(dollars)]),
  ]
  const source =
    learnedRows === 0
      ? 'no earlier run'
      : `from ${formatCount(learnedRows)} ${learnedRows === 1 ? 'row' : 'rows'} of earlier runs`
  return `estimate: ${parts.join(', ')} (${source})`
}
