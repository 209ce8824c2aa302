/** Values that the rows' numbers are taken modulo of. */
export const DISTINCT = 1000
const BATCH_ROWS = 64

/** Sum of `id % DISTINCT` over so many rows. */
export function sumOfRepeated(rows: number): number {
  const rest = rows % DISTINCT
  const whole = (rows - rest) / DISTINCT
  return (whole * DISTINCT * (DISTINCT - 1) + rest * (rest - 1)) / 2
}

/** Throws unless the rows that are called fill their batches. */
export function expectCalls(calls: number, calledRows: number): void {
  const expected = Math.ceil(calledRows / BATCH_ROWS)
  if (calls !== expected) throw new Error(`${calledRows} rows took ${calls} calls instead of ${expected}`)
}
