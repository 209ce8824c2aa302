import type { CallChannel, CallRequest } from '../../src/protocol/callChannel.ts'

/** What a worker does with a call: gives bodies, or throws. */
export type Script = (request: CallRequest) => Iterable<Uint8Array> | AsyncIterable<Uint8Array>

/** A channel to a worker that does what a test says, for what no worker does at a test's word. */
export class ScriptedChannel implements CallChannel {
  readonly endpoint: string
  readonly requests: CallRequest[] = []
  readonly #script: Script

  constructor(endpoint: string, script: Script) {
    this.endpoint = endpoint
    this.#script = script
  }

  async call(request: CallRequest): Promise<readonly Uint8Array[]> {
    const bodies: Uint8Array[] = []
    for await (const body of this.stream(request)) bodies.push(body)
    return bodies
  }

  async *stream(request: CallRequest): AsyncGenerator<Uint8Array, void, undefined> {
    this.requests.push(request)
    for await (const body of this.#script(request)) {
      request.signal.throwIfAborted()
      yield body
    }
  }

  async isServing(): Promise<boolean> {
    return true
  }

  close(): void {}
}
