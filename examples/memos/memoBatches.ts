import { createMemoWriter } from './memoWriter.ts'
import { createRandom } from './random.ts'

export interface MemoOptions {
  readonly rows: number
  /** Any integer; default 42. The same seed gives the same rows, whatever the size of the batches. */
  readonly seed?: number
  /** Share of memos, 0 to 1, that repeat an earlier one; default 0.1. */
  readonly duplicates?: number
  /** Share of memos, 0 to 1, that are null; default 0.02. */
  readonly nulls?: number
  /** Default 65,536. */
  readonly batchRows?: number
}

/** Rows of a ledger, a list a column. */
export interface MemoBatch {
  readonly id: BigInt64Array
  readonly amount: Float64Array
  readonly memo: readonly (string | null)[]
  /** Days since 1970-01-01. */
  readonly booked: Int32Array
}

/** Memos that can be repeated: a sample of all before, so that memory stays the same however many there are. */
const remembered = 4096
const firstDay = Date.UTC(2015, 0, 1) / 86_400_000
const days = 3653

/** Ledger rows in batches: memos in many scripts, with emoji, nulls and repetitions. */
export function* memoBatches(options: MemoOptions): Generator<MemoBatch> {
  const { rows, seed = 42, duplicates = 0.1, nulls = 0.02, batchRows = 65_536 } = options
  const random = createRandom(seed)
  const writeMemo = createMemoWriter()
  const earlier: string[] = []
  let written = 0
  const nextMemo = (): string | null => {
    if (random.chance(nulls)) return null
    if (earlier.length > 0 && random.chance(duplicates)) return random.pick(earlier)
    const memo = writeMemo(random)
    // Reservoir sampling: each memo so far is in the sample with the same probability.
    const slot = written < remembered ? written : random.below(written + 1)
    if (slot < remembered) earlier[slot] = memo
    written++
    return memo
  }
  for (let first = 0; first < rows; first += batchRows) {
    const length = Math.min(batchRows, rows - first)
    const batch = {
      id: new BigInt64Array(length),
      amount: new Float64Array(length),
      memo: [] as (string | null)[],
      booked: new Int32Array(length),
    }
    for (let row = 0; row < length; row++) {
      batch.id[row] = BigInt(first + row)
      batch.amount[row] = (random.below(200_000_000) - 100_000_000) / 100
      batch.booked[row] = firstDay + random.below(days)
      batch.memo.push(nextMemo())
    }
    yield batch
  }
}
