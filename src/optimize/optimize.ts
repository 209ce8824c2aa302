import type { CatalogSnapshot } from '../../catalog/function.ts'
import type { LogicalPlan } from '../plan/plan.ts'
import { FreshNames } from './freshNames.ts'
import type { Rule, RuleContext } from './rule.ts'
import { constantCalls } from './rules/constantCalls.ts'
import { liftCalls } from './rules/liftCalls.ts'
import { mergeProjections } from './rules/mergeProjections.ts'
import { orderPredicates } from './rules/orderPredicates.ts'
import { pruneUnused } from './rules/pruneUnused.ts'
import { pushFilterBelowCalls } from './rules/pushFilterBelowCalls.ts'
import { pushLimitBelowCalls } from './rules/pushLimitBelowCalls.ts'
import { raiseSelections } from './rules/raiseSelections.ts'
import { shareEqualCalls } from './rules/shareEqualCalls.ts'

/** Rules that are applied one after the other, once or until none of them changes anything. */
interface RuleBatch {
  readonly name: string
  readonly maxPasses: number
  readonly rules: readonly Rule[]
}

const batches: readonly RuleBatch[] = [
  { name: 'lift', maxPasses: 1, rules: [liftCalls] },
  {
    name: 'arrange',
    maxPasses: 20,
    rules: [
      mergeProjections,
      raiseSelections,
      pushFilterBelowCalls,
      pushLimitBelowCalls,
      shareEqualCalls,
      pruneUnused,
      constantCalls,
      orderPredicates,
    ],
  },
]

/** One change that a rule made. */
export interface TraceEntry {
  readonly batch: string
  /** From 1. */
  readonly pass: number
  readonly rule: string
  /** The plan after the change. */
  readonly plan: LogicalPlan
}

export interface Optimized {
  readonly plan: LogicalPlan
  /** What changed the plan, in order. */
  readonly trace: readonly TraceEntry[]
}

/**
 * Puts every call in a place of its own, where it is made for no more rows than needed. The plan yields the same rows in the
 * same order and with the same columns as before. It has to be analyzed: calls over sources whose columns are not known stay
 * where they are.
 */
export function optimize(plan: LogicalPlan, catalog: CatalogSnapshot): Optimized {
  const context: RuleContext = { catalog, names: new FreshNames(plan) }
  const trace: TraceEntry[] = []
  let current = plan
  for (const batch of batches) current = runBatch(batch, current, context, trace)
  return { plan: current, trace }
}

function runBatch(
  batch: RuleBatch,
  plan: LogicalPlan,
  context: RuleContext,
  trace: TraceEntry[],
): LogicalPlan {
  let current = plan
  for (let pass = 1; pass <= batch.maxPasses; pass++) {
    const before = current
    for (const rule of batch.rules) {
      const next = rule.apply(current, context)
      if (next === current) continue
      trace.push({ batch: batch.name, pass, rule: rule.name, plan: next })
      current = next
    }
    if (current === before) break
  }
  return current
}
