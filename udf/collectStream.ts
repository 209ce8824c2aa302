import { currentCall } from '../catalog/currentCall.ts'
import { RowError } from '../catalog/rowError.ts'
import { onAbort } from '../src/base/cancellation.ts'
import { streamFailed } from './functionErrors.ts'
import type { HandlerCall } from './handlerCall.ts'

/** The items that a handler yields for one row, in order; those that came before it failed if the failure is the row's alone. */
export async function collectStream(
  call: HandlerCall,
  input: object,
  row: number,
): Promise<readonly unknown[]> {
  const items: unknown[] = []
  try {
    for await (const item of openStream(call, input)) items.push(item)
  } catch (thrown) {
    call.rowErrors.fail(row, streamFailed(call.place, thrown, { row, items: items.length }))
  }
  return items
}

/**
 * The items that a handler yields, taken when they are asked for; ends with what the handler throws, yields or returns as an
 * error. The handler is told to return as soon as its signal aborts or nobody reads on.
 */
export async function* openStream(
  { definition, context }: Pick<HandlerCall, 'definition' | 'context'>,
  input: object,
): AsyncGenerator<unknown, void, undefined> {
  const inCall = <Value>(work: () => Value): Value => currentCall.run({ context, span: null }, work)
  const stream = inCall(() => definition.handler(input, context))
  if (!isStream(stream)) throw new TypeError('the handler gave no async generator')
  // It returns when it has dealt with what it waits for, which nobody need wait for.
  const stopListening = onAbort(context.signal, () => {
    stream.return(null).catch(() => undefined)
  })
  let ended = false
  try {
    for (;;) {
      context.signal.throwIfAborted()
      const { done, value } = await inCall(() => stream.next()).catch((thrown: unknown) => {
        ended = true
        throw thrown
      })
      ended = done === true
      if (value instanceof RowError) throw value
      if (ended) break
      yield value
    }
    context.signal.throwIfAborted()
  } finally {
    stopListening()
    if (!ended) stream.return(null).catch(() => undefined)
  }
}

function isStream(value: unknown): value is AsyncGenerator<unknown, unknown, undefined> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value && 'return' in value
}
