import { outputColumns } from '../../plan/columns.ts'
import { prune } from '../prune/prune.ts'
import type { Rule } from '../rule.ts'

/**
 * A call whose result nobody reads is not made, be it volatile or not, and columns that nobody reads are not computed and not
 * scanned.
 *
 * ```text
 * project a
 *   filter (b = 1)
 *     call x = shout(c)
 *       scan table t
 * ->
 * project a
 *   filter (b = 1)
 *     scan table t [a, b]
 * ```
 */
export const pruneUnused: Rule = {
  name: 'pruneUnused',
  apply: (plan) => (outputColumns(plan) === null ? plan : prune(plan, 'all')),
}
