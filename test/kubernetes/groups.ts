import { pathToFileURL } from 'node:url'
import {
  ScalingGroup,
  type ScalingGroupDefinition,
  withModules,
} from '../../catalog/groups/defineScalingGroup.ts'
import type { ScalingGroupSpec } from '../../catalog/groups/scalingGroup.ts'
import type { ManifestOptions } from '../../src/kubernetes/manifestOptions.ts'

export const options: ManifestOptions = {
  image: 'registry.example/embedder:1.4.0',
  namespace: 'ml',
  revision: 3,
  scalerAddress: 'callplane-scaler.ml.svc:9090',
  root: '/app',
}

/** The group with these modules, as a deployment finds them. */
export function withPaths({ spec }: ScalingGroupDefinition, ...paths: readonly string[]): ScalingGroupSpec {
  const { source } = spec
  const empty = source.kind === 'functions' ? { ...spec, source: { ...source, modules: [] } } : spec
  return withModules(
    empty,
    paths.map((path) => pathToFileURL(path).href),
  )
}

/** One with everything that a group can have. */
export const embedder = withPaths(
  ScalingGroup({
    name: 'text_embedder',
    description: 'embeds texts',
    functions: ['functions/*.ts'],
    provider: 'kubernetes',
    minReplicas: 0,
    maxReplicas: 12,
    maxConcurrentRequests: 4,
    targetCpuUtilizationPercentage: 60,
    targetQueueDepth: 6,
    scalingIntervalSeconds: 15,
    shutdownDelaySeconds: 90,
    resources: { cpu: 1.5, memory: '2GiB', gpu: 1 },
    env: { LOG: 'debug', GREETING: 'hello $(USER)' },
    secrets: ['API_KEY'],
    readinessProbe: { startupTimeout: 120_000, period: 2_500, timeout: 800, failureThreshold: 4 },
  }),
  '/app/functions/embed.ts',
  '/app/functions/split.ts',
)

/** One over TLS, with clients' certificates and a token. */
export const churn = ScalingGroup({
  name: 'churn',
  model: 'churn@prod',
  provider: 'kubernetes',
  minReplicas: 2,
  maxReplicas: 4,
  resources: { memory: '300MB' },
  tls: { ca: 'ca.pem', cert: 'client.pem', key: 'client-key.pem' },
  token: 'CHURN_TOKEN',
}).spec

/** One of a program of somebody else, always of the same size. */
export const upper = ScalingGroup({
  name: 'upper',
  command: ['chalk-remote-call', '--handler', 'model.handler', '--port', '{port}'],
  provider: 'kubernetes',
  input: { text: 'VARCHAR' },
  output: 'VARCHAR',
  minReplicas: 2,
  maxReplicas: 2,
  timeout: 300_000,
}).spec
