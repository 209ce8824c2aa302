import type { FunctionSignature } from '../catalog/function.ts'
import { type CallSignal, onAbort } from '../src/base/cancellation.ts'
import { EngineError, isEngineError } from '../src/base/errors.ts'

/** Settles as `work` does, or rejects with the signal's reason as soon as it aborts, whatever becomes of the work then. */
export function untilAborted<Value>(signal: CallSignal, work: Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason)
    const stopListening = onAbort(signal, abort)
    if (signal.aborted) abort()
    void work.then(resolve, reject).finally(stopListening)
  })
}

/** The error of a batch whose signal has aborted: the signal's own reason if it says why in our terms. */
export function cancelledError(
  { name, version }: FunctionSignature,
  { batch, signal }: { readonly batch: number; readonly signal: CallSignal },
): EngineError {
  const reason: unknown = signal.reason
  if (isEngineError(reason)) return reason
  const message = `function '${name}' (version ${version}) was cancelled in batch ${batch}`
  return new EngineError('CANCELLED', message, { function: name, version, batch }, reason)
}
