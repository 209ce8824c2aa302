import { lookup } from '../../catalog/catalog.ts'
import type { FunctionSignature } from '../../catalog/function.ts'
import type { BatchSource } from '../../udf/batching/batchSource.ts'
import type { BatchStream } from '../arrow/batchStream.ts'
import type { Batch } from '../arrow/column.ts'
import type { Schema } from '../base/dataType.ts'
import { EngineError } from '../base/errors.ts'
import type { CallStage, StageCall } from '../stage/stage.ts'
import type { InvokeCall } from './invokeCall.ts'
import type { QueryRun, StageSpan } from './queryRun.ts'
import { StageCaller } from './stageCaller.ts'

export interface CallStreamOptions {
  readonly invoke: InvokeCall
  readonly query: QueryRun
  /** Announces the stream to those who gather rows for its functions. */
  openSource(functions: readonly FunctionSignature[], query: QueryRun): BatchSource
  /** Batches of the input that may be in work or waiting for their reader, where no function asks for more. */
  readonly maxInFlight: number
  /** Rows of each of them at most. */
  readonly batchRows: number
}

type Settled = { readonly batch: Batch } | { readonly error: unknown }

/** Calls over a stream of batches: many are in flight, the results come out in the order of the rows that went in. */
export class CallStream implements BatchStream {
  readonly schema: Schema
  readonly #input: BatchStream
  readonly #stage: CallStage
  readonly #callers: readonly StageCaller[]
  readonly #source: BatchSource
  readonly #span: StageSpan
  readonly #options: CallStreamOptions
  readonly #ownsArguments: readonly boolean[]
  readonly #abort = new AbortController()
  readonly #signal: AbortSignal
  readonly #inFlight: Promise<Settled>[] = []
  #reading: Promise<Batch | null> | null = null
  #inputEnded = false
  #batches = 0
  #rowsRead = 0
  #rowsGiven = 0
  #failure: unknown = null

  constructor(input: BatchStream, stage: CallStage, options: CallStreamOptions) {
    this.#input = input
    this.#stage = stage
    this.#options = options
    this.#signal = AbortSignal.any([options.query.signal, this.#abort.signal])
    this.#callers = stage.calls.map(
      (call) =>
        new StageCaller(call, { ...options, signature: lookup(options.query.catalog, call.function) }),
    )
    this.#span = options.query.openStage(`call ${stage.calls.map((call) => call.function).join(', ')}`)
    this.#source = options.openSource(
      this.#callers.map(({ signature }) => signature),
      options.query,
    )
    this.#ownsArguments = stage.calls.map((call) => readsAlone(call, stage))
    this.schema = stage.outputs.map((output) => ({
      name: output.name,
      type: output.kind === 'input' ? input.schema[output.column]!.type : this.#callers[output.call]!.type,
    }))
  }

  async next(): Promise<Batch | null> {
    await this.#fill()
    if (this.#inputEnded) this.#source.end()
    else if (this.#inFlight.length >= this.#window()) this.#source.idle()
    const settled = await this.#inFlight.shift()
    if (settled === undefined) return this.#checkedEnd()
    if (!this.#inputEnded) this.#source.active()
    if ('error' in settled) throw settled.error
    this.#rowsGiven += settled.batch.length
    return settled.batch
  }

  async close(): Promise<void> {
    this.#abort.abort(new EngineError('CANCELLED', 'the reader stopped before the end of the result'))
    this.#source.end()
    await this.#input.close()
    await Promise.all(this.#inFlight)
    this.#span.end(this.#failure)
  }

  /** Reads as many batches as may be in flight, but waits for the input only if there is nothing else to give. */
  async #fill(): Promise<void> {
    while (!this.#inputEnded && this.#inFlight.length < this.#window()) {
      this.#reading ??= this.#input.next()
      const first = this.#inFlight[0]
      const arrived =
        first === undefined
          ? await this.#reading
          : await Promise.race([this.#reading, first.then(() => 'ready' as const)])
      if (arrived === 'ready') return
      this.#reading = null
      if (arrived === null) this.#inputEnded = true
      else this.#inFlight.push(this.#settle(arrived))
    }
  }

  /** Functions that find the size of their batches themselves ask for as many rows as keep them busy. */
  #window(): number {
    const { maxInFlight, batchRows } = this.#options
    return Math.max(maxInFlight, Math.ceil(this.#source.wantedRows() / batchRows) + 1)
  }

  /** Never rejects, so that a failed batch behind a slow one is not an unhandled rejection. */
  async #settle(batch: Batch): Promise<Settled> {
    const number = this.#batches++
    const firstRow = this.#rowsRead
    this.#rowsRead += batch.length
    try {
      return { batch: await this.#call(batch, number, firstRow) }
    } catch (error) {
      this.#abort.abort(error)
      this.#failure ??= error
      return { error }
    }
  }

  async #call(batch: Batch, number: number, firstRow: number): Promise<Batch> {
    const position = {
      batch: number,
      firstRow,
      signal: this.#signal,
      source: this.#source,
      trace: this.#span.carrier,
    }
    const results = await Promise.all(
      this.#callers.map((caller, index) => caller.call(batch, position, this.#ownsArguments[index]!)),
    )
    const columns = this.#stage.outputs.map((output) =>
      output.kind === 'call' ? results[output.call]! : batch.columns[output.column]!,
    )
    for (const [index, column] of columns.entries()) {
      if (column.length === batch.length) continue
      const { name } = this.#stage.outputs[index]!
      throw new EngineError(
        'ROWS_LOST',
        `column '${name}' has ${column.length} rows for ${batch.length} in batch ${number}`,
      )
    }
    return { length: batch.length, columns }
  }

  #checkedEnd(): null {
    if (this.#rowsGiven !== this.#rowsRead) {
      throw new EngineError('ROWS_LOST', `a call stage gave ${this.#rowsGiven} of ${this.#rowsRead} rows`)
    }
    return null
  }
}

/** Whether nobody but this call reads its arguments, so that their buffers may be transferred away. */
function readsAlone(call: StageCall, { calls, outputs }: CallStage): boolean {
  const others = calls
    .filter((other) => other !== call)
    .flatMap(({ args, guard, metadata }) => [...args, guard, metadata])
  const read = new Set([
    ...others,
    ...outputs.map((output) => (output.kind === 'input' ? output.column : null)),
  ])
  return new Set(call.args).size === call.args.length && call.args.every((index) => !read.has(index))
}
