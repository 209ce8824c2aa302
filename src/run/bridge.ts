import { transferables } from '../arrow/column.ts'
import { encodeError } from '../base/errors.ts'
import type { Engine } from '../duckdb/engine.ts'
import type { BridgeReply, BridgeRequest } from '../duckdb/protocol.ts'
import { type InvokeCall, recorded } from './invokeCall.ts'
import { QueryRun } from './queryRun.ts'
import { parseMetadata } from './stageCaller.ts'

/** The queries that run on an engine's connections, by connection. */
export type ConnectionQueries = ReadonlyMap<number, QueryRun>

/** Answers the callbacks of an engine that sleep until their batch has been called. */
export function serveBridge(engine: Engine, invoke: InvokeCall, queries: ConnectionQueries): void {
  const reply = async (request: BridgeRequest): Promise<BridgeReply> => {
    const query = queries.get(request.connection) ?? new QueryRun()
    try {
      const metadata = parseMetadata(request.metadata)
      const { calls, rows } = query.begun(request.function, request.batch.length)
      const context = { batch: calls, firstRow: rows, signal: query.signal, metadata }
      return { column: await recorded(invoke, query)(request.function, request.batch, context) }
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
