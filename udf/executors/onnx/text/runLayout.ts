import type { TextGraph } from '../../../../catalog/models/textGraph.ts'
import type { TextRun } from './runs.ts'
import type { Padding, TokenRows } from './tokenizer.ts'

/** Where the texts of a run are in its tensors. */
export interface RunLayout {
  /** The text in each row. */
  readonly texts: Int32Array
  /** Tokens of each row, padding included. */
  readonly tokens: number
  /** Where the own tokens of each row start, counted in tokens from the first row's. */
  readonly starts: Int32Array
  /** How many those are. */
  readonly lengths: Int32Array
}

/** Sizes that a graph is exported for; null where it takes any. */
export interface FixedSizes {
  readonly rows: number | null
  readonly tokens: number | null
}

export function fixedSizes({ ids, mask, types }: TextGraph): FixedSizes {
  const sizeAt = (dimension: number): number | null => {
    const sizes = [ids, mask, types].map((input) => input?.shape[dimension])
    return sizes.find((size) => typeof size === 'number') ?? null
  }
  return { rows: sizeAt(0), tokens: sizeAt(1) }
}

/** Rows that a graph insists on beyond the run's own are its last one over again. */
export function layOut(
  run: TextRun,
  { offsets }: TokenRows,
  { fixed, padding }: { readonly fixed: FixedSizes; readonly padding: Padding },
): RunLayout {
  const rows = fixed.rows ?? run.rows.length
  const tokens = fixed.tokens ?? run.tokens
  const texts = Int32Array.from({ length: rows }, (_, row) => run.rows[Math.min(row, run.rows.length - 1)]!)
  const lengths = texts.map((text) => offsets[text + 1]! - offsets[text]!)
  const starts = lengths.map((length, row) => row * tokens + (padding.side === 'left' ? tokens - length : 0))
  return { texts, tokens, starts, lengths }
}
