import { lookup } from '../../catalog/catalog.ts'
import { parseOptionsText } from '../../catalog/policy/optionsText.ts'
import { transferables } from '../arrow/column.ts'
import { encodeError } from '../base/errors.ts'
import type { Engine } from '../duckdb/engine.ts'
import type { BridgeReply, BridgeRequest } from '../duckdb/protocol.ts'
import { checkOptions } from '../stage/checkOptions.ts'
import type { CallSite, InvokeCall } from './invokeCall.ts'
import { QueryRun } from './queryRun.ts'
import { RowOutcomes } from './rowOutcomes.ts'
import { parseMetadata } from './stageCaller.ts'

/** The queries that run on an engine's connections, by connection. */
export type ConnectionQueries = ReadonlyMap<number, QueryRun>

export interface BridgeOptions {
  readonly invoke: InvokeCall
  readonly queries: ConnectionQueries
}

/** Calls of a function that are given the same and come to the same, wherever the query makes them. */
interface BridgedSite {
  readonly call: CallSite
  readonly outcomes: RowOutcomes
}

/** Throws WRONG_ARGUMENTS for options that contradict the function. */
function openSite(query: QueryRun, { function: name, options: text, outcome }: BridgeRequest): BridgedSite {
  const signature = lookup(query.catalog, name)
  const options = text === null ? null : parseOptionsText(text, name)
  checkOptions(signature, options)
  // The engine that would write dead letters waits for these rows.
  const outcomes = new RowOutcomes({ signature, options, outcome, query, waitsForLetters: false })
  return { call: { function: name, options, outcome, site: query.bridge }, outcomes }
}

/** Answers the callbacks of an engine that sleep until their batch has been called. */
export function serveBridge(engine: Engine, { invoke, queries }: BridgeOptions): void {
  const ofQueries = new WeakMap<QueryRun, Map<string, BridgedSite>>()
  const siteOf = (query: QueryRun, request: BridgeRequest): BridgedSite => {
    const known = ofQueries.get(query) ?? new Map<string, BridgedSite>()
    ofQueries.set(query, known)
    const key = JSON.stringify([request.function, request.options, request.outcome])
    const site = known.get(key) ?? openSite(query, request)
    known.set(key, site)
    return site
  }
  const reply = async (request: BridgeRequest): Promise<BridgeReply> => {
    const query = queries.get(request.connection) ?? new QueryRun()
    try {
      const metadata = parseMetadata(request.metadata)
      const { call, outcomes } = siteOf(query, request)
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
      const { batch } = request
      const result = await query.during(() => invoke(call, batch, origin))
      return { column: await outcomes.columnOf(result, batch, rows) }
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
