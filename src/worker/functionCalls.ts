import type { FunctionSignature } from '../../catalog/function.ts'
import { type BatchingPolicy, type CallPolicies, defaultPolicies } from '../../catalog/policy/policies.ts'
import type { RegisteredFunction } from '../../catalog/registerFunction.ts'
import { resolveSecrets, type SecretValues } from '../../catalog/secret.ts'
import type { CallObserver } from '../../udf/callEvents.ts'
import type { Dispatcher } from '../../udf/dispatcher.ts'
import type { CallResult, InvokeContext, NestedCaller } from '../../udf/executor.ts'
import { nestedCaller } from '../../udf/nestedCalls.ts'
import type { RunScope } from '../../udf/runScope.ts'
import type { TraceCarrier } from '../../udf/traceCarrier.ts'
import type { Batch } from '../arrow/column.ts'
import { encodeColumn } from '../arrow/encode.ts'
import type { CallSignal } from '../base/cancellation.ts'
import { EngineError } from '../base/errors.ts'
import { suggestNames } from '../base/suggest.ts'
import type { CallContext } from '../protocol/callContext.ts'
import { CallRun } from './callRun.ts'

/** A call that a worker was asked for. */
export interface AskedCall {
  readonly signal: CallSignal
  /** Milliseconds since 1970; null for any time. */
  readonly deadline: number | null
  readonly metadata: Readonly<Record<string, unknown>>
  readonly trace: TraceCarrier | null
  /** What a client of ours says of the call; null for other clients. */
  readonly context: CallContext | null
  readonly run: RunScope
  readonly observer: CallObserver
}

/** A function with what its calls need. */
interface Callable {
  readonly registered: RegisteredFunction
  readonly secrets: SecretValues
  /** For callers that do nothing around their calls. */
  readonly policies: CallPolicies
  readonly batching: BatchingPolicy | null
}

export interface FunctionCallsOptions {
  readonly hosted: readonly RegisteredFunction[]
  readonly dispatcher: Dispatcher
  readonly secrets: SecretValues
  /** Milliseconds that rows wait for those of other callers at most. */
  readonly coalesce: number
}

/** Makes the calls that a worker is asked for, with what their definitions say is done around them. */
export class FunctionCalls {
  readonly #dispatcher: Dispatcher
  readonly #functions: ReadonlyMap<string, Callable>
  readonly #caller: NestedCaller
  readonly #run = new CallRun()

  /** Throws SECRET_MISSING. */
  constructor({ hosted, dispatcher, secrets, coalesce }: FunctionCallsOptions) {
    this.#dispatcher = dispatcher
    this.#functions = new Map(
      hosted.map((registered) => {
        const { signature } = registered
        const { name } = signature
        // Equal rows are called once in a run, and what other rows the run of a caller has is not known here.
        const policies = Object.freeze({ ...signature.policies, dedupe: false })
        const batching = within(signature.batching, coalesce)
        const own = resolveSecrets(signature, secrets)
        return [name.toLowerCase(), { registered, secrets: own, policies, batching }] as const
      }),
    )
    // Rows wait for others only where others may come, and from other callers they always may.
    if (coalesce > 0) dispatcher.openSource(hosted, this.#run)
    this.#caller = nestedCaller((name) => this.#find(name), dispatcher.invoke)
  }

  /** Lets nothing wait for other callers any more. */
  async close(): Promise<void> {
    await this.#run.end()
  }

  /** Names of what can be called. */
  get names(): readonly string[] {
    return [...this.#functions.values()].map(({ registered }) => registered.signature.name)
  }

  /** The function of a name, in any letter case. Throws UNKNOWN_FUNCTION with the names that there are. */
  find(name: string): RegisteredFunction {
    return this.#find(name).registered
  }

  /** Calls the function's `onStartup`, and not its handler. */
  async start({ name, inputs }: FunctionSignature, call: AskedCall): Promise<void> {
    const none = { length: 0, columns: inputs.map(({ type }) => encodeColumn(type, [])) }
    await this.invoke(name, none, { call, batch: 0, firstRow: 0 })
  }

  /** Batches of a function that are worth having in flight. */
  concurrencyOf(signature: FunctionSignature): number {
    return this.#dispatcher.concurrencyOf(signature, signature.policies)
  }

  async invoke(name: string, batch: Batch, place: CallBatch): Promise<CallResult> {
    const callable = this.#find(name)
    return this.#dispatcher.invoke(callable.registered, batch, this.#contextOf(callable, place))
  }

  /** The items that the handler yields for one row. */
  stream(name: string, args: readonly unknown[], place: CallBatch): AsyncGenerator<unknown, void, undefined> {
    const callable = this.#find(name)
    return this.#dispatcher.stream(callable.registered, args, this.#contextOf(callable, place))
  }

  #contextOf(callable: Callable, { call, batch, firstRow }: CallBatch): InvokeContext {
    const { context, signal, deadline, trace, run, observer } = call
    const { policies, batching, secrets } = callable
    const own = context === null ? policies : bare(policies)
    return {
      batch: (context?.batch ?? 0) + batch,
      firstRow: (context?.firstRow ?? 0) + firstRow,
      signal,
      metadata: context === null ? call.metadata : context.metadata,
      attempt: context?.attempt ?? 1,
      deadline: deadline ?? context?.deadline ?? null,
      keepsInput: false,
      reportsRows: context?.reportsRows ?? own.onError === 'null',
      policies: own,
      batching,
      run,
      observer,
      secrets,
      caller: this.#caller,
      chain: context?.chain ?? [],
      trace,
    }
  }

  #find(name: string): Callable {
    const callable = this.#functions.get(name.toLowerCase())
    if (callable !== undefined) return callable
    const suggestion = suggestNames(name, this.names, 'this worker')
    throw new EngineError('UNKNOWN_FUNCTION', `unknown function '${name}': ${suggestion}`, { function: name })
  }
}

/** A batch of a call. */
export interface CallBatch {
  readonly call: AskedCall
  /** Its number within the call. */
  readonly batch: number
  /** The number of its first row within the call. */
  readonly firstRow: number
}

const bareOnes = new WeakMap<CallPolicies, CallPolicies>()

/** What is left of a function's policies for a caller that has applied them: what this worker has room for. */
function bare(policies: CallPolicies): CallPolicies {
  const known = bareOnes.get(policies)
  if (known !== undefined) return known
  const { concurrency } = policies
  const left = concurrency?.key == null ? concurrency : null
  const own = Object.freeze({ ...defaultPolicies, concurrency: left })
  bareOnes.set(policies, own)
  return own
}

function within(batching: BatchingPolicy | null, coalesce: number): BatchingPolicy | null {
  if (batching === null) return null
  return Object.freeze({ ...batching, maxBufferDuration: Math.min(coalesce, batching.maxBufferDuration) })
}
