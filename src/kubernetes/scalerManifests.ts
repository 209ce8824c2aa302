import type { Manifest } from './manifest.ts'
import type { ManifestOptions } from './manifestOptions.ts'
import { containerSecurity, podSecurity } from './podSecurity.ts'

const NAME = 'callplane-scaler'
const KEDA_PORT = 9090
const REPORT_PORT = 9091

const selector = { 'app.kubernetes.io/name': NAME }

/** The scaler of a namespace: KEDA asks it from its own namespace, and the processes that call groups report to it. */
export function scalerManifests(options: ManifestOptions): readonly Manifest[] {
  const { namespace, labels = {} } = options
  const manifest = (apiVersion: string, kind: string, spec: Manifest['spec']): Manifest => ({
    apiVersion,
    kind,
    metadata: {
      name: NAME,
      namespace,
      labels: {
        ...labels,
        ...selector,
        'app.kubernetes.io/part-of': 'callplane',
        'app.kubernetes.io/managed-by': 'callplane',
      },
    },
    spec,
  })
  return [
    manifest('apps/v1', 'Deployment', deploymentSpec(options)),
    manifest('v1', 'Service', {
      selector,
      ports: [
        { name: 'keda', port: KEDA_PORT, targetPort: 'keda', protocol: 'TCP' },
        { name: 'reports', port: REPORT_PORT, targetPort: 'reports', protocol: 'TCP' },
      ],
    }),
    manifest('networking.k8s.io/v1', 'NetworkPolicy', {
      podSelector: { matchLabels: selector },
      policyTypes: ['Ingress'],
      ingress: [
        { ports: [{ port: KEDA_PORT, protocol: 'TCP' }] },
        { from: [{ podSelector: {} }], ports: [{ port: REPORT_PORT, protocol: 'TCP' }] },
      ],
    }),
  ]
}

function deploymentSpec({ image, labels = {}, imagePullSecrets = [] }: ManifestOptions): Manifest['spec'] {
  return {
    // What it is told is in its memory: two would know half each.
    replicas: 1,
    strategy: { type: 'Recreate' },
    selector: { matchLabels: selector },
    template: {
      metadata: { labels: { ...labels, ...selector } },
      spec: {
        automountServiceAccountToken: false,
        ...(imagePullSecrets.length === 0
          ? {}
          : { imagePullSecrets: imagePullSecrets.map((name) => ({ name })) }),
        securityContext: podSecurity,
        containers: [
          {
            name: 'scaler',
            image,
            command: [
              'callplane',
              'scaler',
              '--host',
              '0.0.0.0',
              '--port',
              String(KEDA_PORT),
              '--report-port',
              String(REPORT_PORT),
              '--insecure',
            ],
            ports: [
              { name: 'keda', containerPort: KEDA_PORT },
              { name: 'reports', containerPort: REPORT_PORT },
            ],
            resources: { requests: { cpu: '50m', memory: '128Mi' }, limits: { memory: '256Mi' } },
            readinessProbe: { grpc: { port: KEDA_PORT }, periodSeconds: 2 },
            livenessProbe: { grpc: { port: KEDA_PORT }, periodSeconds: 10, failureThreshold: 6 },
            securityContext: containerSecurity,
          },
        ],
      },
    },
  }
}
