import { type Catalog, lookup } from '../../catalog/catalog.ts'
import type { FunctionSignature } from '../../catalog/function.ts'
import { mergeBatching, mergePolicies } from '../../catalog/policy/mergePolicies.ts'
import type { BatchingPolicy, CallOptions, CallPolicies } from '../../catalog/policy/policies.ts'
import type { RegisteredFunction } from '../../catalog/registerFunction.ts'
import { resolveSecrets, type SecretValues } from '../../catalog/secret.ts'
import type { BatchSource } from '../../udf/batching/batchSource.ts'
import type { Dispatcher } from '../../udf/dispatcher.ts'
import type { CallResult, NestedCaller } from '../../udf/executor.ts'
import { nestedCaller } from '../../udf/nestedCalls.ts'
import type { Batch } from '../arrow/column.ts'
import type { CallOrigin, CallSite } from '../run/invokeCall.ts'
import type { QueryRun } from '../run/queryRun.ts'

/** What is done around the calls of one site. */
interface SitePolicies {
  readonly policies: CallPolicies
  readonly batching: BatchingPolicy | null
}

/** Makes the calls of a session's queries: finds the function in the query's catalog, and says what is done around the call. */
export class SessionCalls {
  readonly #dispatcher: Dispatcher
  readonly #given: SecretValues
  readonly #secrets = new WeakMap<FunctionSignature, SecretValues>()
  readonly #policies = new WeakMap<CallOptions, Map<string, SitePolicies>>()
  readonly #nested = new WeakMap<QueryRun, NestedCaller>()

  /** `secrets`: values by name; others come from the environment. */
  constructor(dispatcher: Dispatcher, secrets: SecretValues) {
    this.#dispatcher = dispatcher
    this.#given = secrets
  }

  async invoke(site: CallSite, batch: Batch, origin: CallOrigin): Promise<CallResult> {
    const { query, ...place } = origin
    const registered = query.catalog.registered.get(site.function)!
    const { signature } = registered
    const { policies, batching } = this.#policiesOf(signature, site.options)
    return this.#dispatcher.invoke(registered, batch, {
      ...place,
      attempt: 1,
      deadline: null,
      reportsRows: site.outcome === 'try' || policies.onError !== 'fail',
      policies,
      batching,
      site: site.site,
      run: query,
      observer: query.observe,
      secrets: this.secretsOf(signature),
      caller: this.#nestedOf(query),
    })
  }

  /** The items that a call yields. */
  async *stream(
    name: string,
    args: readonly unknown[],
    query: QueryRun,
  ): AsyncGenerator<unknown, void, undefined> {
    let failure: unknown = null
    try {
      const registered = find(query.catalog, name)
      const { signature } = registered
      const context = {
        batch: 0,
        firstRow: 0,
        signal: query.signal,
        metadata: null,
        attempt: 1,
        deadline: null,
        keepsInput: false,
        reportsRows: false,
        policies: signature.policies,
        run: query,
        observer: query.observe,
        secrets: this.secretsOf(signature),
        caller: this.#nestedOf(query),
        trace: query.trace,
      }
      yield* this.#dispatcher.stream(registered, args, context)
    } catch (error) {
      failure = error
      throw error
    } finally {
      await query.end(failure)
    }
  }

  /** Calls of a site that may be in flight at once. */
  concurrencyOf(
    { function: name, options }: Pick<CallSite, 'function' | 'options'>,
    { registered }: Catalog,
  ): number {
    const { signature } = registered.get(name)!
    return this.#dispatcher.concurrencyOf(signature, this.#policiesOf(signature, options).policies)
  }

  openSource(signatures: readonly FunctionSignature[], query: QueryRun): BatchSource {
    const called = signatures.map(({ name }) => query.catalog.registered.get(name)!)
    return this.#dispatcher.openSource(called, query)
  }

  /** Throws SECRET_MISSING. */
  secretsOf(signature: FunctionSignature): SecretValues {
    const known = this.#secrets.get(signature) ?? resolveSecrets(signature, this.#given)
    this.#secrets.set(signature, known)
    return known
  }

  #nestedOf(query: QueryRun): NestedCaller {
    const known = this.#nested.get(query)
    if (known !== undefined) return known
    const caller = nestedCaller((name) => {
      const registered = find(query.catalog, name)
      const { signature } = registered
      return { registered, policies: signature.policies, secrets: this.secretsOf(signature) }
    }, this.#dispatcher.invoke)
    this.#nested.set(query, caller)
    return caller
  }

  #policiesOf(signature: FunctionSignature, options: CallOptions | null): SitePolicies {
    const { policies, batching } = signature
    if (options === null) return { policies, batching }
    const byName = this.#policies.get(options) ?? new Map<string, SitePolicies>()
    this.#policies.set(options, byName)
    const known = byName.get(signature.name) ?? {
      policies: mergePolicies(policies, options),
      batching: mergeBatching(batching, options),
    }
    byName.set(signature.name, known)
    return known
  }
}

function find(catalog: Catalog, name: string): RegisteredFunction {
  return catalog.registered.get(lookup(catalog, name).name)!
}
