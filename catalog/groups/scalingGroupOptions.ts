import type { Volatility } from '../policy/policies.ts'
import type { PolicyOptions } from '../policy/policyOptions.ts'
import type { BatchingOptions } from '../policy/readBatching.ts'
import type { InputShape, TypeLike } from '../valueTypes.ts'
import type { ProviderName } from './scalingGroup.ts'

/** What one replica may take. */
export interface ReplicaResourceOptions {
  /** Cores, for a cluster. Default: any. */
  readonly cpu?: number
  /** A number of bytes, or text such as `'2GB'`, at least 128 MiB: a process that takes more is ended. Default: any. */
  readonly memory?: number | string
  /** Devices, for a cluster. Default: 0. */
  readonly gpu?: number
}

/** How a replica shows, through gRPC's health service, that it can be called. Times are milliseconds. */
export interface ReadinessProbeOptions {
  /** The service that is asked about. Default: the whole worker. */
  readonly service?: string
  /** Within which a new replica must be ready. Default: 60,000. */
  readonly startupTimeout?: number
  /** Between two questions. Default: 2,000. */
  readonly period?: number
  /** That an answer may take. Default: 1,000. */
  readonly timeout?: number
  /** Answers missed in a row until a replica is taken out. Default: 3. */
  readonly failureThreshold?: number
}

/** PEM files that secure connections to replicas. */
export interface TransportSecurityOptions {
  /** Authorities that replicas' certificates are checked with. Default: those that Node knows. */
  readonly ca?: string
  /** The certificate and the key of the caller, for mTLS. */
  readonly cert?: string
  readonly key?: string
  /** The name that certificates must have. Default: the host of the endpoint. */
  readonly serverName?: string
}

/** The batches of `model.<name>`. */
export type GroupBatchingOptions = Omit<BatchingOptions<never>, 'maxCost' | 'costOf'>

/** What `ScalingGroup` takes. Policies, `volatility` and `batching` are those of `model.<name>`; functions that it hosts have their own. */
export interface ScalingGroupOptions extends PolicyOptions {
  /** Letters, digits and `_`. The group is called as `model.<name>`. */
  readonly name: string
  readonly description?: string
  /** The arguments of `model.<name>`, in order; for a `command` or `endpoints`. */
  readonly input?: InputShape
  /** The type of its result. */
  readonly output?: TypeLike
  /** Default `'immutable'`. */
  readonly volatility?: Volatility
  /** Rows to gather for a call of `model.<name>`. Default: as many as come at once. */
  readonly batching?: GroupBatchingOptions
  /** A program that serves the protocol, and its arguments; `{port}` in one, and the variable PORT, stand for its port. */
  readonly command?: readonly string[]
  /**
   * Paths or globs of modules whose functions a worker of Callplane serves; of a module with functions that name the group, only
   * those. A group without a source serves the functions that name it: `defineFunction({ scalingGroup })`.
   */
  readonly functions?: string | readonly string[]
  /** A model of the registry that a worker of Callplane serves: `'churn'`, `'churn@3'` or `'churn@prod'`. */
  readonly model?: string
  /** Workers that are there: `'host:port'` each, or `'dns:host:port'` for all addresses of a name. */
  readonly endpoints?: string | readonly string[]
  /** Who starts and ends replicas. Default: `'process'`, this machine; `'static'` with `endpoints`. */
  readonly provider?: ProviderName
  /** Default: 0. */
  readonly minReplicas?: number
  /** Default: 1, or `minReplicas` where that is more. */
  readonly maxReplicas?: number
  /** Calls at once that one replica gets. Default: 8. */
  readonly maxConcurrentRequests?: number
  /** Of one core, in percent, on average over replicas. Default: the queue alone is followed. */
  readonly targetCpuUtilizationPercentage?: number
  /** Calls in flight or waiting for each replica. Default: `maxConcurrentRequests`. */
  readonly targetQueueDepth?: number
  /** Seconds between two looks at the load. Default: 60. */
  readonly scalingIntervalSeconds?: number
  /** Seconds that a replica goes on which is not needed. Default: 30. */
  readonly shutdownDelaySeconds?: number
  readonly resources?: ReplicaResourceOptions
  /** Variables of the environment of replicas. */
  readonly env?: Readonly<Record<string, string>>
  /** Names of secrets that replicas get as variables of their environment. */
  readonly secrets?: readonly string[]
  readonly readinessProbe?: ReadinessProbeOptions
  /** Calls that come while there is no replica wait for one, or fail with GROUP_UNAVAILABLE. Default: `'hold'`. */
  readonly scaleFromZero?: 'hold' | 'error'
  /** `true` for TLS with the authorities that Node knows. Default: false. */
  readonly tls?: boolean | TransportSecurityOptions
  /** Name of the secret that is sent as a bearer token. Default: none. */
  readonly token?: string
}
