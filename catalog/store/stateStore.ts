import type { GroupStore } from './groupStore.ts'
import type { ModelStore } from './modelStore.ts'

/**
 * State that outlives a query and is shared by processes. Every method fails with STORE_FAILED, whose cause is what the store
 * said. Times are milliseconds since 1970. `test/store.conformance.ts` states the contract, which every store passes.
 */
export interface StateStore {
  readonly limits: LimitStore
  readonly results: ResultStore
  readonly runs: RunStore
  readonly models: ModelStore
  readonly groups: GroupStore
  close(): Promise<void>
}

/** Limits that processes share by key. */
export interface LimitStore {
  /**
   * Takes a token of the key if one may be taken now: no window of `windowMs` ever holds more than `tokens`. Answers 0 when it was
   * taken, else the milliseconds after which asking again is worth it.
   */
  takeToken(
    key: string,
    limit: { readonly tokens: number; readonly windowMs: number },
    now: number,
  ): Promise<number> | number
  /** Takes one of `slots` places until `now + leaseMs`; null if none is free. A place whose lease has run out is free. */
  acquire(key: string, slots: number, leaseMs: number, now: number): Promise<Lease | null>
  /** Prolongs a lease; false if it had run out and was lost. */
  renew(lease: Lease, leaseMs: number, now: number): Promise<boolean>
  release(lease: Lease): Promise<void>
}

export interface Lease {
  readonly key: string
  readonly id: string
}

/** The key of one result: 32 bytes that stand for function, version and exact inputs. */
export type ResultKey = Uint8Array

/** Where a kept result lies. */
export interface ResultPlace {
  readonly segment: number
  readonly row: number
}

/** Results that were kept together: one column in Arrow's IPC format. */
export interface ResultSegment {
  readonly function: string
  readonly version: number
  /** Of the run whose journal it belongs to; null for the cache. */
  readonly run: string | null
  readonly created: number
  readonly rows: number
  readonly data: Uint8Array
}

/** Results of calls, found by key: the cache, and the journals of runs. */
export interface ResultStore {
  /** For each key its place in the cache, not older than `notBefore`, or in the journal of the run; null where there is none. */
  find(
    keys: readonly ResultKey[],
    from: { readonly run: string } | { readonly notBefore: number },
  ): Promise<readonly (ResultPlace | null)[]>
  /** Null for one that was removed. Its number is never given to another. */
  read(segment: number): Promise<ResultSegment | null>
  /**
   * Keeps a segment whose row n has the nth key, all or nothing; a key that is there already moves to the new segment. Once it
   * resolves, the end of the process loses nothing. The bytes given must not change until then.
   */
  add(segment: ResultSegment, keys: readonly ResultKey[]): Promise<void>
  /** Removes the segments of the cache that were used least recently until no more than `maxBytes` are kept, and those older than `notBefore`. */
  evict(maxBytes: number, notBefore: number): Promise<void>
  /** Bytes that the cache takes, as `evict` counts them: the data of its segments and the keys of their rows. */
  bytes(): Promise<number>
  /** Removes what a run has kept. */
  forgetRun(run: string): Promise<void>
}

/** What is remembered of a run. */
export interface RunRecord {
  readonly id: string
  readonly name: string | null
  /** What was run: a statement, or the path of a script. */
  readonly source: string
  /** SHA-256 of what a resumed run must have in common with it, in hex. */
  readonly fingerprint: string
  readonly state: 'running' | 'done' | 'failed' | 'cancelled'
  readonly started: number
  readonly ended: number | null
  readonly rows: number
  /** The message of the error that ended it. */
  readonly error: string | null
  /** Figures of each function, and the timeline of batches, as JSON. */
  readonly profile: string | null
  /** Process that runs it; a running run of a process that is gone was interrupted. */
  readonly process: number
  /** Tells that process from a later one of the same number; the store fills it in, where the system knows. */
  readonly processInstance?: string
}

/** What runs taught about a function. */
export interface FunctionHistory {
  readonly function: string
  readonly version: number
  readonly rows: number
  readonly calls: number
  readonly milliseconds: number
  readonly dollars: number
}

export interface RunStore {
  /** Adds a run, or replaces the one of that id. */
  put(run: RunRecord): Promise<void>
  /** The run of that id, or else the latest of that name. */
  get(idOrName: string): Promise<RunRecord | null>
  /**
   * Makes this process the one that goes on with a run, in state `running`, and answers the run as it is then. Throws RUN_INVALID
   * if there is no such run, or a living process runs it; of several that ask at once, one gets it.
   */
  claim(id: string): Promise<RunRecord>
  /** The latest first. */
  list(limit: number): Promise<readonly RunRecord[]>
  /** Adds what a run measured to what is known of its functions, all or nothing. */
  learn(figures: readonly FunctionHistory[]): Promise<void>
  history(name: string, version: number): Promise<FunctionHistory | null>
}
