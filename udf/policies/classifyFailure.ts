import { type EngineError, isEngineError } from '../../src/base/errors.ts'

/**
 * What a failed call says about what it called: it asks for fewer calls (HTTP 429), it was not reached or did not answer, the
 * handler threw something else, or the failure is not one that making the same call later would change.
 */
export type FailureClass = 'exhausted' | 'unavailable' | 'thrown' | 'other'

const unavailableStatuses: ReadonlySet<number> = new Set([502, 503, 504])

/** Of Node's sockets and name look-ups, and of undici, which is behind `fetch`. */
const unavailableCodes: ReadonlySet<unknown> = new Set([
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPIPE',
  'ETIMEDOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_SOCKET',
])

/** Looks through what a handler threw, and what caused that, for what HTTP and sockets say. */
export function classifyFailure(error: EngineError): FailureClass {
  const known = classifyEngineError(error)
  if (known !== null) return known
  if (error.code !== 'FUNCTION_FAILED' && error.code !== 'ROW_FAILED') return 'other'
  for (const cause of causesOf(error)) {
    const found = isEngineError(cause) ? classifyEngineError(cause) : classifyForeign(cause)
    if (found !== null) return found
  }
  return 'thrown'
}

/** What was thrown, what caused that, and so on. */
export function* causesOf(error: EngineError): Generator<object> {
  const seen = new Set<unknown>()
  for (
    let cause = error.cause;
    typeof cause === 'object' && cause !== null;
    cause = property(cause, 'cause')
  ) {
    if (seen.has(cause)) return
    seen.add(cause)
    yield cause
  }
}

/** The HTTP status that an error carries; null if it carries none. */
export function statusOf(error: object): number | null {
  const status = Number(property(error, 'status') ?? property(error, 'statusCode') ?? Number.NaN)
  return Number.isInteger(status) ? status : null
}

function classifyEngineError({ code, kind }: EngineError): FailureClass | null {
  if (code === 'RESOURCE_EXHAUSTED') return 'exhausted'
  return kind === 'unavailable' ? 'unavailable' : null
}

function classifyForeign(error: object): FailureClass | null {
  const status = statusOf(error)
  if (status === 429) return 'exhausted'
  const unavailable =
    status === null ? unavailableCodes.has(property(error, 'code')) : unavailableStatuses.has(status)
  return unavailable ? 'unavailable' : null
}

function property(value: object, name: string): unknown {
  return Reflect.get(value, name)
}
