import type { FileSource, LogicalPlan, MemorySource, ScanPlan } from '../plan/plan.ts'
import { renderPlan } from '../plan/render.ts'
import type { Stage } from '../stage/stage.ts'

/** Rows that can be counted without reading them. */
export interface CountedScan extends ScanPlan {
  readonly source: FileSource | MemorySource
}

/**
 * The scan whose rows a query maps one by one, so that its calls are made for exactly as many; null for a query that filters,
 * joins or groups rows, and for a scan that would have to be read to be counted.
 */
export function wholeScan(stage: Stage): CountedScan | null {
  if (stage.kind === 'call') {
    const callsAll = stage.calls.every(({ guard, once }) => guard === null && !once)
    return callsAll ? wholeScan(stage.input) : null
  }
  const scan = mappedScan(stage.plan)
  const [input, ...others] = stage.inputs
  if (scan === null || others.length > 0 || givesSeveralRows(stage.plan)) return null
  if (input !== undefined) return wholeScan(input.stage)
  const { source } = scan
  return source.kind === 'parquet' || source.kind === 'memory' ? { ...scan, source } : null
}

function mappedScan(plan: LogicalPlan): ScanPlan | null {
  if (plan.kind === 'project' || plan.kind === 'sort') return mappedScan(plan.input)
  return plan.kind === 'scan' ? plan : null
}

function givesSeveralRows(plan: LogicalPlan): boolean {
  return /\bunnest\b/i.test(renderPlan(plan, { relationFor: ({ id }) => id }))
}
