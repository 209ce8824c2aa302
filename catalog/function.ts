import type { DataType, Field } from '../src/base/dataType.ts'

/** What may be shared, deduplicated and reordered: the same for ever, within one query, or never. */
export type Volatility = 'immutable' | 'stable' | 'volatile'

/** How a handler is called: a row, a list a column, or an Arrow table at a time. */
export type HandlerStyle = 'row' | 'batch' | 'arrow'

export type NullHandling = 'propagate' | 'call'

/** Rows to gather before a handler is called. */
export interface BatchingPolicy {
  /** Rows in a batch at most; default 10 when batching is set at all. */
  readonly maxBatchingSize: number
  /** Milliseconds that a batch waits to be filled at most; default 1,000. */
  readonly maxBufferDuration: number
}

/** What a handler is told beside its rows. Frozen. */
export interface HandlerContext {
  /** Name of the function. */
  readonly function: string
  readonly version: number
  /** Number of the batch within its query, from 0. */
  readonly batch: number
  /** Number of the batch's first row within its query, from 0. */
  readonly firstRow: number
  /** Rows of this call: 1 for a handler that gets one row at a time. */
  readonly rows: number
  /** What `metadata => {…}` gave; null without. */
  readonly metadata: Readonly<Record<string, unknown>> | null
  /** Aborts when the result is no longer needed. */
  readonly signal: AbortSignal
}

/** A module and the name under which it exports a definition, so that other threads can load it too. */
export interface ModuleReference {
  /** A file URL. */
  readonly url: string
  readonly exportName: string
}

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
  readonly batching: BatchingPolicy | null
  /** Whether the handler is declared async (an async function); others may still return promises off DuckDB's threads. */
  readonly async: boolean
  /** Null for a handler that exists only as a closure in the thread that defined it. */
  readonly module: ModuleReference | null
  /** Where it runs when staged: 'main' or 'pool'. */
  readonly executor: 'main' | 'pool'
  /** Microseconds a row, for ordering expensive predicates; null if not said. */
  readonly costPerRow: number | null
  /** Share of rows for which a boolean result is true, 0 to 1; null if not said. */
  readonly selectivity: number | null
}

/** What the planner asks of the catalog. Immutable: a query sees the one that it started with. */
export interface CatalogSnapshot {
  readonly functions: ReadonlyMap<string, FunctionSignature>
}
