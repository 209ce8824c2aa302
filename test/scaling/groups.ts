import type { ScalingGroupSpec } from '../../catalog/groups/scalingGroup.ts'
import { defaultPolicies } from '../../catalog/policy/policies.ts'

/** A group of which only what matters is given. */
export function groupSpec(given: Partial<ScalingGroupSpec> = {}): ScalingGroupSpec {
  const spec: ScalingGroupSpec = {
    name: 'embedder',
    description: null,
    inputs: null,
    output: null,
    volatility: 'immutable',
    batching: null,
    policies: defaultPolicies,
    source: { kind: 'command', command: ['serve', '{port}'] },
    provider: 'process',
    minReplicas: 0,
    maxReplicas: 4,
    maxConcurrentRequests: 2,
    targetCpuUtilizationPercentage: null,
    targetQueueDepth: null,
    scalingIntervalSeconds: 60,
    shutdownDelaySeconds: 30,
    resources: { cpu: null, memory: null, gpu: 0 },
    env: {},
    secrets: [],
    readinessProbe: { service: '', startupTimeout: 20_000, period: 2000, timeout: 1000, failureThreshold: 3 },
    scaleFromZero: 'hold',
    tls: null,
    token: null,
    ...given,
  }
  return Object.freeze(spec)
}
