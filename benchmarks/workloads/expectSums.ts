/** What rounding and padding may change in a number of a row. */
const TOLERANCE = 1e-4

/** Throws unless sums of numbers near 1, one of each row, are those of the bare loop. */
export function expectSums(bare: readonly number[], found: readonly number[], rows: number): void {
  const [expected = Number.NaN] = bare
  const wrong = [...bare, ...found].find((sum) => !(Math.abs(sum - expected) <= rows * TOLERANCE))
  if (wrong === undefined) return
  throw new Error(`a sum over ${rows} results came out as ${wrong}, not ${expected}`)
}
