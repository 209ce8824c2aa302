import type { RegisteredFunction } from '../../catalog/registerFunction.ts'
import type { CallObserver } from '../../udf/callEvents.ts'
import { spanContextOf, type TraceCarrier } from '../../udf/traceCarrier.ts'
import type { Batch } from '../arrow/column.ts'
import { decodeColumn } from '../arrow/decode.ts'
import { decodePayload } from '../arrow/ipcPayload.ts'
import { toEngineError } from '../base/errors.ts'
import { CONTEXT_HEADER, decodeCallContext } from '../protocol/callContext.ts'
import type { CallHandler, ServedCall } from '../protocol/server.ts'
import type { WorkerMetrics } from '../telemetry/workerMetrics.ts'
import type { Admission } from './admission.ts'
import { CallRun, ReportedEvents } from './callRun.ts'
import type { AskedCall, FunctionCalls } from './functionCalls.ts'
import { inOrder } from './inOrder.ts'
import { argumentReader } from './requestColumns.ts'
import { eventsPayload, itemPayload, resultPayloads } from './resultMessages.ts'

/** Rows of one request: those of columns that take no bytes could be any number. */
const ROWS_MAX = 1 << 24
/** Batches of one request that are in flight at once. */
const BATCHES_MAX = 8

export interface ServeCallsOptions {
  readonly calls: FunctionCalls
  readonly admission: Admission
  readonly metrics: WorkerMetrics
  /** Is told what happens around all calls. */
  readonly observer: CallObserver
  /** Headers that handlers do not see. */
  readonly hiddenHeaders: ReadonlySet<string>
}

/** Answers calls: each batch of a request is a call of the function, and each result a message, sent as soon as it is there. */
export function serveCalls(options: ServeCallsOptions): CallHandler {
  const { calls, admission, metrics } = options
  return async function* answer({ name, payload }, served) {
    const registered = calls.find(name)
    const leave = await admission.enter(served.signal)
    const done = metrics.begin(registered.signature.name)
    const begun = performance.now()
    const run = new CallRun()
    const tally = { rows: 0 }
    try {
      yield* answerCall({ ...options, registered, payload, run, tally }, served)
      done({ rows: tally.rows, milliseconds: performance.now() - begun, error: null })
    } catch (error) {
      const { code } = toEngineError(error)
      done({ rows: 0, milliseconds: performance.now() - begun, error: code })
      throw error
    } finally {
      leave()
      await run.end()
    }
  }
}

interface OpenCall extends ServeCallsOptions {
  readonly registered: RegisteredFunction
  readonly payload: Uint8Array
  readonly run: CallRun
  readonly tally: { rows: number }
}

async function* answerCall(open: OpenCall, served: ServedCall): AsyncGenerator<Uint8Array, void, undefined> {
  const { registered, payload, run, tally, hiddenHeaders } = open
  const { headers, signal, deadline } = served
  const { [CONTEXT_HEADER]: contextText } = headers
  const context = contextText === undefined ? null : decodeCallContext(contextText)
  const events = context === null ? null : new ReportedEvents(open.observer)
  const call: AskedCall = {
    signal,
    deadline,
    metadata: context === null ? visible(headers, hiddenHeaders) : {},
    trace: traceOf(headers),
    context,
    run,
    observer: events?.observe ?? open.observer,
  }
  const { fields, batches, length } = decodePayload(null, payload, { maxRows: ROWS_MAX })
  tally.rows = length
  const read = argumentReader(registered.signature, fields)
  const asItems = registered.signature.streams && (context === null || context.itemsApart)
  try {
    yield* asItems ? answerItems(open, call, batches.map(read)) : answerBatches(open, call, batches, read)
  } catch (error) {
    yield* reported(events)
    throw error
  }
  yield* reported(events)
}

async function* answerBatches(
  { calls, registered: { signature } }: OpenCall,
  call: AskedCall,
  batches: readonly Batch[],
  read: (batch: Batch) => Batch,
): AsyncGenerator<Uint8Array, void, undefined> {
  const firstRows: number[] = []
  batches.reduce((row, { length }) => {
    firstRows.push(row)
    return row + length
  }, 0)
  const most = Math.min(BATCHES_MAX, calls.concurrencyOf(signature))
  const results = inOrder(batches, most, (batch, index) =>
    calls.invoke(signature.name, read(batch), { call, batch: index, firstRow: firstRows[index]! }),
  )
  for await (const result of results) {
    yield* resultPayloads(signature, result, { mayBeSplit: call.context !== null })
  }
}

/** A message for each item that a handler yields, one row after the other. */
async function* answerItems(
  { calls, registered: { signature } }: OpenCall,
  call: AskedCall,
  batches: readonly Batch[],
): AsyncGenerator<Uint8Array, void, undefined> {
  const { name, inputs, output } = signature
  const type = output.kind === 'list' ? output.item : output
  let firstRow = 0
  for (const { length, columns } of batches) {
    const values = inputs.map((input, index) => decodeColumn(input.type, columns[index]!))
    for (let row = 0; row < length; row++) {
      const args = values.map((column) => column[row])
      const place = { call, batch: firstRow, firstRow }
      for await (const item of calls.stream(name, args, place)) yield itemPayload(signature, type, item)
      firstRow++
    }
  }
}

function* reported(events: ReportedEvents | null): Generator<Uint8Array, void, undefined> {
  const texts = events?.take() ?? []
  if (texts.length > 0) yield eventsPayload(texts)
}

function traceOf({ traceparent, tracestate }: ServedCall['headers']): TraceCarrier | null {
  if (traceparent === undefined) return null
  const carrier = { traceparent, tracestate: tracestate ?? null }
  return spanContextOf(carrier) === null ? null : carrier
}

function visible(
  headers: ServedCall['headers'],
  hidden: ReadonlySet<string>,
): Readonly<Record<string, string>> {
  return Object.freeze(Object.fromEntries(Object.entries(headers).filter(([name]) => !hidden.has(name))))
}
