/** What a figure has to reach. */
export type Goal = { readonly atLeast: number } | { readonly atMost: number }

export interface FigureOptions {
  readonly rows: number
  /** Rounds that count, after one that warms up. */
  readonly rounds: number
  /** Where inputs lie and outputs go; removed after the run. */
  readonly directory: string
  /** What runs models. */
  readonly device: 'cpu' | 'cuda'
}

/** What one run of a figure found. */
export interface Measurement {
  /** `value` to `limit`; absent where the figure is a value in its unit. */
  readonly ratio?: number
  readonly value: number
  /** What `value` is held against, measured in the same run; null without. */
  readonly limit: number | null
  readonly rows: number
  /** Median of the runs. */
  readonly seconds: number
  readonly runs: number
  readonly peakRssBytes: number
  /** What the numbers alone do not say. */
  readonly note?: string
}

/** One line of the table; a file of `figures/` exports it as `figure`. */
export interface Figure {
  readonly name: string
  /** What is measured, and against what. */
  readonly about: string
  /** Unit of `value` and `limit`. */
  readonly unit: 'rows/s' | 'calls/s' | 'rows' | 'queries' | 'bytes' | 's'
  readonly must: Goal
  readonly aim: Goal | null
  /** Rows by default. */
  readonly rows: number
  /** Rounds by default. */
  readonly rounds: number
  run(options: FigureOptions): Promise<Measurement>
}

/** The number that the goals speak of. */
export function achieved({ ratio, value }: Measurement): number {
  return ratio ?? value
}

export function reaches(number: number, goal: Goal): boolean {
  return 'atLeast' in goal ? number >= goal.atLeast : number <= goal.atMost
}
