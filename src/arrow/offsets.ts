import { EngineError } from '../base/errors.ts'

const maxOffset = 2 ** 31 - 1

/** An offset that Arrow's 32 bits can hold; `what` says what is counted (`bytes of text`). */
export function checkedOffset(offset: number, what: string): number {
  if (offset <= maxOffset) return offset
  throw new EngineError(
    'BATCH_TOO_LARGE',
    `a batch holds at most 2,147,483,647 ${what} a column, not ${offset}`,
    {
      hint: 'make batches of fewer rows: lower maxBatchingSize',
    },
  )
}

/** Offsets that start at 0, of the same lengths. */
export function rebaseOffsets(offsets: Int32Array): Int32Array<ArrayBuffer> {
  const start = offsets[0] ?? 0
  const rebased = offsets.slice()
  if (start !== 0) for (let row = 0; row < rebased.length; row++) rebased[row]! -= start
  return rebased
}
