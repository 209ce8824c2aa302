import type { MessagePort } from 'node:worker_threads'
import type { FunctionSignature } from '../../catalog/function.ts'
import { loadFunction } from '../../catalog/loadModules.ts'
import type { RegisteredFunction } from '../../catalog/registerFunction.ts'
import type { CallEvent } from '../../udf/callEvents.ts'
import { invokeHandlerSync } from '../../udf/invokeHandler.ts'
import { errorInWhole } from '../../udf/policies/amendError.ts'
import { type Batch, type ColumnData, transferables } from '../arrow/column.ts'
import { concatColumns, sliceColumn } from '../arrow/columns.ts'
import { decodeError, EngineError, isEngineError } from '../base/errors.ts'
import { checkNames } from '../duckdb/checkNames.ts'
import type { EngineConnection } from '../duckdb/connection.ts'
import type { ConnectionOf, FunctionHost } from '../duckdb/engineHost.ts'
import type { BridgeReply, BridgeRequest } from '../duckdb/protocol.ts'
import { registerScalarFunction, type VectorFunction } from '../duckdb/scalarFunctions.ts'
import { receiveSleeping } from '../duckdb/sleep.ts'
import { parseMetadata } from './stageCaller.ts'

const NEVER = new AbortController().signal

/** The catalog functions of an engine thread: computed here where the planner says so, else over the bridge. */
export class ThreadFunctions implements FunctionHost {
  readonly #signatures: Map<string, FunctionSignature>
  readonly #bridge: MessagePort
  readonly #wake: Int32Array
  readonly #loaded = new Map<string, RegisteredFunction>()

  constructor(signatures: readonly FunctionSignature[], bridge: MessagePort, wake: Int32Array) {
    this.#signatures = new Map(signatures.map((signature) => [signature.name, signature]))
    this.#bridge = bridge
    this.#wake = wake
  }

  async registerAll(control: EngineConnection, connectionOf: ConnectionOf): Promise<void> {
    await checkNames(control, [...this.#signatures.keys()])
    for (const signature of this.#signatures.values()) this.#register(signature, control, connectionOf)
  }

  async register(
    signature: FunctionSignature,
    control: EngineConnection,
    connectionOf: ConnectionOf,
  ): Promise<void> {
    await checkNames(control, [signature.name])
    this.#signatures.set(signature.name, signature)
    this.#register(signature, control, connectionOf)
  }

  #register(signature: FunctionSignature, control: EngineConnection, connectionOf: ConnectionOf): void {
    const compute: VectorFunction = (batch, terms, connection) => {
      const { metadata, options, outcome } = terms
      const isFused = connection.fused.has(signature.name) && options === null && outcome === 'value'
      const here = isFused ? this.#loaded.get(signature.name) : undefined
      if (here !== undefined) return callHere(here, batch, { connection, metadata })
      return this.#overBridge({ connection: connection.id, function: signature.name, batch, ...terms })
    }
    registerScalarFunction(control.handle, signature, compute, connectionOf)
  }

  async load(names: readonly string[]): Promise<void> {
    for (const name of names) {
      if (this.#loaded.has(name)) continue
      const signature = this.#signatures.get(name)
      if (signature?.module == null)
        throw new EngineError('INTERNAL', `no module brings function '${name}' to the engine thread`)
      this.#loaded.set(name, await loadFunction(signature.module, signature.version))
    }
  }

  #overBridge(request: BridgeRequest): ColumnData {
    this.#bridge.postMessage(request, transferables(request.batch.columns))
    const reply = receiveSleeping(this.#bridge, this.#wake) as BridgeReply
    if ('error' in reply) throw decodeError(reply.error)
    return reply.column
  }
}

interface CallOrigin {
  readonly connection: EngineConnection
  readonly metadata: string | null
}

/** In as many calls as the function's batching asks for. */
function callHere(registered: RegisteredFunction, batch: Batch, origin: CallOrigin): ColumnData {
  const { inputs, output, batching } = registered.signature
  const most = typeof batching?.maxBatchingSize === 'number' ? batching.maxBatchingSize : batch.length
  if (batch.length <= most) return callOnce(registered, batch, origin)
  const results: ColumnData[] = []
  for (let from = 0; from < batch.length; from += most) {
    const length = Math.min(most, batch.length - from)
    const columns = inputs.map(({ type }, index) => sliceColumn(type, batch.columns[index]!, from, length))
    try {
      results.push(callOnce(registered, { length, columns }, origin))
    } catch (error) {
      const rows = Int32Array.from({ length }, (_, row) => from + row)
      throw isEngineError(error) ? errorInWhole(error, rows, batch.length) : error
    }
  }
  return concatColumns(output, results)
}

function callOnce(
  registered: RegisteredFunction,
  batch: Batch,
  { connection, metadata }: CallOrigin,
): ColumnData {
  const { name } = registered.signature
  const { calls, rows } = connection.callsOf(name)
  const started = performance.now()
  const context = {
    batch: calls,
    firstRow: rows,
    signal: NEVER,
    metadata: parseMetadata(metadata),
    attempt: 1,
    deadline: null,
    reportsRows: false,
    observer: (_called: unknown, event: CallEvent) => connection.report(name, event),
  }
  const result = invokeHandlerSync(registered, batch, context)
  connection.countCall(name, batch.length, performance.now() - started)
  return result
}
