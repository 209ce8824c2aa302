/** Milliseconds of a batch: `fixed + perRow · rows + perSquare · rows²`, none of them negative. */
export interface BatchCost {
  readonly fixed: number
  readonly perRow: number
  readonly perSquare: number
}

interface Observation {
  readonly rows: number
  readonly milliseconds: number
  /** Counts up. */
  readonly number: number
}

/** Batches of one size, within a factor of two, that are remembered: those of other sizes keep their part of the picture. */
const MEMORY = 16
/** Times by which sizes must differ to tell fixed cost from cost per row. */
const SPREAD = 1.5
/** What clocks of milliseconds cannot tell from nothing. */
const RESOLUTION = 0.5
/** Share of the error that a cost beyond the linear one must explain. */
const WORTH_A_CURVE = 0.1
/** Times that a batch takes no longer, for its rows, than a later one about as large, unless the machine had paused. */
const PAUSED = 1.3
/** Batches after which what was measured counts half. */
const HALF_LIFE = 256

/** Learns what a batch costs from those that were made lately. */
export class CostModel {
  readonly #observations = new Map<number, Observation[]>()
  #seen = 0
  #cost: BatchCost | null = null

  /** Null until batches of different sizes were seen. */
  get cost(): BatchCost | null {
    return this.#cost
  }

  add(rows: number, milliseconds: number): void {
    const octave = Math.floor(Math.log2(rows))
    const alike = (this.#observations.get(octave) ?? []).filter(
      (seen) => seen.milliseconds <= PAUSED * milliseconds * Math.max(1, seen.rows / rows),
    )
    this.#observations.set(octave, [...alike.slice(1 - MEMORY), { rows, milliseconds, number: this.#seen++ }])
    const all = [...this.#observations.values()].flat()
    const sizes = all.map((seen) => seen.rows)
    if (Math.max(...sizes) >= SPREAD * Math.min(...sizes)) this.#cost = fit(all, this.#cost, this.#seen)
  }
}

export function millisecondsOf({ fixed, perRow, perSquare }: BatchCost, rows: number): number {
  return fixed + perRow * rows + perSquare * rows * rows
}

/**
 * The fewest rows, up to `most`, with this share of the highest throughput that any batch up to `most` rows has; or those with the
 * highest throughput of all batches that take no longer than `maxLatency`, if these are fewer.
 */
export function efficientRows(
  cost: BatchCost,
  limits: { readonly most: number; readonly maxLatency: number; readonly share: number },
): number {
  const sizes: { rows: number; milliseconds: number; rate: number }[] = []
  for (let rows = 1; rows <= limits.most; rows = Math.ceil(rows * 1.04)) {
    const milliseconds = millisecondsOf(cost, rows)
    sizes.push({ rows, milliseconds, rate: rows / Math.max(milliseconds, 1e-3) })
  }
  const highest = (among: typeof sizes): number => Math.max(...among.map(({ rate }) => rate))
  const inTime = sizes.filter(({ milliseconds }, index) => index === 0 || milliseconds <= limits.maxLatency)
  const enough = Math.min(highest(inTime), limits.share * highest(sizes))
  return inTime.find(({ rate }) => rate >= enough)!.rows
}

/** Least squares of relative errors, without negative costs: the best of the fits that leave some of the three out. */
function fit(observations: readonly Observation[], before: BatchCost | null, seen: number): BatchCost {
  const scale = Math.max(...observations.map(({ rows }) => rows))
  const powers = [0, 0, 0, 0, 0]
  const times = [0, 0, 0]
  let total = 0
  for (const { rows, milliseconds, number } of observations) {
    const expected = before === null ? 0 : millisecondsOf(before, rows)
    // What took far longer than expected, such as a pause of the machine, counts less.
    const weight = 0.5 ** ((seen - number) / HALF_LIFE) / Math.max(milliseconds, expected, RESOLUTION) ** 2
    const size = rows / scale
    for (let power = 0; power < 5; power++) powers[power]! += weight * size ** power
    for (let power = 0; power < 3; power++) times[power]! += weight * milliseconds * size ** power
    total += weight * milliseconds * milliseconds
  }
  const error = (costs: readonly number[]): number =>
    costs.reduce((sum, a, i) => {
      const crossed = costs.reduce((part, b, j) => part + b * powers[i + j]!, 0)
      return sum + a * (crossed - 2 * times[i]!)
    }, total)
  const best = (choices: readonly (readonly number[])[]): readonly number[] =>
    choices
      .map((terms) => solve(terms, powers, times))
      .filter((costs) => costs.every((cost) => cost >= 0))
      .reduce((a, b) => (error(b) < error(a) ? b : a), [0, 0, 0])
  const linear = best([[0], [1], [0, 1]])
  const curved = best([[2], [0, 2], [1, 2], [0, 1, 2]])
  const isCurved = error(linear) - error(curved) > WORTH_A_CURVE * error(linear) + 1e-9 * total
  const [fixed, perRow, perSquare] = isCurved ? curved : linear
  return { fixed: fixed!, perRow: perRow! / scale, perSquare: perSquare! / (scale * scale) }
}

/** The normal equations for some of the terms, by elimination; the others are 0. A term that cannot be told is NaN. */
function solve(terms: readonly number[], powers: readonly number[], times: readonly number[]): number[] {
  const rows = terms.map((i) => [...terms.map((j) => powers[i + j]!), times[i]!])
  for (let pivot = 0; pivot < rows.length; pivot++) {
    const own = rows[pivot]!
    for (const [index, row] of rows.entries()) {
      if (index === pivot) continue
      const factor = row[pivot]! / own[pivot]!
      for (let k = pivot; k < row.length; k++) row[k]! -= factor * own[k]!
    }
  }
  const costs = [0, 0, 0]
  for (const [index, term] of terms.entries()) costs[term] = rows[index]!.at(-1)! / rows[index]![index]!
  return costs
}
