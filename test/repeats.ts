/** `CALLPLANE_DEEP=10` makes ten times as many random cases, and kills runs ten times as often. */
const FACTOR = Number(process.env['CALLPLANE_DEEP'] ?? 1)

/** How often a test repeats what it usually repeats so often. */
export function repeats(usual: number): number {
  return Math.ceil(usual * FACTOR)
}
