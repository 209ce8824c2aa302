import * as grpc from '@grpc/grpc-js'
import { type CallSignal, Cancellation, onAbort } from '../base/cancellation.ts'
import { EngineError } from '../base/errors.ts'
import { ERROR_TRAILER, statusOfError } from './errorStatus.ts'

/** What a service is told of a call beside its message. */
export interface ServedCall {
  /** The headers that are text, by lower-case names; of one that is repeated, the last. */
  readonly headers: Readonly<Record<string, string>>
  /** Address and port of the caller. */
  readonly peer: string
  /** Milliseconds since 1970; null for any time. */
  readonly deadline: number | null
  /** Aborts when the caller goes away or cancels, when its deadline passes, and when the server is closed. */
  readonly signal: CallSignal
}

/** The messages of a call, both ways, as bytes. */
export type MessageStream = grpc.ServerDuplexStream<Buffer, Buffer>

/** The calls that a server has. */
export class OpenCalls {
  readonly #ends = new Set<() => void>()

  /** Sends what `answer` gives, message by message as the client takes them, and the status at the end. Never rejects. */
  async answer(stream: MessageStream, answer: (call: ServedCall) => AsyncIterable<Buffer>): Promise<void> {
    const signal = new Cancellation()
    const { deadline, ...call } = describeCall(stream)
    const end = (): void => {
      if (signal.aborted) return
      const error = new EngineError('SESSION_CLOSED', 'the worker was closed')
      signal.abort(error)
      endWithError(stream, error)
    }
    this.#ends.add(end)
    stream.on('cancelled', () => {
      // grpc-js tells of the end of every call in the same way.
      if (this.#ends.has(end)) signal.abort(goneError(deadline))
    })
    try {
      for await (const message of answer({ ...call, deadline, signal })) {
        if (signal.aborted) return
        await write(stream, message, signal)
      }
      if (!signal.aborted) stream.end()
    } catch (error) {
      if (!signal.aborted) endWithError(stream, error)
    } finally {
      this.#ends.delete(end)
    }
  }

  /** Ends them as a worker does that is closed. */
  endAll(): void {
    for (const end of this.#ends) end()
  }
}

/** The one request of a method that takes one. */
export async function onlyMessage(messages: AsyncIterable<unknown>): Promise<unknown> {
  const found: unknown[] = []
  for await (const message of messages) found.push(message)
  if (found.length === 1) return found[0]
  throw new EngineError('WRONG_ARGUMENTS', `the call has ${found.length} requests instead of one`)
}

function describeCall(stream: MessageStream): Omit<ServedCall, 'signal'> {
  const deadline = Number(stream.getDeadline())
  return {
    headers: textHeaders(stream.metadata),
    peer: stream.getPeer(),
    deadline: Number.isFinite(deadline) ? deadline : null,
  }
}

function textHeaders(metadata: grpc.Metadata): Readonly<Record<string, string>> {
  const texts = Object.keys(metadata.getMap()).flatMap((name) => {
    const value = metadata.get(name).at(-1)
    return typeof value === 'string' ? [[name, value] as const] : []
  })
  return Object.fromEntries(texts)
}

function goneError(deadline: number | null): EngineError {
  return deadline !== null && Date.now() >= deadline
    ? new EngineError('DEADLINE_EXCEEDED', 'the deadline of the call passed')
    : new EngineError('CANCELLED', 'the caller gave the call up')
}

/** Resolves when there is room for the next. grpc-js says nothing of a write to a caller that is gone. */
async function write(stream: MessageStream, message: Buffer, signal: CallSignal): Promise<void> {
  if (stream.write(message)) return
  await new Promise<void>((resolve) => {
    const done = (): void => {
      forget()
      stream.off('drain', done)
      resolve()
    }
    const forget = onAbort(signal, done)
    stream.on('drain', done)
  })
}

function endWithError(stream: MessageStream, thrown: unknown): void {
  const { code, details, encoded } = statusOfError(thrown)
  const metadata = new grpc.Metadata()
  metadata.set(ERROR_TRAILER, encoded)
  stream.emit('error', { code, details, metadata })
}
