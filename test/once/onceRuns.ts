import { defineFunction } from '../../catalog/defineFunction.ts'
import type { Volatility } from '../../catalog/function.ts'
import { type CallPolicies, defaultPolicies } from '../../catalog/policy/policies.ts'
import { type RegisteredFunction, registerFunction } from '../../catalog/registerFunction.ts'
import type { Batch } from '../../src/arrow/column.ts'
import { decodeColumn } from '../../src/arrow/decode.ts'
import { encodeColumn } from '../../src/arrow/encode.ts'
import type { DataType } from '../../src/base/dataType.ts'
import { EngineError, isEngineError } from '../../src/base/errors.ts'
import { type CallEvent, unobserved } from '../../udf/callEvents.ts'
import type { CallSignal } from '../../udf/cancellation.ts'
import type { CallResult, Invoke, InvokeContext } from '../../udf/executor.ts'
import type { RunScope } from '../../udf/runScope.ts'

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

export interface Made {
  readonly values: readonly unknown[]
  readonly firstRow: number
  readonly signal: CallSignal
}

/** What a call is answered with: one value a row; a row whose value is an error has failed. */
export type Answer = (
  values: readonly unknown[],
  call: Made,
) => Promise<readonly unknown[]> | readonly unknown[]

/** What lies behind the interceptor: it counts what it is asked. */
export class CountingInvoke {
  readonly calls: Made[] = []
  answer: Answer

  constructor(answer: Answer = (values) => values.map((value) => `<${String(value)}>`)) {
    this.answer = answer
  }

  get rows(): unknown[] {
    return this.calls.flatMap(({ values }) => values)
  }

  readonly invoke: Invoke = async ({ signature }, batch, { firstRow, signal }) => {
    const type = signature.inputs[0]!.type
    const call = { values: [...decodeColumn(type, batch.columns[0]!)], firstRow, signal }
    this.calls.push(call)
    const answers = await this.answer(call.values, call)
    const failures = answers.flatMap((error, row) => (error instanceof EngineError ? [{ row, error }] : []))
    const values = answers.map((answer) => (answer instanceof EngineError ? null : answer))
    return { column: encodeColumn(signature.output, values), failures }
  }
}

export function functionOf(
  volatility: Volatility = 'immutable',
  { input = { kind: 'varchar' }, output = { kind: 'varchar' } }: { input?: DataType; output?: DataType } = {},
): RegisteredFunction {
  const definition = defineFunction({
    name: 'f',
    input: { value: 'VARCHAR' },
    output: 'VARCHAR',
    batching: {},
    volatility,
    handler: () => [],
  })
  const registered = registerFunction(definition, null)
  const inputs = [{ name: 'value', type: input }]
  return { definition, signature: { ...registered.signature, inputs, output, batching: null } }
}

export function batchOf({ signature }: RegisteredFunction, values: readonly unknown[]): Batch {
  return { length: values.length, columns: [encodeColumn(signature.inputs[0]!.type, values)] }
}

export function contextOf(options: Partial<InvokeContext> = {}): InvokeContext {
  return {
    batch: 7,
    firstRow: 0,
    metadata: null,
    signal: new AbortController().signal,
    attempt: 1,
    deadline: null,
    keepsInput: false,
    reportsRows: true,
    policies: deduped,
    run: new TestRun(),
    observer: unobserved,
    ...options,
  }
}

/** What work fails with; it must be an error of ours. */
export async function failureOf(work: Promise<unknown>): Promise<EngineError> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  if (!isEngineError(error)) throw new Error(`no EngineError but ${String(error)}`)
  return error
}

/** Rows saved, by what. */
export class Saved {
  readonly rows: Record<string, number> = {}
  readonly warnings: string[] = []

  readonly observer = (_: unknown, event: CallEvent): void => {
    if (event.kind === 'saved') this.rows[event.by] = (this.rows[event.by] ?? 0) + event.rows
    if (event.kind === 'log') this.warnings.push(event.message)
  }
}

export const deduped: CallPolicies = { ...defaultPolicies, dedupe: true }
export const cached: CallPolicies = { ...defaultPolicies, dedupe: true, cache: { ttl: 60 } }

export function callerOf(invoke: Invoke, registered: RegisteredFunction) {
  return async (values: readonly unknown[], options: Partial<InvokeContext> = {}): Promise<unknown[]> => {
    const result = await invoke(registered, batchOf(registered, values), contextOf(options))
    return valuesOf(registered, result)
  }
}

/** The values of a result, with the messages of the failed rows in their places. */
export function valuesOf({ signature }: RegisteredFunction, { column, failures }: CallResult): unknown[] {
  const values = [...decodeColumn(signature.output, column)]
  for (const { row, error } of failures) values[row] = error.message
  return values
}
