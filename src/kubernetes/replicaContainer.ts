import { relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ScalingGroupSpec } from '../../catalog/groups/scalingGroup.ts'
import { unreachable } from '../base/errors.ts'
import { cannotDeploy } from './cannotDeploy.ts'
import type { PlainManifestOptions } from './manifestOptions.ts'
import { containerSecurity } from './podSecurity.ts'
import { quantities } from './quantities.ts'

/** Where a worker finds its certificate. */
const TLS_FOLDER = '/etc/callplane/tls'

/** Caches and limits of functions, or the models of the image: the rest of the file system cannot be written. */
const STATE_FOLDER = '/var/lib/callplane'

/** What Kubernetes takes as the name of a variable of the environment. */
const VARIABLE = /^[-._a-zA-Z][-._a-zA-Z0-9]*$/

/** Seconds that calls in flight have to end where they have no timeout. */
const DRAIN_SECONDS = 60

/** Seconds in which a replica that is to end leaves DNS, before it is asked to. */
export const PRE_STOP_SECONDS = 5

const stateMount = { name: 'state', mountPath: STATE_FOLDER }

/** Copies the models that the image has in `.callplane` to where they can be opened. */
export function modelContainer({ image }: PlainManifestOptions): object {
  return {
    name: 'models',
    image,
    command: ['cp', '-R', '.callplane/.', STATE_FOLDER],
    securityContext: containerSecurity,
    volumeMounts: [stateMount],
  }
}

/** How long calls in flight may go on in a replica that is to end. */
export function drainSeconds({ policies, shutdownDelaySeconds }: ScalingGroupSpec): number {
  const longest = policies.timeout ?? policies.deadline ?? 0
  return Math.max(DRAIN_SECONDS, Math.ceil(shutdownDelaySeconds), Math.ceil(longest / 1000))
}

/** The container that is one replica. */
export function replicaContainer(group: ScalingGroupSpec, options: PlainManifestOptions): object {
  const { image, port, metricsPort, tlsSecret } = options
  const own = group.source.kind === 'command'
  return {
    name: 'replica',
    image,
    command: commandOf(group, options).map(literal),
    ports: [
      { name: 'grpc', containerPort: port },
      ...(own ? [] : [{ name: 'metrics', containerPort: metricsPort }]),
    ],
    env: environment(group, options),
    ...quantities(group),
    ...probes(group, options),
    // There is no liveness probe: one that a long call keeps from answering must not end that call.
    lifecycle: { preStop: { sleep: { seconds: PRE_STOP_SECONDS } } },
    securityContext: containerSecurity,
    volumeMounts: [
      { name: 'tmp', mountPath: '/tmp' },
      ...(own ? [] : [stateMount]),
      ...(tlsSecret === null ? [] : [{ name: 'tls', mountPath: TLS_FOLDER, readOnly: true }]),
    ],
  }
}

function commandOf(group: ScalingGroupSpec, options: PlainManifestOptions): readonly string[] {
  const { source } = group
  switch (source.kind) {
    case 'command':
      return source.command.map((argument) => argument.replaceAll('{port}', String(options.port)))
    case 'functions': {
      const modules = source.modules.flatMap((module) => ['--functions', pathInImage(module, group, options)])
      return ['callplane', 'worker', ...modules, ...workerFlags(group, options)]
    }
    case 'model':
      return [
        'callplane',
        'worker',
        '--model',
        source.model,
        '--group',
        group.name,
        ...workerFlags(group, options),
      ]
    case 'endpoints':
      throw cannotDeploy(
        group,
        'its replicas are endpoints that are there',
        'give it functions, a model or a command',
      )
    default:
      return unreachable(source)
  }
}

function pathInImage(module: string, group: ScalingGroupSpec, { root }: PlainManifestOptions): string {
  const path = relative(root, fileURLToPath(module))
  if (!path.startsWith(`..${sep}`) && !path.startsWith(sep)) return path.split(sep).join('/')
  throw cannotDeploy(
    group,
    `its module ${fileURLToPath(module)} is outside ${root}`,
    'deploy from the directory that is the working directory of the image',
  )
}

function workerFlags(group: ScalingGroupSpec, options: PlainManifestOptions): readonly string[] {
  const { port, metricsPort, tlsSecret, tokenSecret } = options
  return [
    '--state',
    STATE_FOLDER,
    '--max-concurrent',
    String(group.maxConcurrentRequests),
    '--shutdown-grace',
    String(drainSeconds(group)),
    '--host',
    '0.0.0.0',
    '--port',
    String(port),
    '--metrics-port',
    String(metricsPort),
    ...(tlsSecret === null
      ? []
      : ['--tls-cert', `${TLS_FOLDER}/tls.crt`, '--tls-key', `${TLS_FOLDER}/tls.key`]),
    ...(group.tls?.cert == null ? [] : ['--client-ca', `${TLS_FOLDER}/ca.crt`]),
    ...(tlsSecret === null || tokenSecret === null ? ['--insecure'] : []),
  ]
}

function environment(
  group: ScalingGroupSpec,
  { port, secretName, tokenSecret }: PlainManifestOptions,
): object {
  const wrong = [...Object.keys(group.env), ...group.secrets].find((name) => !VARIABLE.test(name))
  if (wrong !== undefined) throw cannotDeploy(group, `'${wrong}' is no name of a variable there`)
  const fixed = Object.entries({ ...group.env, PORT: String(port) }).map(([name, value]) => ({
    name,
    value: literal(value),
  }))
  const secrets = group.secrets.map((name) => secret(name, secretName, name))
  const token = tokenSecret === null ? [] : [secret('CALLPLANE_TOKEN', tokenSecret, 'token')]
  return [...fixed, ...secrets, ...token].toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

function secret(name: string, from: string, key: string) {
  return { name, valueFrom: { secretKeyRef: { name: from, key } } }
}

/** Kubernetes puts variables in place of `$(NAME)`, in arguments and in variables. */
function literal(text: string): string {
  return text.replaceAll('$(', '$$$$(')
}

function probes(group: ScalingGroupSpec, options: PlainManifestOptions): object {
  const { startupTimeout, period, timeout, failureThreshold } = group.readinessProbe
  const asked = probeAction(group, options)
  const timeoutSeconds = seconds(timeout)
  return {
    startupProbe: { ...asked, periodSeconds: 1, timeoutSeconds, failureThreshold: seconds(startupTimeout) },
    readinessProbe: { ...asked, periodSeconds: seconds(period), timeoutSeconds, failureThreshold },
  }
}

function probeAction(group: ScalingGroupSpec, { port, tlsSecret }: PlainManifestOptions): object {
  const { service } = group.readinessProbe
  // Kubernetes asks gRPC over plain connections only; workers listen when all that they host has started.
  if (tlsSecret !== null) return { tcpSocket: { port: 'grpc' } }
  return { grpc: { port, ...(service === '' ? {} : { service }) } }
}

function seconds(milliseconds: number): number {
  return Math.max(1, Math.ceil(milliseconds / 1000))
}
