import type { FunctionSignature } from '../../../catalog/function.ts'
import type { Batch } from '../../../src/arrow/column.ts'
import { concatColumns } from '../../../src/arrow/columns.ts'
import { encodePayload } from '../../../src/arrow/ipcPayload.ts'
import { Cancellation, onAbort } from '../../../src/base/cancellation.ts'
import { EngineError, isEngineError } from '../../../src/base/errors.ts'
import { MESSAGE_BYTES_MAX } from '../../../src/protocol/limits.ts'
import type { CallResult, InvokeContext } from '../../executor.ts'
import { subjectOf } from '../../functionErrors.ts'
import { errorInWhole } from '../../policies/amendError.ts'
import { callHeaders } from './callHeaders.ts'
import { callReplica, type Sender } from './callReplica.ts'
import { readAnswer } from './readAnswer.ts'
import { detailsOf } from './remotePlace.ts'
import { halves, type RowRange, rowParts, rowsOf } from './requestParts.ts'
import { sentColumns, sentFields } from './sentColumns.ts'

/** What the name and the frames around a payload may take. */
const FRAME_BYTES_MAX = 64 * 1024
const PAYLOAD_BYTES_MAX = MESSAGE_BYTES_MAX - FRAME_BYTES_MAX
/** Buffers are padded, and have a description each. */
const BUFFER_BYTES_MAX = Math.floor(PAYLOAD_BYTES_MAX * 0.95)

/** A batch that goes to replicas of a group; once it is in parts, its columns are those that are sent. */
export interface RemoteBatch {
  readonly signature: FunctionSignature
  readonly batch: Batch
  readonly context: InvokeContext
}

/** Calls the rows of a batch, in as many calls as their bytes need, at once as far as there is room; all end with the first that fails. */
export async function callParts(sender: Sender, call: RemoteBatch): Promise<CallResult> {
  const { signature, context } = call
  const batch = sentColumns(signature, call.batch)
  const parts = rowParts(sentFields(signature), batch, BUFFER_BYTES_MAX)
  if (parts.length === 1) return callPart(sender, { ...call, batch }, parts[0]!)
  const cancellation = new Cancellation()
  const stopListening = onAbort(context.signal, () => cancellation.abort(context.signal.reason))
  const own = { signature, batch, context: { ...context, signal: cancellation } }
  const results: CallResult[] = []
  let next = 0
  const oneByOne = async (): Promise<void> => {
    for (let part = next++; part < parts.length; part = next++) {
      results[part] = await callPart(sender, own, parts[part]!)
    }
  }
  try {
    // Each payload is made when there is room for it, so that no more of them lie in memory than are under way.
    const atOnce = Math.min(parts.length, Math.max(1, sender.replicas.capacity))
    await Promise.all(Array.from({ length: atOnce }, oneByOne))
  } catch (error) {
    cancellation.abort(error)
    throw error
  } finally {
    stopListening()
  }
  return joined(signature, results)
}

/** The rows of a range: in one call, or in two where they take more bytes than their buffers told. */
async function callPart(sender: Sender, call: RemoteBatch, range: RowRange): Promise<CallResult> {
  const { signature, batch, context } = call
  context.signal.throwIfAborted()
  const fields = sentFields(signature)
  const payload = encodePayload(fields, rowsOf(fields, batch, range))
  if (payload.byteLength > PAYLOAD_BYTES_MAX) {
    if (range.length === 1) throw tooLarge(call, range.from, payload.byteLength)
    const results: CallResult[] = []
    for (const half of halves(range)) results.push(await callPart(sender, call, half))
    return joined(signature, results)
  }
  const isWhole = range.length === batch.length
  const own = isWhole ? context : { ...context, firstRow: context.firstRow + range.from }
  try {
    const result = await callPayload(sender, payload, { signature, context: own, rows: range.length })
    return isWhole ? result : inWhole(result, range, batch.length)
  } catch (error) {
    throw isWhole || !isEngineError(error) ? error : errorInWhole(error, placesOf(range), batch.length)
  }
}

interface PayloadCall extends Omit<RemoteBatch, 'batch'> {
  readonly rows: number
}

async function callPayload(
  sender: Sender,
  payload: Uint8Array,
  { signature, context, rows }: PayloadCall,
): Promise<CallResult> {
  const place = { signature, batch: context.batch, rows }
  const request = {
    name: signature.remote!.function,
    payload,
    headers: callHeaders(signature, context),
    deadline: context.deadline,
    signal: context.signal,
  }
  const answers = callReplica(sender, { request, place, context }, async function* ({ channel, endpoint }) {
    const call = { ...place, endpoint, type: signature.output, observer: context.observer }
    const answer = await readAnswer(channel.stream(request), call)
    const [failure] = answer.failures
    if (failure !== undefined && !context.reportsRows) throw failure.error
    yield answer
  })
  for await (const answer of answers) return answer
  throw new EngineError('INTERNAL', 'a replica answered nothing, and nobody said why')
}

/** Failures count the rows of the part; afterwards those of the batch. */
function inWhole({ column, failures }: CallResult, range: RowRange, batchRows: number): CallResult {
  if (failures.length === 0) return { column, failures }
  const places = placesOf(range)
  return {
    column,
    failures: failures.map(({ row, error }) => ({
      row: range.from + row,
      error: errorInWhole(error, places, batchRows),
    })),
  }
}

function placesOf({ from, length }: RowRange): Int32Array {
  return Int32Array.from({ length }, (_, row) => from + row)
}

function joined({ output }: FunctionSignature, results: readonly CallResult[]): CallResult {
  return {
    column: concatColumns(
      output,
      results.map(({ column }) => column),
    ),
    failures: results.flatMap(({ failures }) => failures),
  }
}

function tooLarge({ signature, batch, context }: RemoteBatch, row: number, bytes: number): EngineError {
  const place = { signature, batch: context.batch, rows: batch.length }
  const where = `batch ${context.batch} of ${batch.length} ${batch.length === 1 ? 'row' : 'rows'}, row ${row}`
  const message = `${subjectOf(place)} cannot be sent ${where}: it takes ${bytes} bytes, and a request may have ${MESSAGE_BYTES_MAX}`
  return new EngineError('MESSAGE_TOO_LARGE', message, {
    ...detailsOf(place),
    row,
    hint: 'pass what is large by its name or address, or in several rows',
  })
}
