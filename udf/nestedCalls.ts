import type { CallPolicies } from '../catalog/policy/policies.ts'
import type { RegisteredFunction } from '../catalog/registerFunction.ts'
import type { SecretValues } from '../catalog/secret.ts'
import { decodeColumn } from '../src/arrow/decode.ts'
import { EngineError } from '../src/base/errors.ts'
import { encodeArguments } from './encodeArguments.ts'
import type { Invoke, NestedCaller } from './executor.ts'

/** Functions that may wait for one another at once, each for the next. */
const DEPTH_MAX = 32

/** What a call of a function takes. */
export interface CallableFunction {
  readonly registered: RegisteredFunction
  readonly policies: CallPolicies
  readonly secrets: SecretValues
}

/**
 * Lets handlers call functions. `find`: the function of a name, in any letter case; throws UNKNOWN_FUNCTION or SECRET_MISSING.
 * `invoke`: with everything that is done around calls. A call has its function's own policies and shares the signal, deadline,
 * run and observer of the call that it is made for. Fails with WRONG_ARGUMENTS, with DEFINITION_INVALID where functions call one
 * another without end, and as `invoke` does.
 */
export function nestedCaller(find: (name: string) => CallableFunction, invoke: Invoke): NestedCaller {
  return async ({ function: name, rows, chain }, from) => {
    const { registered, policies, secrets } = find(name)
    const { signature } = registered
    if (chain.length >= DEPTH_MAX) throw endless([...chain, signature.name])
    const { column } = await invoke(registered, encodeArguments(signature, rows), {
      ...from,
      attempt: 1,
      metadata: null,
      keepsInput: false,
      reportsRows: false,
      policies,
      secrets,
      chain,
    })
    return decodeColumn(signature.output, column)
  }
}

function endless(chain: readonly string[]): EngineError {
  const last = chain.at(-1)!
  const cycle = chain.slice(Math.max(0, chain.lastIndexOf(last, -2)))
  return new EngineError(
    'DEFINITION_INVALID',
    `functions call one another ${chain.length} deep: ${cycle.join(' → ')}`,
    {
      function: last,
      hint: `a call may wait for a call, ${DEPTH_MAX} deep; let one of them end without calling the next`,
    },
  )
}
