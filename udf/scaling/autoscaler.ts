import type { ScalingGroupSpec } from '../../catalog/groups/scalingGroup.ts'

/** What a group says about how many replicas it wants. */
export type ScalingRules = Pick<
  ScalingGroupSpec,
  | 'minReplicas'
  | 'maxReplicas'
  | 'maxConcurrentRequests'
  | 'targetQueueDepth'
  | 'targetCpuUtilizationPercentage'
  | 'shutdownDelaySeconds'
>

/** What the replicas of a group have to do. */
export interface GroupLoad {
  /** Calls in flight, and calls that wait for a place. */
  readonly calls: number
  /** What the last look at the processors asked for, see {@link replicasByCpu}; null where that is not known. */
  readonly byCpu: number | null
}

/** How many replicas have been needed of late. Frozen plain data. */
export interface ScalingHistory {
  readonly needed: number
  /** What was needed before, until when: later ones are lower. */
  readonly peaks: readonly Peak[]
}

interface Peak {
  readonly replicas: number
  /** Milliseconds since 1970. */
  readonly until: number
}

/** Shares of the target by which the load of processors may differ from it and nothing changes. */
const TOLERANCE = 0.1
/** Below what counts as a replica more, so that the rounding of numbers does not. */
const EPSILON = 1e-9

export const emptyHistory: ScalingHistory = Object.freeze({ needed: 0, peaks: [] })

/** As many as the calls of now fill up to the target of each. */
export function replicasByQueue(
  calls: number,
  rules: Pick<ScalingRules, 'targetQueueDepth' | 'maxConcurrentRequests'>,
): number {
  return Math.ceil(calls / (rules.targetQueueDepth ?? rules.maxConcurrentRequests))
}

/**
 * As many as bring the processors to their target, by the formula of Kubernetes' autoscaler. `percents`: of one core, of each
 * replica. Null where the group has no target, or nothing is known.
 */
export function replicasByCpu(
  percents: readonly number[],
  { targetCpuUtilizationPercentage: target }: Pick<ScalingRules, 'targetCpuUtilizationPercentage'>,
): number | null {
  if (target === null || percents.length === 0) return null
  const ratio = percents.reduce((sum, percent) => sum + percent, 0) / percents.length / target
  if (Math.abs(ratio - 1) <= TOLERANCE) return percents.length
  return Math.ceil(percents.length * ratio - EPSILON)
}

/** The higher of both signals, within the group's bounds. Processors count only while there are calls that they could work on. */
export function neededReplicas({ calls, byCpu }: GroupLoad, rules: ScalingRules): number {
  const needed = Math.max(replicasByQueue(calls, rules), calls > 0 ? (byCpu ?? 0) : 0)
  return Math.min(Math.max(needed, rules.minReplicas), rules.maxReplicas)
}

/** The history with what is needed from now on. */
export function withNeeded(history: ScalingHistory, needed: number, now: number): ScalingHistory {
  if (needed === history.needed) return history
  const before = { replicas: history.needed, until: now }
  const peaks = needed < history.needed ? withPeak(history.peaks, before) : above(history.peaks, needed)
  return Object.freeze({ needed, peaks })
}

/** The history as if so many had been needed until now: a replica that has just become ready is not ended at once. */
export function withUseOf(history: ScalingHistory, replicas: number, now: number): ScalingHistory {
  if (replicas <= history.needed) return history
  return Object.freeze({
    needed: history.needed,
    peaks: withPeak(history.peaks, { replicas, until: now }),
  })
}

/** More at once, fewer only when no more were needed for as long as the group says. */
export function desiredReplicas(history: ScalingHistory, now: number, rules: ScalingRules): number {
  const since = now - rules.shutdownDelaySeconds * 1000
  const peak = history.peaks.find(({ until }) => until > since)
  return Math.max(history.needed, peak?.replicas ?? 0)
}

function withPeak(peaks: readonly Peak[], peak: Peak): readonly Peak[] {
  return Object.freeze([...above(peaks, peak.replicas), peak])
}

function above(peaks: readonly Peak[], replicas: number): readonly Peak[] {
  return peaks.filter((peak) => peak.replicas > replicas)
}
