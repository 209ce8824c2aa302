import type { RegisteredFunction } from '../../../catalog/registerFunction.ts'
import { decodeColumn } from '../../../src/arrow/decode.ts'
import { encodePayload } from '../../../src/arrow/ipcPayload.ts'
import type { InvokeContext } from '../../executor.ts'
import { itemType, streamedRow } from '../../invokeStream.ts'
import { callHeaders } from './callHeaders.ts'
import { callReplica, type Sender } from './callReplica.ts'
import { readBody } from './readAnswer.ts'
import { sentColumns, sentFields } from './sentColumns.ts'

/** A call of a function that yields. */
export interface StreamedCall {
  readonly registered: RegisteredFunction
  readonly args: readonly unknown[]
  readonly context: InvokeContext
}

/** The items that a handler yields at a replica, in the form that results of queries have, each as soon as its message comes. */
export async function* streamItems(
  sender: Sender,
  { registered, args, context }: StreamedCall,
): AsyncGenerator<unknown, void, undefined> {
  const { signature } = registered
  const row = streamedRow(registered, args)
  const type = itemType(signature)
  const request = {
    name: signature.remote!.function,
    payload: encodePayload(sentFields(signature), sentColumns(signature, row)),
    headers: callHeaders(signature, context, true),
    deadline: context.deadline,
    signal: context.signal,
  }
  const place = { signature, batch: context.batch, rows: 1 }
  yield* callReplica(sender, { request, place, context }, async function* ({ channel, endpoint }) {
    const call = { ...place, endpoint, type, observer: context.observer }
    for await (const body of channel.stream(request)) {
      const part = readBody(body, call)
      if (part !== null) yield* decodeColumn(type, part.column, 'rows')
    }
  })
}
