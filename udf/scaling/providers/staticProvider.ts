import { lookup } from 'node:dns/promises'
import { isIPv6 } from 'node:net'
import { EngineError } from '../../../src/base/errors.ts'
import type { Clock } from '../../clock.ts'
import type { ProvidedReplica, ReplicaProvider } from '../replica.ts'

/** All addresses of a host. */
export type Resolve = (host: string) => Promise<readonly string[]>

export interface StaticProviderOptions {
  /** `host:port` each, or `dns:host:port` for all addresses of a name. */
  readonly endpoints: readonly string[]
  readonly clock: Clock
  /** Default: as the system does. */
  readonly resolve?: Resolve
}

/** Between two lookups of a name. */
const LOOKUP_MS = 5000

/** Replicas that somebody else starts and ends: those of a list, and the addresses of names. */
export function createStaticProvider({
  endpoints,
  clock,
  resolve = resolveHost,
}: StaticProviderOptions): ReplicaProvider {
  const names = endpoints.filter(isName)
  const listed = endpoints.filter((endpoint) => !isName(endpoint))
  return Object.freeze({
    scales: false,
    async start() {
      throw new EngineError('INTERNAL', 'replicas that are only found cannot be started')
    },
    watch(changed: (replicas: readonly ProvidedReplica[]) => void, signal: AbortSignal) {
      void follow(changed, signal)
    },
    async close() {},
  })

  async function follow(
    changed: (replicas: readonly ProvidedReplica[]) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const found = new Map<string, readonly string[]>()
    let known = withReplicas(new Map(), listed)
    if (known.size > 0 || names.length === 0) changed([...known.values()])
    while (names.length > 0 && !signal.aborted) {
      await Promise.all(names.map(async (name) => found.set(name, await addressesOf(name, found.get(name)))))
      if (signal.aborted) return
      const now = withReplicas(known, [...listed, ...[...found.values()].flat()])
      const isSame = now.size === known.size && [...now.keys()].every((endpoint) => known.has(endpoint))
      known = now
      if (!isSame) changed([...known.values()])
      await clock.sleep(LOOKUP_MS, signal).catch(() => undefined)
    }
  }

  /** A lookup that fails says nothing of the replicas that are known. */
  async function addressesOf(name: string, before: readonly string[] = []): Promise<readonly string[]> {
    const [, host, port] = /^dns:(.+):(\d+)$/.exec(name) ?? []
    if (host === undefined) return before
    try {
      const addresses = await resolve(host)
      return addresses.map((address) => `${isIPv6(address) ? `[${address}]` : address}:${port}`)
    } catch {
      return before
    }
  }
}

/** The host that a name of addresses stands for; null for other endpoints. */
export function namedHost(endpoint: string): string | null {
  return /^dns:(.+):\d+$/.exec(endpoint)?.[1] ?? null
}

function isName(endpoint: string): boolean {
  return namedHost(endpoint) !== null
}

/** The same objects for those that were known. */
function withReplicas(
  known: ReadonlyMap<string, ProvidedReplica>,
  endpoints: readonly string[],
): ReadonlyMap<string, ProvidedReplica> {
  return new Map(endpoints.map((endpoint) => [endpoint, known.get(endpoint) ?? replicaAt(endpoint)]))
}

function replicaAt(endpoint: string): ProvidedReplica {
  return Object.freeze({
    id: endpoint,
    endpoint,
    pid: null,
    ended: new Promise<never>(() => undefined),
    cpuTime: async () => null,
    stop: async () => undefined,
  })
}

async function resolveHost(host: string): Promise<readonly string[]> {
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address)
  } catch (thrown) {
    // A service without replicas has no address; that is an answer.
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOTFOUND') return []
    throw thrown
  }
}
