import { defineFunction } from '../../catalog/defineFunction.ts'
import { type CallPolicies, defaultPolicies } from '../../catalog/policy/policies.ts'
import { type RegisteredFunction, registerFunction } from '../../catalog/registerFunction.ts'
import { decodeColumn } from '../../src/arrow/decode.ts'
import { encodeColumn } from '../../src/arrow/encode.ts'
import { EngineError } from '../../src/base/errors.ts'
import type { CallEvent } from '../../udf/callEvents.ts'
import {
  type CallResult,
  type Interceptor,
  type Invoke,
  type InvokeContext,
  succeeded,
} from '../../udf/executor.ts'
import { contextOf } from '../invocations.ts'

/** A function of one text that gives it back, so far as the executor of a test does not decide otherwise. */
export function echo(name = 'echo'): RegisteredFunction {
  const definition = defineFunction({
    name,
    input: { memo: 'VARCHAR' },
    output: 'VARCHAR',
    batching: {},
    handler: () => [],
  })
  return registerFunction(definition, null)
}

/** The executor of a test: gives each text back. */
export const echoes: Invoke = async (_, { columns }) => succeeded(columns[0]!)

export interface Called {
  readonly policies: Partial<CallPolicies>
  readonly texts?: readonly (string | null)[]
  readonly context?: Partial<InvokeContext>
}

/** Calls of one function through some interceptors, the outermost first, with the events that they told. */
export function caller(interceptors: readonly Interceptor[], executor: Invoke, registered = echo()) {
  const invoke = interceptors.reduceRight((next, interceptor) => interceptor(next), executor)
  const events: CallEvent[] = []
  return {
    registered,
    events,
    call: ({ policies, texts = ['a'], context = {} }: Called): Promise<CallResult> => {
      return invoke(
        registered,
        { length: texts.length, columns: [encodeColumn({ kind: 'varchar' }, texts)] },
        contextOf({
          policies: { ...defaultPolicies, ...policies },
          observer: (_, event) => events.push(event),
          ...context,
        }),
      )
    },
  }
}

/** The texts of a batch or of a result. */
export function textsOf({ columns }: { readonly columns: readonly CallResult['column'][] }): unknown[] {
  return Array.from(decodeColumn({ kind: 'varchar' }, columns[0]!))
}

export function failed(message: string, cause?: unknown): EngineError {
  return new EngineError('FUNCTION_FAILED', message, { function: 'echo', version: 1 }, cause)
}

export function unavailable(message = 'nobody answers'): EngineError {
  return new EngineError('UNAVAILABLE', message)
}

/** Random numbers that are the same in each run. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
