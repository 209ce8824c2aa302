/** How memos are written in one language. */
export interface Language {
  readonly name: string
  /** The locale of faker that has its names and towns. */
  readonly locale: string
  /** Which name comes first, and whether a space parts them. */
  readonly nameOrder: 'given family' | 'family given' | 'familygiven'
  /** `#` stands for the number. */
  readonly amounts: readonly string[]
  readonly thousands: string
  /** Null where money has no smaller part. */
  readonly decimals: string | null
  /** With `{d}`, `{dd}`, `{m}`, `{mm}`, `{month}` and `{yyyy}`. */
  readonly dates: readonly string[]
  readonly months?: readonly string[]
  readonly organisations: readonly string[]
  /** What a memo begins with, with `{name}`, `{place}`, `{org}`, `{amount}`, `{date}` and `{ref}`. */
  readonly openings: readonly string[]
  /** What may follow, each once. */
  readonly details: readonly string[]
}
