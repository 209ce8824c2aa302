import type { FunctionSignature } from '../../catalog/function.ts'
import { isEngineError } from '../../src/base/errors.ts'
import type { Clock } from '../clock.ts'
import type { CallResult, Interceptor } from '../executor.ts'
import { Circuit, type Outcome } from './circuit.ts'
import { classifyFailure } from './classifyFailure.ts'

/**
 * Leaves a function alone that was unavailable `failures` times in a row: its calls fail at once with CIRCUIT_OPEN. After
 * `resetAfter` seconds one call goes through; with its success all others do too. Cancelled calls count for nothing.
 */
export function breakCircuit({ clock }: { readonly clock: Clock }): Interceptor {
  const circuits = new WeakMap<FunctionSignature, Circuit>()
  return (next) => async (registered, batch, context) => {
    const { policies, signal } = context
    const policy = policies.circuitBreaker
    if (policy === null) return next(registered, batch, context)
    const { signature } = registered
    const circuit = circuits.get(signature) ?? new Circuit(signature)
    circuits.set(signature, circuit)
    const entry = circuit.enter(clock.now())
    try {
      const result = await next(registered, batch, context)
      circuit.leave(entry, outcomeOf(result), { policy, now: clock.now() })
      return result
    } catch (thrown) {
      const outcome = signal.aborted ? 'unknown' : outcomeOfFailure(thrown)
      circuit.leave(entry, outcome, { policy, now: clock.now() })
      throw thrown
    }
  }
}

/** A batch of which every row failed for unavailability was as good as not answered. */
function outcomeOf({ column, failures }: CallResult): Outcome {
  const [first] = failures
  if (first === undefined || failures.length < column.length) return 'reached'
  const outcomes = failures.map(({ error }) => outcomeOfFailure(error))
  return outcomes.every((outcome) => isEngineError(outcome)) ? first.error : 'reached'
}

function outcomeOfFailure(thrown: unknown): Outcome {
  if (!isEngineError(thrown)) return 'unknown'
  switch (thrown.code) {
    case 'CANCELLED':
    case 'DEADLINE_EXCEEDED':
    // A thread of ours that ended, for whatever a row did to it, says nothing of a service.
    case 'WORKER_LOST':
      return 'unknown'
    default: {
      const failure = classifyFailure(thrown)
      return failure === 'unavailable' || failure === 'exhausted' ? thrown : 'reached'
    }
  }
}
