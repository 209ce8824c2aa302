import type { DefinitionSource } from '../../catalog/loadModules.ts'
import { bytesOf } from '../../catalog/policy/byteSize.ts'
import type { SecretValues } from '../../catalog/secret.ts'
import { EngineError } from '../base/errors.ts'
import { isLoopback } from '../protocol/security.ts'

/** Paths of PEM files. */
export interface WorkerTls {
  readonly cert: string
  readonly key: string
  /** The authority of callers' certificates; without it callers need none. */
  readonly clientCa?: string | undefined
}

/** What {@link Worker.open} takes. */
export interface WorkerOptions {
  /** Definitions, and paths or globs of modules that export them. */
  readonly functions?: readonly DefinitionSource[] | undefined
  /** Models of the registry, `name`, `name@3` or `name@prod`: each is called as `model.<name>`. */
  readonly models?: readonly string[] | undefined
  /** The scaling group that it is a replica of: of modules only what belongs to it is hosted, and one alone also as `model.<group>`. */
  readonly group?: string | undefined
  /** Where models, caches and shared limits are kept. Default: nowhere. */
  readonly stateDirectory?: string | null | undefined
  /** To which paths are relative. Default: the working directory. */
  readonly baseDirectory?: string | undefined
  /** Default: 127.0.0.1. Another one than of this machine needs `tls` and `token`, or `insecure`. */
  readonly host?: string | undefined
  /** Default: 8080; 0 for any. */
  readonly port?: number | undefined
  readonly tls?: WorkerTls | null | undefined
  /** What callers must send as a bearer token. Default: they need none. */
  readonly token?: string | null | undefined
  /** Lets anybody call who reaches the address. */
  readonly insecure?: boolean | undefined
  /** Calls at once; the next ones wait. Default: 64. */
  readonly maxConcurrentCalls?: number | undefined
  /** Calls that wait at most; the next ones fail with RESOURCE_EXHAUSTED. Default: 256. */
  readonly maxQueuedCalls?: number | undefined
  /** Memory that the process may take, such as `'2GB'`: beyond it calls fail with RESOURCE_EXHAUSTED. Default: any. */
  readonly memoryLimit?: number | string | null | undefined
  /** Where `GET /metrics` is answered, on the same host; 0 for any port. Default: nowhere. */
  readonly metricsPort?: number | null | undefined
  /** Values of secrets that handlers ask for; others come from the environment. */
  readonly secrets?: SecretValues | undefined
  /**
   * Milliseconds that rows wait for those of other callers, where a function's batching lets them share a batch; less where its
   * `maxBufferDuration` is less. Default: 0, so that only what comes together is called together.
   */
  readonly coalesce?: number | undefined
  /** Threads and processes for functions that run in a pool. Default: the machine's cores. */
  readonly poolThreads?: number | undefined
  /** Is told what handlers log, one line each. Default: nobody is. */
  readonly log?: ((line: string) => void) | undefined
}

/** Options with their defaults. */
export interface WorkerSettings {
  readonly host: string
  readonly port: number
  readonly tls: WorkerTls | null
  readonly token: string | null
  readonly maxConcurrentCalls: number
  readonly maxQueuedCalls: number
  /** Bytes. */
  readonly memoryLimit: number | null
  readonly metricsPort: number | null
  readonly coalesce: number
}

/** Throws CONFIG_INVALID for numbers that make no sense, and for an address that strangers reach without being asked who they are. */
export function readWorkerOptions(options: WorkerOptions): WorkerSettings {
  const settings = {
    host: options.host ?? '127.0.0.1',
    port: wholeNumber('port', options.port ?? 8080, { from: 0, to: 65_535 }),
    tls: options.tls ?? null,
    token: options.token ?? null,
    maxConcurrentCalls: wholeNumber('maxConcurrentCalls', options.maxConcurrentCalls ?? 64, { from: 1 }),
    maxQueuedCalls: wholeNumber('maxQueuedCalls', options.maxQueuedCalls ?? 256, { from: 0 }),
    memoryLimit: readMemory(options.memoryLimit ?? null),
    metricsPort:
      options.metricsPort == null
        ? null
        : wholeNumber('metricsPort', options.metricsPort, { from: 0, to: 65_535 }),
    coalesce: wholeNumber('coalesce', options.coalesce ?? 0, { from: 0 }),
  }
  if (settings.token === '') throw invalid('the token of the worker is empty', 'give one that nobody guesses')
  if (options.insecure !== true) checkReach(settings)
  return settings
}

function checkReach({ host, tls, token }: Pick<WorkerSettings, 'host' | 'tls' | 'token'>): void {
  if (isLoopback(host) || (tls !== null && token !== null)) return
  const missing = [...(tls === null ? ['TLS'] : []), ...(token === null ? ['a token'] : [])].join(' and ')
  throw invalid(
    `a worker that listens on ${host} needs ${missing}: whoever reaches it could call its functions`,
    'give it a certificate, its key and a token, let it listen on 127.0.0.1, or say that it may be insecure',
  )
}

function readMemory(given: number | string | null): number | null {
  if (given === null) return null
  const bytes = typeof given === 'string' ? bytesOf(given) : given
  if (Number.isSafeInteger(bytes) && bytes > 0) return bytes
  throw invalid(
    `memoryLimit takes a size such as '2GB' or '512MiB', got ${JSON.stringify(given)}`,
    'or leave it out for any size',
  )
}

function wholeNumber(
  name: string,
  value: number,
  { from, to = Infinity }: { from: number; to?: number },
): number {
  if (Number.isSafeInteger(value) && value >= from && value <= to) return value
  const range = to === Infinity ? `from ${from}` : `from ${from} to ${to}`
  throw new EngineError('CONFIG_INVALID', `${name} takes a whole number ${range}, got ${value}`)
}

function invalid(message: string, hint: string): EngineError {
  return new EngineError('CONFIG_INVALID', message, { hint })
}
