import { lookup } from '../../catalog/catalog.ts'
import { transferables } from '../arrow/column.ts'
import { encodeError } from '../base/errors.ts'
import type { Engine } from '../duckdb/engine.ts'
import type { BridgeReply, BridgeRequest } from '../duckdb/protocol.ts'
import type { InvokeCall } from './invokeCall.ts'
import { QueryRun } from './queryRun.ts'
import { RowOutcomes } from './rowOutcomes.ts'
import { parseMetadata } from './stageCaller.ts'

/** The queries that run on an engine's connections, by connection. */
export type ConnectionQueries = ReadonlyMap<number, QueryRun>

export interface BridgeOptions {
  readonly invoke: InvokeCall
  readonly queries: ConnectionQueries
}

/** Answers the callbacks of an engine that sleep until their batch has been called. */
export function serveBridge(engine: Engine, { invoke, queries }: BridgeOptions): void {
  const ofQueries = new WeakMap<QueryRun, Map<string, RowOutcomes>>()
  const outcomesOf = (query: QueryRun, name: string): RowOutcomes => {
    const byName = ofQueries.get(query) ?? new Map<string, RowOutcomes>()
    ofQueries.set(query, byName)
    const signature = lookup(query.catalog, name)
    const known = byName.get(name) ?? new RowOutcomes({ signature, policies: signature.policies, query })
    byName.set(name, known)
    return known
  }
  const reply = async (request: BridgeRequest): Promise<BridgeReply> => {
    const query = queries.get(request.connection) ?? new QueryRun()
    try {
      const metadata = parseMetadata(request.metadata)
      const outcomes = outcomesOf(query, request.function)
      const { calls, rows } = query.begun(request.function, request.batch.length)
      const origin = {
        batch: calls,
        firstRow: rows,
        signal: query.signal,
        metadata,
        query,
        trace: query.trace,
        // A sleeping callback waits for nothing but its own rows.
        source: null,
        keepsInput: outcomes.keepsInput,
      }
      const site = { function: request.function, options: null, outcome: 'value', site: 0 } as const
      const { batch } = request
      const result = await query.during(() => invoke(site, batch, origin))
      return { column: await outcomes.values(result, batch, rows) }
    } catch (error) {
      return { error: encodeError(error) }
    }
  }
  const answer = async (request: BridgeRequest): Promise<void> => {
    const message = await reply(request)
    engine.bridge.postMessage(message, 'column' in message ? transferables([message.column]) : [])
    engine.wake()
  }
  engine.bridge.on('message', (request: BridgeRequest) => {
    void answer(request)
  })
  engine.bridge.unref()
}
