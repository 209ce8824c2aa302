import type { FunctionSignature } from '../catalog/function.ts'
import type { RegisteredFunction } from '../catalog/registerFunction.ts'
import type { Batch } from '../src/arrow/column.ts'
import { decodeColumn } from '../src/arrow/decode.ts'
import { encodeColumn } from '../src/arrow/encode.ts'
import type { DataType } from '../src/base/dataType.ts'
import { EngineError } from '../src/base/errors.ts'
import { createRedactor } from '../src/base/redact.ts'
import { cancelledError, untilAborted } from './abort.ts'
import { openStream } from './collectStream.ts'
import { argumentRows, calledRows } from './decodeArguments.ts'
import { encodeArguments } from './encodeArguments.ts'
import type { HandlerScope } from './executor.ts'
import { type CallPlace, invalidItem, streamFailed, subjectOf } from './functionErrors.ts'
import { createHandlerContext } from './handlerContext.ts'
import { redactError } from './redactError.ts'
import { RowErrors } from './rowErrors.ts'

/**
 * Calls a function that yields its results, in this thread, and gives each item as it comes, in the form that results of queries
 * have. Nothing is called before the first item is asked for, and the next one only when it is; the handler is told to return as
 * soon as its reader stops, or the signal aborts. Fails with what the handler throws, after the items that came before
 * (`details.itemsYielded`), with WRONG_ARGUMENTS, SECRET_MISSING or CANCELLED.
 */
export async function* invokeStream(
  registered: RegisteredFunction,
  args: readonly unknown[],
  scope: HandlerScope,
): AsyncGenerator<unknown, void, undefined> {
  yield* streamRow(registered, streamedRow(registered, args), scope)
}

/** The arguments of a stream as a batch of one row. Fails with WRONG_ARGUMENTS, for a function that yields nothing too. */
export function streamedRow({ signature }: RegisteredFunction, args: readonly unknown[]): Batch {
  itemType(signature)
  return encodeArguments(signature, [args])
}

/** As {@link invokeStream}, for arguments that have been encoded. */
export async function* streamRow(
  { signature, definition }: RegisteredFunction,
  row: Batch,
  scope: HandlerScope,
): AsyncGenerator<unknown, void, undefined> {
  const place = { signature, context: scope, rows: 1, called: null }
  const item = itemType(signature)
  const { batch } = calledRows(signature, row)
  if (batch.length === 0) return
  const redact = createRedactor(scope.secrets ?? {})
  const context = createHandlerContext(1, place, { rowErrors: new RowErrors(place, 1), redact })
  const stream = openStream({ definition, context }, argumentRows(place, batch)(0))
  let items = 0
  try {
    for (;;) {
      const { done, value } = await untilAborted(scope.signal, stream.next())
      if (done === true) return
      yield readItem(place, item, { value, items })
      items++
    }
  } catch (thrown) {
    if (scope.signal.aborted) throw cancelledError(signature, scope)
    const error = streamFailed(place, thrown, { row: 0, items })
    throw signature.secrets.length === 0 ? error : redactError(error, redact)
  } finally {
    stream.return().catch(() => undefined)
  }
}

/** Of what a function yields. Throws WRONG_ARGUMENTS for one that yields nothing. */
export function itemType(signature: FunctionSignature): DataType {
  const { name, version, streams, output } = signature
  if (streams && output.kind === 'list') return output.item
  throw new EngineError(
    'WRONG_ARGUMENTS',
    `${subjectOf({ signature })} does not yield its result item by item`,
    {
      function: name,
      version,
      hint: 'make its handler an async generator: async function* (…) { … }',
    },
  )
}

/** The item as a query would show it. */
function readItem(
  place: CallPlace,
  type: DataType,
  { value, items }: { readonly value: unknown; readonly items: number },
): unknown {
  const column = encodeColumn(type, [value], (_, problem) => {
    throw invalidItem(place, problem, items)
  })
  return decodeColumn(type, column, 'rows')[0]
}
