import type { FunctionSignature } from '../../../catalog/function.ts'
import { EngineError } from '../../../src/base/errors.ts'
import { asciiJson, CONTEXT_HEADER, encodeCallContext } from '../../../src/protocol/callContext.ts'
import type { InvokeContext } from '../../executor.ts'
import { subjectOf } from '../../functionErrors.ts'

/** What a worker in Python takes where nobody has told it otherwise. */
const METADATA_BYTES_MAX = 8192
/** What HTTP/2 counts for each header, beside its name and value. */
const BYTES_PER_HEADER = 32

/** Those of the connection and of the call itself. */
const reserved: ReadonlySet<string> = new Set([
  'authorization',
  'connection',
  'content-length',
  'content-type',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'user-agent',
  CONTEXT_HEADER,
])

/**
 * The headers of a call: what `metadata => {…}` gave, each under its name in lower case, the trace, and what workers of ours ask for.
 * Throws WRONG_ARGUMENTS for metadata that headers cannot carry.
 */
export function callHeaders(
  signature: FunctionSignature,
  context: InvokeContext,
  itemsApart = false,
): Readonly<Record<string, string>> {
  const { batch, firstRow, attempt, deadline, metadata, reportsRows, chain = [], trace } = context
  const ofCall = { batch, firstRow, attempt, deadline, metadata, reportsRows, itemsApart, chain }
  return {
    ...metadataHeaders(signature, context),
    ...(trace == null ? {} : { traceparent: trace.traceparent }),
    ...(trace?.tracestate == null ? {} : { tracestate: trace.tracestate }),
    [CONTEXT_HEADER]: encodeCallContext(ofCall),
  }
}

function metadataHeaders(
  signature: FunctionSignature,
  { metadata, batch }: InvokeContext,
): Readonly<Record<string, string>> {
  const refuse = (subject: string, problem: string, hint: string): never => {
    const { name, version } = signature
    const message = `${subjectOf({ signature })} cannot send ${subject} in batch ${batch}: ${problem}`
    throw new EngineError('WRONG_ARGUMENTS', message, { function: name, version, batch, hint })
  }
  const headers: Record<string, string> = {}
  let bytes = 0
  for (const [key, value] of Object.entries(metadata ?? {})) {
    const name = key.toLowerCase()
    const text = headerText(value)
    const refuseThis = (problem: string, hint: string): never => refuse(`metadata '${key}'`, problem, hint)
    if (!/^[a-z0-9_.-]+$/.test(name)) {
      refuseThis('no header can have that name', "use letters, digits, '-', '_' and '.'")
    }
    if (isReserved(name)) refuseThis('that header belongs to the connection', 'give it another name')
    if (Object.hasOwn(headers, name)) {
      refuseThis('names of headers differ in more than letter case', 'leave one of the two out')
    }
    if (!/^[\x20-\x7e]*$/.test(text) || text.trim() !== text) {
      refuseThis(
        'a header carries ASCII text without line breaks, and no spaces at its ends',
        'encode it, for instance with url_encode(…) or base64(…)',
      )
    }
    bytes += name.length + text.length + BYTES_PER_HEADER
    headers[name] = text
  }
  if (bytes > METADATA_BYTES_MAX) {
    refuse(
      'its metadata',
      `it takes ${bytes} bytes of headers, which may have ${METADATA_BYTES_MAX}`,
      'pass what is large as an argument',
    )
  }
  return headers
}

/** Structs and lists are JSON, the rest as SQL would write it. */
function headerText(value: unknown): string {
  return typeof value === 'object' && value !== null ? asciiJson(value) : String(value)
}

function isReserved(name: string): boolean {
  return reserved.has(name) || name.startsWith('grpc-') || name.endsWith('-bin')
}
