/** The header by which a client of ours tells a worker of ours what the protocol has no place for. Other workers do not look at it. */
export const CONTEXT_HEADER = 'callplane-context'

/**
 * A second column of an answer: why a row failed, as the JSON text of `encodeError`; null where it did not. Only for callers whose
 * context says `reportsRows`, and only where a row failed.
 */
export const ROW_ERRORS_COLUMN = '__callplane_error__'

/**
 * The only column of a message that holds no results: what the handler reported meanwhile, a `CallEvent` a row as JSON text. Only for
 * callers that sent a context.
 */
export const EVENTS_COLUMN = '__callplane_events__'

/** A column of JSON texts, as bytes, that says something of each row; workers do not count it as an argument. */
export const ROW_METADATA_COLUMN = '__chalk_row_metadata__'

/** The input of type JSON that a function has for it: callers write `row_metadata => {…}`. */
export const ROW_METADATA_INPUT = 'row_metadata'

/** Where a call stands, for the handler's own context and for errors. */
export interface CallContext {
  /** Number of the batch within the caller's stage, from 0. */
  readonly batch: number
  /** Number of the batch's first row within the caller's stage, from 0. */
  readonly firstRow: number
  /** Which attempt this is, from 1. */
  readonly attempt: number
  /** Milliseconds since 1970 by which the call must be done; null for any time. */
  readonly deadline: number | null
  /** What `metadata => {…}` gave, with the types that headers lose. */
  readonly metadata: Readonly<Record<string, unknown>> | null
  /** Whether rows may fail one by one, in {@link ROW_ERRORS_COLUMN}; otherwise the batch fails with the first. */
  readonly reportsRows: boolean
  /** Whether a handler that yields is to give a message for each item, of the item's type, in place of one list for the row. */
  readonly itemsApart: boolean
  /** The functions whose handlers wait for this call, outermost first. */
  readonly chain: readonly string[]
}

/** The header's text: JSON in ASCII. */
export function encodeCallContext(context: CallContext): string {
  return asciiJson(context)
}

/** Null for what is no such context; each part that is missing has the value that a call by itself has. */
export function decodeCallContext(text: string): CallContext | null {
  const given = parseObject(text)
  if (given === null) return null
  const { batch, firstRow, attempt, deadline, metadata, reportsRows, itemsApart, chain } = given
  return {
    batch: countOf(batch, 0),
    firstRow: countOf(firstRow, 0),
    attempt: countOf(attempt, 1),
    deadline: typeof deadline === 'number' && Number.isFinite(deadline) ? deadline : null,
    metadata: isObject(metadata) ? metadata : null,
    reportsRows: reportsRows === true,
    itemsApart: itemsApart === true,
    chain: Array.isArray(chain) ? chain.filter((name) => typeof name === 'string') : [],
  }
}

/** JSON whose characters a header can carry. */
export function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[^\x20-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

function parseObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : null
  } catch {
    return null
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function countOf(value: unknown, otherwise: number): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= otherwise ? value : otherwise
}
