import { lookup } from '../../catalog/catalog.ts'
import type { CatalogSnapshot, FunctionSignature } from '../../catalog/function.ts'
import { mergeBatching } from '../../catalog/policy/mergePolicies.ts'
import type { CallStage, StageCall } from '../stage/stage.ts'

/** Rows of a batch that go from one stage to the next: enough to make the cost of a message small. */
export const STAGE_BATCH_ROWS = 8192

/** Microseconds that a batch of a function with a known cost should take: every thread gets some even of a few rows. */
const BATCH_COST = 50_000

/** Rows of a batch that a reader gets. */
export const RESULT_BATCH_ROWS = 8192

export interface BatchSizing {
  /** Rows of each batch of the stage's input: whole multiples of what the functions take, so that none is half empty. */
  readonly batchRows: number
  readonly maxInFlight: number
}

/** How a call stage reads its input, so that every executor has its next batch at hand but memory stays bounded. */
export function batchSizing(
  stage: CallStage,
  catalog: CatalogSnapshot,
  concurrencyOf: (call: StageCall) => number,
): BatchSizing {
  const calls = stage.calls.map((call) => ({ call, signature: lookup(catalog, call.function) }))
  const largest = Math.max(...calls.map(({ call, signature }) => callRows(call, signature) ?? 1))
  const enough = Math.min(
    STAGE_BATCH_ROWS,
    ...calls.map(({ signature }) => Math.ceil(BATCH_COST / (signature.costPerRow ?? 1))),
  )
  const batchRows = largest >= enough ? largest : Math.ceil(enough / largest) * largest
  const needed = calls.map(({ call, signature }) => {
    const rows = callRows(call, signature) ?? batchRows
    return Math.ceil((concurrencyOf(call) * rows * 1.5) / batchRows) + 1
  })
  return { batchRows, maxInFlight: Math.max(2, ...needed) }
}

/** Rows of one call at most; null where that is not fixed. */
function callRows({ options }: StageCall, { batching }: FunctionSignature): number | null {
  const most = mergeBatching(batching, options)?.maxBatchingSize
  return typeof most === 'number' ? most : null
}
