import type { CallPolicies } from '../catalog/policy/policies.ts'
import type { RegisteredFunction } from '../catalog/registerFunction.ts'
import type { SecretValues } from '../catalog/secret.ts'
import { decodeColumn } from '../src/arrow/decode.ts'
import { EngineError } from '../src/base/errors.ts'
import { encodeArguments } from './encodeArguments.ts'
import type { Invoke, NestedCaller } from './executor.ts'
import type { RunScope } from './runScope.ts'

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
    // What its call site asks for, and the stream that it belongs to, are the outer call's alone.
    const { batching: _batching, site: _site, source: _source, timer: _timer, ...around } = from
    const { column } = await invoke(registered, encodeArguments(signature, rows), {
      ...around,
      attempt: 1,
      metadata: null,
      keepsInput: false,
      reportsRows: false,
      policies,
      run: signature.volatility === 'volatile' ? unjournaled(from.run) : from.run,
      secrets,
      chain,
    })
    return decodeColumn(signature.output, column)
  }
}

/** A journal knows what a volatile function gave by its place among the rows of a stage, and a call within a call has none. */
function unjournaled(run: RunScope): RunScope {
  return { journal: null, spending: run.spending ?? null, onEnd: (close) => run.onEnd(close) }
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
