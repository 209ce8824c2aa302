import type { CallSignal } from '../base/cancellation.ts'

/** One call, as it goes to a worker. */
export interface CallRequest {
  /** The function as the worker knows it. */
  readonly name: string
  /** One stream of Arrow's IPC format. */
  readonly payload: Uint8Array
  /** Text headers by lower-case names, such as `traceparent`. */
  readonly headers: Readonly<Record<string, string>>
  /** Milliseconds since 1970; null for any time. */
  readonly deadline: number | null
  readonly signal: CallSignal
}

/**
 * A connection to one worker. Everything fails with EngineError: CANCELLED or the signal's own reason, DEADLINE_EXCEEDED, UNAVAILABLE
 * (with `details.unsent` where no connection was made, or the worker refused the stream), RESOURCE_EXHAUSTED, REMOTE_REFUSED (no
 * access), MESSAGE_TOO_LARGE, FUNCTION_FAILED and the other codes that a worker answers with.
 */
export interface CallChannel {
  /** `host:port`. */
  readonly endpoint: string
  /** The bodies of the answer in order, each a stream of Arrow's IPC format of its own, unchecked. */
  call(request: CallRequest): Promise<readonly Uint8Array[]>
  /** The same bodies as they come; the call is cancelled when its reader stops. A slow reader slows the worker. */
  stream(request: CallRequest): AsyncGenerator<Uint8Array, void, undefined>
  /** Whether the worker answers SERVING for the service within so many milliseconds. Never throws. */
  isServing(service: string, timeoutMs: number): Promise<boolean>
  /** Calls in flight fail with UNAVAILABLE. */
  close(): void
}
