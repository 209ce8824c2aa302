import { defaultPolicies } from '../catalog/policy/policies.ts'
import { type EngineError, isEngineError } from '../src/base/errors.ts'
import { unobserved } from '../udf/callEvents.ts'
import type { InvokeContext } from '../udf/executor.ts'
import type { RunScope } from '../udf/runScope.ts'

/** A query that ends when a test says so. */
export class TestRun implements RunScope {
  readonly journal: string | null
  readonly #closes: (() => Promise<void>)[] = []

  constructor(journal: string | null = null) {
    this.journal = journal
  }

  onEnd(close: () => Promise<void>): void {
    this.#closes.push(close)
  }

  async end(): Promise<void> {
    await Promise.all(this.#closes.map((close) => close()))
  }
}

/** What comes with a batch where a test has nothing else to say of it. */
export function contextOf(options: Partial<InvokeContext> = {}): InvokeContext {
  return {
    batch: 7,
    firstRow: 1000,
    metadata: null,
    signal: new AbortController().signal,
    attempt: 1,
    deadline: null,
    keepsInput: false,
    reportsRows: false,
    policies: defaultPolicies,
    run: new TestRun(),
    observer: unobserved,
    ...options,
  }
}

/** What work fails with; it must be an error of ours. */
export async function failureOf(
  work: Promise<unknown>,
): Promise<Pick<EngineError, 'code' | 'message' | 'details'>> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  if (!isEngineError(error)) throw new Error(`no EngineError but ${String(error)}`)
  const { code, message, details } = error
  return { code, message, details }
}
