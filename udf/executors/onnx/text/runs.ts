/** Texts that go into one run of a model. */
export interface TextRun {
  /** Their numbers, by length. */
  readonly rows: Int32Array
  /** Tokens that each is filled up to: as many as the longest has. */
  readonly tokens: number
}

export interface RunLimits {
  readonly maxRows: number
  /** What a run costs besides its tokens, in tokens. */
  readonly runCost: number
  /** Whether texts may be filled up: not where the graph is not told which tokens are padding. */
  readonly pads: boolean
}

/**
 * Puts texts of like length together, so that the least work is done: that of all tokens, padding included, and of the runs
 * themselves. `lengths` are the texts' tokens. The longest come first: later runs find the memory that they need.
 */
export function planRuns(lengths: Int32Array, limits: RunLimits): TextRun[] {
  const rows = byLength(lengths)
  const starts = cheapestStarts(rows, lengths, limits)
  const runs: TextRun[] = []
  for (let end = rows.length; end > 0; end = starts[end]!) {
    runs.push({ rows: rows.slice(starts[end], end), tokens: lengths[rows[end - 1]!]! })
  }
  return runs
}

/** Equal lengths keep the order of their texts. */
function byLength(lengths: Int32Array): Int32Array {
  const count = lengths.length
  const keys = Float64Array.from(lengths, (length, row) => length * count + row).toSorted()
  return Int32Array.from(keys, (key) => key % count)
}

/** For each number of texts, the shortest first, where the last run of the cheapest plan for them starts. */
function cheapestStarts(
  rows: Int32Array,
  lengths: Int32Array,
  { maxRows, runCost, pads }: RunLimits,
): Int32Array {
  const starts = new Int32Array(rows.length + 1)
  const costs = new Float64Array(rows.length + 1)
  for (let end = 1; end <= rows.length; end++) {
    const tokens = lengths[rows[end - 1]!]!
    costs[end] = Number.POSITIVE_INFINITY
    for (let start = end - 1; start >= 0 && end - start <= maxRows; start--) {
      if (!pads && lengths[rows[start]!] !== tokens) break
      const cost = costs[start]! + runCost + (end - start) * tokens
      if (cost > costs[end]!) continue
      costs[end] = cost
      starts[end] = start
    }
  }
  return starts
}
