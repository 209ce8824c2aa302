import type { RegisteredFunction } from '../../catalog/registerFunction.ts'
import type { CallResult } from '../../udf/executor.ts'
import { TestRun } from '../invocations.ts'
import { batchOf, firstContextOf, type Harness, numbersOf, range } from './batchingHarness.ts'

export interface StreamOptions {
  readonly rows: number
  /** Rows of each batch of the stage. */
  readonly stageRows: number
  /** Batches of the stage in flight at least; more where the source wants more rows. */
  readonly window: number
}

/** Calls a function over a stream of numbers as a call stage does; gives what comes out, in order. */
export async function stream(
  harness: Harness,
  fn: RegisteredFunction,
  { rows, stageRows, window }: StreamOptions,
): Promise<(number | null)[]> {
  const run = new TestRun()
  const source = harness.batching.openSource([fn], run)
  const inFlight: Promise<CallResult>[] = []
  const results: (number | null)[] = []
  let [read, batch] = [0, 0]
  const mayRead = (): boolean =>
    read < rows && inFlight.length < Math.max(window, Math.ceil(source.wantedRows() / stageRows))
  try {
    while (read < rows || inFlight.length > 0) {
      source.active()
      while (mayRead()) {
        const length = Math.min(stageRows, rows - read)
        const context = firstContextOf({ batch: batch++, firstRow: read, run, source })
        const result = harness.invoke(fn, batchOf(range(read, length)), context)
        result.catch(() => {})
        inFlight.push(result)
        read += length
      }
      if (read < rows) source.idle()
      else source.end()
      results.push(...numbersOf((await inFlight.shift()!).column))
    }
    return results
  } finally {
    source.end()
    await run.end()
  }
}
