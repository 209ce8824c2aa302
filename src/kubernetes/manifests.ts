import { kubernetesName } from '../../catalog/groups/kubernetesName.ts'
import type { ScalingGroupSpec } from '../../catalog/groups/scalingGroup.ts'
import { cannotDeploy } from './cannotDeploy.ts'
import { deploymentSpec, selectorOf } from './deployment.ts'
import type { Manifest } from './manifest.ts'
import type { ManifestOptions, PlainManifestOptions } from './manifestOptions.ts'
import { scaledObjectSpec } from './scaledObject.ts'

/** What a cluster needs to run the replicas of a group. Throws GROUP_INVALID for a group that cannot run there. */
export function manifestsOf(group: ScalingGroupSpec, given: ManifestOptions): readonly Manifest[] {
  const options = plainOptions(group, given)
  const manifest = (apiVersion: string, kind: string, spec: object): Manifest => ({
    apiVersion,
    kind,
    metadata: metadataOf(group, options),
    spec: { ...spec },
  })
  return [
    manifest('apps/v1', 'Deployment', deploymentSpec(group, options)),
    manifest('v1', 'Service', serviceSpec(options)),
    manifest('policy/v1', 'PodDisruptionBudget', {
      // One at a time at any size: a budget of replicas to keep would hold up each node that the last one stands on.
      maxUnavailable: 1,
      selector: { matchLabels: selectorOf(options) },
    }),
    ...(options.tlsSecret === null
      ? [manifest('networking.k8s.io/v1', 'NetworkPolicy', networkPolicySpec(group, options))]
      : []),
    ...(group.minReplicas === group.maxReplicas
      ? []
      : [manifest('keda.sh/v1alpha1', 'ScaledObject', scaledObjectSpec(group, options))]),
  ]
}

function plainOptions(group: ScalingGroupSpec, given: ManifestOptions): PlainManifestOptions {
  const name = kubernetesName(group.name)
  const options: PlainManifestOptions = {
    port: 8080,
    metricsPort: 9464,
    labels: {},
    imagePullSecrets: [],
    secretName: `${name}-secrets`,
    tlsSecret: null,
    tokenSecret: null,
    root: process.cwd(),
    ...given,
    name,
  }
  checkSecurity(group, options)
  return options
}

/** Replicas must take what callers of the group send. */
function checkSecurity(group: ScalingGroupSpec, { tlsSecret, tokenSecret }: PlainManifestOptions): void {
  if (group.tls !== null && tlsSecret === null) {
    throw cannotDeploy(group, 'it has tls, but there is no Secret with a certificate', 'name one: tlsSecret')
  }
  if (group.tls === null && tlsSecret !== null) {
    throw cannotDeploy(
      group,
      'there is a Secret with a certificate, but it has no tls',
      'add tls to the group',
    )
  }
  if (group.token !== null && tokenSecret === null) {
    throw cannotDeploy(group, 'it has a token, but there is no Secret with it', 'name one: tokenSecret')
  }
  if (group.token === null && tokenSecret !== null) {
    throw cannotDeploy(group, 'there is a Secret with a token, but it has none', 'add token to the group')
  }
}

function metadataOf(group: ScalingGroupSpec, options: PlainManifestOptions): Manifest['metadata'] {
  const { name, namespace, labels, revision } = options
  return {
    name,
    namespace,
    labels: {
      ...labels,
      ...selectorOf(options),
      'app.kubernetes.io/version': String(revision),
      'app.kubernetes.io/part-of': 'callplane',
      'app.kubernetes.io/managed-by': 'callplane',
    },
    ...(group.description === null
      ? {}
      : { annotations: { 'kubernetes.io/description': group.description } }),
  }
}

/** Headless, so that clients see the address of each replica that is ready and choose among them by themselves. */
function serviceSpec(options: PlainManifestOptions): object {
  return {
    clusterIP: 'None',
    selector: selectorOf(options),
    ports: [{ name: 'grpc', port: options.port, targetPort: 'grpc', protocol: 'TCP' }],
  }
}

/** Plain connections are taken from the same namespace only; figures are for everyone. */
function networkPolicySpec({ source }: ScalingGroupSpec, options: PlainManifestOptions): object {
  const { port, metricsPort } = options
  return {
    podSelector: { matchLabels: selectorOf(options) },
    policyTypes: ['Ingress'],
    ingress: [
      { from: [{ podSelector: {} }], ports: [{ port, protocol: 'TCP' }] },
      ...(source.kind === 'command' ? [] : [{ ports: [{ port: metricsPort, protocol: 'TCP' }] }]),
    ],
  }
}
