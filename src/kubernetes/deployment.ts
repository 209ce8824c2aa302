import type { ScalingGroupSpec } from '../../catalog/groups/scalingGroup.ts'
import type { PlainManifestOptions } from './manifestOptions.ts'
import { podSecurity } from './podSecurity.ts'
import { drainSeconds, modelContainer, PRE_STOP_SECONDS, replicaContainer } from './replicaContainer.ts'

/** What all pods of the group have, and no others. */
export function selectorOf({ name }: PlainManifestOptions): Readonly<Record<string, string>> {
  return { 'app.kubernetes.io/name': 'callplane-replica', 'app.kubernetes.io/instance': name }
}

/** The pods of a group. The number of replicas is left to KEDA, unless it is always the same. */
export function deploymentSpec(group: ScalingGroupSpec, options: PlainManifestOptions): object {
  const { labels, revision, metricsPort } = options
  const scraped = { 'prometheus.io/scrape': 'true', 'prometheus.io/port': String(metricsPort) }
  return {
    ...(group.minReplicas === group.maxReplicas ? { replicas: group.minReplicas } : {}),
    selector: { matchLabels: selectorOf(options) },
    // A new revision starts beside the old, and takes its place some replicas at a time when its probe passes.
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: '25%' } },
    progressDeadlineSeconds: Math.max(600, 2 * Math.ceil(group.readinessProbe.startupTimeout / 1000)),
    template: {
      metadata: {
        labels: { ...labels, ...selectorOf(options), 'app.kubernetes.io/version': String(revision) },
        ...(group.source.kind === 'command' ? {} : { annotations: scraped }),
      },
      spec: podSpec(group, options),
    },
  }
}

function podSpec(group: ScalingGroupSpec, options: PlainManifestOptions): object {
  const { imagePullSecrets } = options
  return {
    automountServiceAccountToken: false,
    ...(imagePullSecrets.length === 0
      ? {}
      : { imagePullSecrets: imagePullSecrets.map((name) => ({ name })) }),
    securityContext: podSecurity,
    terminationGracePeriodSeconds: PRE_STOP_SECONDS + drainSeconds(group),
    ...(group.source.kind === 'model' ? { initContainers: [modelContainer(options)] } : {}),
    containers: [replicaContainer(group, options)],
    volumes: volumes(group, options),
  }
}

function volumes({ source }: ScalingGroupSpec, { tlsSecret }: PlainManifestOptions): readonly object[] {
  return [
    { name: 'tmp', emptyDir: {} },
    ...(source.kind === 'command' ? [] : [{ name: 'state', emptyDir: {} }]),
    ...(tlsSecret === null ? [] : [{ name: 'tls', secret: { secretName: tlsSecret, defaultMode: 0o440 } }]),
  ]
}
