import { availableParallelism } from 'node:os'
import { kubernetesName } from '../../catalog/groups/kubernetesName.ts'
import type { RemoteBinding, ScalingGroupSpec } from '../../catalog/groups/scalingGroup.ts'
import type { SecretValues } from '../../catalog/secret.ts'
import { backgroundClock, type Clock, type Random } from '../clock.ts'
import { ProcessProvider } from './providers/processProvider.ts'
import { createStaticProvider, namedHost, type Resolve } from './providers/staticProvider.ts'
import type { Connect, ReplicaProvider, Replicas } from './replica.ts'
import { ReplicaSet } from './replicaSet.ts'
import type { ScalingLog } from './scalingEvent.ts'

export interface CreateReplicasOptions {
  readonly connect: Connect
  /** Values of secrets by name; others are looked for in the environment. Default: none. */
  readonly secrets?: SecretValues
  /** Where models are registered, and the output of replicas is kept. Default: nowhere. */
  readonly stateDirectory?: string | null
  /** Where the replicas of a group in a cluster are. Default: the service that `callplane deploy` makes for it. */
  readonly clusterEndpoint?: string
  /** Is told what becomes of replicas. Default: nobody is. */
  readonly log?: ScalingLog
  /** Default: the machine's, which does not keep the process from ending. */
  readonly clock?: Clock
  readonly random?: Random
  readonly resolve?: Resolve
}

/** That replicas listen on in a cluster. */
const CLUSTER_PORT = 8080

/** The replicas of one revision of a group, by its provider. Nothing is started yet. */
export function createReplicas(
  { group, revision }: Pick<RemoteBinding, 'group' | 'revision'>,
  options: CreateReplicasOptions,
): Replicas {
  const { connect, log = () => undefined, clock = backgroundClock, random = Math.random } = options
  const provider = createProvider(group, revision, { ...options, clock })
  const named = namedGroup(group)
  return new ReplicaSet({
    group,
    revision,
    provider,
    startsAtOnce: startsAtOnce(group),
    connect: (endpoint) => connect(endpoint, named),
    clock,
    random,
    log,
  })
}

/** Processes of this machine that start share its cores with each other, and with whoever waits for the first of them. */
function startsAtOnce({ provider, source }: ScalingGroupSpec): number {
  const isHere = provider === 'process' && source.kind !== 'endpoints'
  return isHere ? Math.max(1, Math.floor(availableParallelism() / 2)) : Number.POSITIVE_INFINITY
}

function createProvider(
  group: ScalingGroupSpec,
  revision: number,
  options: CreateReplicasOptions & { readonly clock: Clock },
): ReplicaProvider {
  const { secrets = {}, stateDirectory = null, clock, resolve } = options
  const found = (endpoints: readonly string[]): ReplicaProvider =>
    createStaticProvider({ endpoints, clock, ...(resolve === undefined ? {} : { resolve }) })
  if (group.source.kind === 'endpoints') return found(group.source.endpoints)
  if (group.provider !== 'kubernetes') {
    return new ProcessProvider({ group, revision, secrets, stateDirectory })
  }
  return found([options.clusterEndpoint ?? `dns:${kubernetesName(group.name)}:${CLUSTER_PORT}`])
}

/** Certificates have the name that was looked up, not the address that was found. */
function namedGroup(group: ScalingGroupSpec): ScalingGroupSpec {
  const { tls, source, name, provider } = group
  if (tls === null || tls.serverName !== null) return group
  const hosts =
    source.kind === 'endpoints'
      ? source.endpoints.map(namedHost)
      : [provider === 'kubernetes' ? kubernetesName(name) : null]
  const [host = null, ...others] = hosts
  if (host === null || others.length > 0) return group
  return Object.freeze({ ...group, tls: Object.freeze({ ...tls, serverName: host }) })
}
