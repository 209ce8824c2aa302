import type * as grpc from '@grpc/grpc-js'
import { onAbort } from '../base/cancellation.ts'
import { EngineError, isEngineError, messageOf } from '../base/errors.ts'
import type { CallRequest } from './callChannel.ts'
import { ERROR_TRAILER } from './errorStatus.ts'
import { DEADLINE_MS_MAX, MESSAGE_BYTES_MAX } from './limits.ts'
import { errorOfStatus } from './remoteError.ts'
import { decodeCallResponse, encodeCallRequest } from './wire.ts'

const CALL_PATH = '/chalk.runtime.v1.RemoteCallService/CallFunction'

/** What is told of a call. */
export interface CallListener {
  readonly body: (bytes: Uint8Array) => void
  /** Once, after all bodies; null for a call that succeeded. Nothing comes after it. */
  readonly ended: (error: unknown) => void
}

/** A call that was sent. */
export interface RunningCall {
  pause(): void
  resume(): void
  /** Ends it with this error, at once. */
  cancel(error: unknown): void
}

/** Sends a call: one message, after which the worker gets no more. What is wrong with the request itself is thrown. */
export function startCall(
  client: grpc.Client,
  { endpoint, headers }: { readonly endpoint: string; readonly headers: grpc.Metadata },
  request: CallRequest,
  listener: CallListener,
): RunningCall {
  const place = { endpoint, function: request.name }
  const readable = client.makeServerStreamRequest(
    CALL_PATH,
    (message: Buffer) => message,
    (message: Buffer) => message,
    requestMessage(request, endpoint),
    headers,
    deadlineOptions(request.deadline),
  )
  let failure: unknown = null
  let done = false
  const finish = (error: unknown): void => {
    if (done) return
    done = true
    forget()
    listener.ended(error)
  }
  const cancel = (error: unknown): void => {
    if (done) return
    finish(error)
    readable.cancel()
    readable.resume()
  }
  const { signal } = request
  const forget = onAbort(signal, () => cancel(cancelError(signal.reason)))
  readable.on('data', (message: Buffer) => {
    if (done) return
    try {
      listener.body(decodeCallResponse(message))
    } catch (error) {
      cancel(answerError(error, request.name, endpoint))
    }
  })
  // Messages that came before it may still wait to be read.
  readable.on('error', (error: grpc.ServiceError) => {
    failure = errorOfStatus(
      { code: error.code, details: error.details, encoded: sentError(error.metadata) },
      place,
    )
  })
  readable.on('end', () => finish(failure))
  return { pause: () => void readable.pause(), resume: () => void readable.resume(), cancel }
}

function requestMessage(request: CallRequest, endpoint: string): Buffer {
  const message = encodeCallRequest(request)
  if (message.length <= MESSAGE_BYTES_MAX) return message
  throw new EngineError(
    'MESSAGE_TOO_LARGE',
    `the request takes ${message.length.toLocaleString('en')} bytes of ${MESSAGE_BYTES_MAX.toLocaleString('en')}`,
    { function: request.name, endpoint, hint: 'make batches of fewer rows: lower maxBatchingSize' },
  )
}

function deadlineOptions(deadline: number | null): grpc.CallOptions {
  return deadline === null || deadline - Date.now() > DEADLINE_MS_MAX ? {} : { deadline }
}

/** What a call fails with that its caller gave up. */
export function cancelError(reason: unknown): unknown {
  return reason instanceof Error ? reason : new EngineError('CANCELLED', 'the call was cancelled', {}, reason)
}

function answerError(error: unknown, name: string, endpoint: string): EngineError {
  if (isEngineError(error) && error.code !== 'ARROW_INVALID') return error
  const problem = `worker ${endpoint} sent an answer that cannot be read: ${messageOf(error)}`
  return new EngineError('REMOTE_RESULT_INVALID', problem, { function: name, endpoint }, error)
}

function sentError(trailers: grpc.Metadata): Buffer | null {
  const [sent] = trailers.get(ERROR_TRAILER)
  return Buffer.isBuffer(sent) ? sent : null
}
