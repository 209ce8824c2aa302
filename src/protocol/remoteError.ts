import { status } from '@grpc/grpc-js'
import { EngineError, type ErrorDetails } from '../base/errors.ts'
import { decodeSentError } from './sentError.ts'
import { decodeStatusText, exceptionOfText } from './statusText.ts'

/** How a call ended, as its client sees it. */
export interface CallStatus {
  readonly code: status
  /** As grpc-js decoded it. */
  readonly details: string
  /** What the worker sent in the trailer for errors; null where it sent none. */
  readonly encoded: Uint8Array | null
}

/** What was called, for messages. */
export interface CallPlace {
  readonly endpoint: string
  readonly function: string
}

/** The error that a status stands for: as the worker threw it where it says so, or else what its code and text say. */
export function errorOfStatus(given: CallStatus, place: CallPlace): EngineError {
  const sent = given.encoded === null ? null : decodeSentError(given.encoded, place.endpoint)
  // A worker that cancels its calls, or is closed, does so on its own account: the caller still wants an answer.
  if (sent !== null && sent.code !== 'CANCELLED' && sent.code !== 'SESSION_CLOSED') {
    thrownByWorkers.add(sent)
    return sent
  }
  const text = decodeStatusText(given.details)
  const code = given.code === status.RESOURCE_EXHAUSTED && isOversize(text) ? status.OUT_OF_RANGE : given.code
  switch (code) {
    case status.UNAVAILABLE:
      return unavailable(text, place)
    case status.CANCELLED:
    case status.ABORTED:
      return new EngineError('UNAVAILABLE', `${worker(place)} ended the call: ${text}`, placeDetails(place))
    case status.INTERNAL:
      return isBrokenStream(text) ? unavailable(text, place) : failed(text, place)
    case status.RESOURCE_EXHAUSTED:
      return new EngineError(
        'RESOURCE_EXHAUSTED',
        `${worker(place)} asks for fewer calls: ${text}`,
        placeDetails(place),
      )
    case status.OUT_OF_RANGE:
      return new EngineError(
        'MESSAGE_TOO_LARGE',
        `${worker(place)} takes or sends no message of that size: ${text}`,
        {
          ...placeDetails(place),
          hint: 'make batches of fewer rows: lower maxBatchingSize',
        },
      )
    case status.UNAUTHENTICATED:
    case status.PERMISSION_DENIED:
      return refused(text, place)
    case status.DEADLINE_EXCEEDED:
      return new EngineError(
        'DEADLINE_EXCEEDED',
        `${worker(place)} did not answer by the deadline: ${text}`,
        placeDetails(place),
      )
    case status.NOT_FOUND:
      return new EngineError('UNKNOWN_FUNCTION', `${worker(place)}: ${text}`, placeDetails(place))
    case status.UNIMPLEMENTED:
      return unimplemented(text, place)
    default:
      return failed(text, place)
  }
}

const thrownByWorkers = new WeakSet<object>()

/** Whether a worker of ours threw the error while it had the call: then it was reached, also if its code is UNAVAILABLE. */
export function isThrownByWorker(error: EngineError): boolean {
  return thrownByWorkers.has(error)
}

function worker({ endpoint }: CallPlace): string {
  return `worker ${endpoint}`
}

function placeDetails(place: CallPlace): ErrorDetails {
  return { function: place.function, endpoint: place.endpoint }
}

function failed(text: string, place: CallPlace): EngineError {
  const exception = exceptionOfText(text)
  const { kind, message, stacktrace } = exception ?? { kind: '', message: text, stacktrace: '' }
  const said = kind === '' ? message : `${kind}: ${message}`
  return new EngineError(
    'FUNCTION_FAILED',
    `function '${place.function}' failed at ${place.endpoint}: ${said}`,
    {
      ...placeDetails(place),
      ...(stacktrace === '' ? {} : { functionStack: stacktrace }),
    },
  )
}

function refused(text: string, place: CallPlace): EngineError {
  return new EngineError('REMOTE_REFUSED', `${worker(place)} refuses the call: ${text}`, {
    ...placeDetails(place),
    hint: 'check the token of the scaling group',
  })
}

function unimplemented(text: string, place: CallPlace): EngineError {
  return new EngineError('REMOTE_REFUSED', `${worker(place)} does not serve remote calls: ${text}`, {
    ...placeDetails(place),
    hint: 'check that the endpoint is a worker of chalk.runtime.v1.RemoteCallService',
  })
}

function unavailable(text: string, place: CallPlace): EngineError {
  const reason = connectionProblem(text)
  if (reason !== null && isTlsProblem(reason)) {
    return new EngineError('REMOTE_REFUSED', `no secure connection to ${worker(place)}: ${reason}`, {
      ...placeDetails(place),
      hint: 'check the certificates of both sides: tls of the scaling group, and the flags of the worker',
    })
  }
  const unsent = reason !== null || neverBegun.test(text)
  return new EngineError('UNAVAILABLE', `${worker(place)} is not reached: ${reason ?? text}`, {
    ...placeDetails(place),
    ...(unsent ? { unsent: true } : {}),
    // So it is also where a worker closes connections without a word.
    ...(reason === CLOSED_AT_ONCE
      ? {
          hint: 'check that both sides use TLS, or none, and that the worker accepts the certificate of this one',
        }
      : {}),
  })
}

/** Texts of grpc-js for calls that no worker has begun. */
const neverBegun =
  /^(No connection established|Stream refused by server|Name resolution failed|Channel closed)/

const CLOSED_AT_ONCE = 'the connection was closed as soon as it was made'

/** Why grpc-js has no connection; null for other texts. */
function connectionProblem(text: string): string | null {
  const found = /^No connection established\. Last error: (.*?)(?: \([-\d:.TZ]+\))?\. Resolution note:/s.exec(
    text,
  )?.[1]
  if (found === undefined) return null
  if (found === 'null') return 'no connection was made'
  if (found.endsWith('Failed to connect')) return CLOSED_AT_ONCE
  const openssl = /error:[\dA-F]+:SSL routines:[^:]*:([^:]+)/.exec(found)?.[1]
  return openssl === undefined ? found.replace(/^Error(?: \[\w+\])?: /, '').trim() : `SSL: ${openssl}`
}

function isTlsProblem(reason: string): boolean {
  return /certificate|self[- ]signed|altnames|^SSL: /i.test(reason)
}

function isOversize(text: string): boolean {
  return /larger than|too large|exceeds? .*(size|limit|bytes)|message (size|length)|takes more than .* bytes/i.test(
    text,
  )
}

/** What grpc-js says of a stream that ended in no way that the protocol knows. */
function isBrokenStream(text: string): boolean {
  return text.startsWith('Received RST_STREAM')
}
