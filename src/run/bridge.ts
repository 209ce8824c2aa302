import { transferables } from '../arrow/column.ts'
import { encodeError } from '../base/errors.ts'
import type { Engine } from '../duckdb/engine.ts'
import type { BridgeReply, BridgeRequest } from '../duckdb/protocol.ts'
import type { InvokeCall } from './invokeCall.ts'
import { QueryRun } from './queryRun.ts'
import { parseMetadata } from './stageCaller.ts'

/** The queries that run on an engine's connections, by connection. */
export type ConnectionQueries = ReadonlyMap<number, QueryRun>

/** A sleeping callback waits for nothing but its own rows. */
const byItself = { source: null, keepsInput: false }

/** Answers the callbacks of an engine that sleep until their batch has been called. */
export function serveBridge(engine: Engine, invoke: InvokeCall, queries: ConnectionQueries): void {
  const reply = async (request: BridgeRequest): Promise<BridgeReply> => {
    const query = queries.get(request.connection) ?? new QueryRun()
    try {
      const metadata = parseMetadata(request.metadata)
      const { calls, rows } = query.begun(request.function, request.batch.length)
      const origin = {
        batch: calls,
        firstRow: rows,
        signal: query.signal,
        metadata,
        query,
        trace: query.trace,
        ...byItself,
      }
      const site = { function: request.function, options: null, outcome: 'value', site: 0 } as const
      const { column } = await query.during(() => invoke(site, request.batch, origin))
      return { column }
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
