import type { ScalingGroupSpec } from '../../catalog/groups/scalingGroup.ts'
import type { PlainManifestOptions } from './manifestOptions.ts'
import { cpuQuantity } from './quantities.ts'

/** Seconds that Kubernetes can look back before it ends replicas. */
const STABILIZATION_SECONDS_MAX = 3600

/**
 * Lets KEDA follow the group's queue, as its scaler tells of it, and its CPU, whichever asks for more. The queue alone takes the group
 * to zero and back: without replicas there is no CPU to follow.
 */
export function scaledObjectSpec(group: ScalingGroupSpec, options: PlainManifestOptions): object {
  const delay = Math.ceil(group.shutdownDelaySeconds)
  return {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: options.name },
    minReplicaCount: group.minReplicas,
    maxReplicaCount: group.maxReplicas,
    pollingInterval: Math.max(1, Math.round(group.scalingIntervalSeconds)),
    // From the last replica to none; between other numbers the window below counts.
    cooldownPeriod: delay,
    advanced: {
      horizontalPodAutoscalerConfig: {
        behavior: {
          scaleDown: { stabilizationWindowSeconds: Math.min(delay, STABILIZATION_SECONDS_MAX) },
          scaleUp: { stabilizationWindowSeconds: 0 },
        },
      },
    },
    triggers: [queueTrigger(group, options), ...cpuTriggers(group)],
  }
}

/** The scaler is asked at each interval, and says by itself when calls come to a group without replicas. */
function queueTrigger(group: ScalingGroupSpec, { scalerAddress }: PlainManifestOptions): object {
  return {
    type: 'external-push',
    metricType: 'AverageValue',
    metadata: {
      scalerAddress,
      group: group.name,
      targetQueueDepth: String(group.targetQueueDepth ?? group.maxConcurrentRequests),
    },
  }
}

/** Percent of one core, where Kubernetes' own percentages are of what a pod asks for. */
function cpuTriggers({ targetCpuUtilizationPercentage: percent }: ScalingGroupSpec): readonly object[] {
  if (percent === null) return []
  return [{ type: 'cpu', metricType: 'AverageValue', metadata: { value: cpuQuantity(percent / 100) } }]
}
