import type { DataType, Field } from '../src/base/dataType.ts'
import type { RemoteBinding } from './groups/scalingGroup.ts'
import type { ModelBinding } from './models/model.ts'
import type { ModuleReference } from './moduleReference.ts'
import type { BatchingPolicy, CallPolicies, Volatility } from './policy/policies.ts'

export type { ModuleReference } from './moduleReference.ts'
export type { Volatility } from './policy/policies.ts'

/** How a handler is called: a row, a list a column, or an Arrow table at a time. */
export type HandlerStyle = 'row' | 'batch' | 'arrow'

export type NullHandling = 'propagate' | 'call'

/** This thread, threads of a pool, threads with sessions of onnxruntime, child processes, or replicas of a scaling group. */
export type ExecutorName = 'main' | 'pool' | 'onnx' | 'process' | 'remote'

/** A registered function as the catalog describes it: plain data without the handler, safe to send to a thread. */
export interface FunctionSignature {
  readonly name: string
  readonly version: number
  readonly description: string | null
  readonly inputs: readonly Field[]
  readonly output: DataType
  readonly style: HandlerStyle
  readonly volatility: Volatility
  readonly nullHandling: NullHandling
  /** Null for a handler that is not asked to gather rows. Where `maxCost` is set, the definition has the `costOf` that counts. */
  readonly batching: BatchingPolicy | null
  /** What is done around its calls, but for what a call site asks for itself. */
  readonly policies: CallPolicies
  /** Whether the handler is declared async (an async function); others may still return promises off DuckDB's threads. */
  readonly async: boolean
  /** Whether it has an `onStartup`, whose state is kept where its handler runs. */
  readonly stateful: boolean
  /** Whether the handler yields items as they come: an async generator, whose items are the list that SQL sees. */
  readonly streams: boolean
  /** Names of the secrets that the handler asks for. */
  readonly secrets: readonly string[]
  /** Null for a handler that exists only as a closure in the thread that defined it. */
  readonly module: ModuleReference | null
  /** The model that it calls in place of a handler; null for a handler. */
  readonly model: ModelBinding | null
  /** The scaling group whose replicas its calls go to; null for a function that runs here. */
  readonly remote: RemoteBinding | null
  /** Where it runs when staged. */
  readonly executor: ExecutorName
  /** Bytes that a process of its own may take; null for any number. */
  readonly memoryLimit: number | null
  /** Microseconds a row, for ordering expensive predicates; null if not said. */
  readonly costPerRow: number | null
  /** Share of rows for which a boolean result is true, 0 to 1; null if not said. */
  readonly selectivity: number | null
}

/** What the planner asks of the catalog. Immutable: a query sees the one that it started with. */
export interface CatalogSnapshot {
  readonly functions: ReadonlyMap<string, FunctionSignature>
}
