import { EngineError } from '../base/errors.ts'
import { tooLargeText } from './errorStatus.ts'
import { MESSAGE_BYTES_MAX } from './limits.ts'
import type { MessageStream } from './servedCall.ts'
import { type CallMessage, decodeCallRequest } from './wire.ts'

/** Counts the bytes of requests that a server has. */
export class RequestMemory {
  readonly #most: number | null
  #held = 0

  constructor(most: number | null) {
    this.#most = most
  }

  /** Throws RESOURCE_EXHAUSTED where the server has too much already; a request that came alone is always taken. */
  add(bytes: number): void {
    if (this.#most !== null && this.#held > 0 && this.#held + bytes > this.#most) {
      throw new EngineError('RESOURCE_EXHAUSTED', 'the worker has as many requests as it has memory for')
    }
    this.#held += bytes
  }

  release(bytes: number): void {
    this.#held -= bytes
  }
}

interface ReadCall {
  readonly request: CallMessage
  /** Gives its memory back. */
  readonly release: () => void
}

/** Reads until the client half-closes, and joins the bytes of all messages. Throws MESSAGE_TOO_LARGE and RESOURCE_EXHAUSTED. */
export async function readCall(stream: MessageStream, memory: RequestMemory): Promise<ReadCall> {
  const parts: CallMessage[] = []
  let bytes = 0
  try {
    for await (const message of stream.iterator({ destroyOnReturn: false })) {
      if (bytes + message.length > MESSAGE_BYTES_MAX) throw new EngineError('MESSAGE_TOO_LARGE', tooLargeText)
      memory.add(message.length)
      bytes += message.length
      parts.push(decodeCallRequest(message))
    }
  } catch (error) {
    memory.release(bytes)
    throw error
  }
  return { request: joined(parts), release: () => memory.release(bytes) }
}

function joined(parts: readonly CallMessage[]): CallMessage {
  const [only] = parts
  if (parts.length === 1 && only !== undefined) return only
  return {
    name: parts.find(({ name }) => name !== '')?.name ?? '',
    payload: Buffer.concat(parts.map(({ payload }) => payload)),
  }
}
