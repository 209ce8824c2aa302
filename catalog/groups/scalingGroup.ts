import type { DataType, Field } from '../../src/base/dataType.ts'
import type { BatchingPolicy, CallPolicies, Volatility } from '../policy/policies.ts'

/** Who starts and ends replicas: this machine, nobody (they are there), or a cluster. */
export type ProviderName = 'process' | 'static' | 'kubernetes'

/** What a replica runs, or where replicas are. */
export type ReplicaSource =
  /** A program that serves the protocol; `{port}` in an argument, and the variable PORT, stand for its port. */
  | { readonly kind: 'command'; readonly command: readonly string[] }
  /** A worker of Callplane with the functions of modules, by their file URLs. */
  | { readonly kind: 'functions'; readonly modules: readonly string[] }
  /** A worker of Callplane with a model of the registry: `name`, `name@3` or `name@prod`. */
  | { readonly kind: 'model'; readonly model: string }
  /** `host:port` each, or `dns:host:port` for all addresses that a name stands for, looked up again and again. */
  | { readonly kind: 'endpoints'; readonly endpoints: readonly string[] }

/** What one replica may take. */
export interface ReplicaResources {
  /** Cores, for a cluster. Null for any. */
  readonly cpu: number | null
  /** Bytes; a process that takes more is ended. Null for any. */
  readonly memory: number | null
  /** Devices, for a cluster. */
  readonly gpu: number
}

/** How a replica shows that it can be called. */
export interface ReadinessProbe {
  /** The service that `grpc.health.v1.Health` is asked about; empty for the whole worker. */
  readonly service: string
  /** Milliseconds within which a new replica must be ready. */
  readonly startupTimeout: number
  /** Milliseconds between two questions. */
  readonly period: number
  /** Milliseconds that an answer may take. */
  readonly timeout: number
  /** Answers missed in a row until a replica is taken out. */
  readonly failureThreshold: number
}

/** How a connection to replicas is secured. Null where it is not. */
export interface TransportSecurity {
  /** PEM files. Null `ca`: the authorities that Node knows. `cert` and `key` are those of the client, for mTLS. */
  readonly ca: string | null
  readonly cert: string | null
  readonly key: string | null
  /** The name that certificates must have; null for the host of the endpoint. */
  readonly serverName: string | null
}

/** Several replicas that answer the same calls, as a definition describes them. Frozen plain data, the same as JSON. */
export interface ScalingGroupSpec {
  readonly name: string
  readonly description: string | null
  /** Of the function `model.<name>`; null where `source` has functions or a model of its own. */
  readonly inputs: readonly Field[] | null
  readonly output: DataType | null
  /** Of `model.<name>`, as are the next two; functions that the group hosts have their own. */
  readonly volatility: Volatility
  readonly batching: BatchingPolicy | null
  readonly policies: CallPolicies
  readonly source: ReplicaSource
  readonly provider: ProviderName
  readonly minReplicas: number
  readonly maxReplicas: number
  /** Calls at once that one replica gets. */
  readonly maxConcurrentRequests: number
  /** Of one core, in percent, on average over replicas; null to follow the queue alone. */
  readonly targetCpuUtilizationPercentage: number | null
  /** Calls in flight or waiting for each replica; null for `maxConcurrentRequests`. */
  readonly targetQueueDepth: number | null
  readonly scalingIntervalSeconds: number
  /** How long a replica that is not needed goes on. */
  readonly shutdownDelaySeconds: number
  readonly resources: ReplicaResources
  readonly env: Readonly<Record<string, string>>
  /** Names of secrets that replicas get as variables of their environment. */
  readonly secrets: readonly string[]
  readonly readinessProbe: ReadinessProbe
  /** Calls that come while there is no replica wait for one, or fail with GROUP_UNAVAILABLE. */
  readonly scaleFromZero: 'hold' | 'error'
  readonly tls: TransportSecurity | null
  /** Name of the secret that is sent as a bearer token; null for none. */
  readonly token: string | null
}

/** Where the calls of a remote function go. */
export interface RemoteBinding {
  readonly group: ScalingGroupSpec
  /** Of the group's deployment; 0 where it is only defined. */
  readonly revision: number
  /** The name that replicas know the function by. */
  readonly function: string
}
