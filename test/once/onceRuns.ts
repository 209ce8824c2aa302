import { defineFunction } from '../../catalog/defineFunction.ts'
import type { Volatility } from '../../catalog/function.ts'
import { type CallPolicies, defaultPolicies } from '../../catalog/policy/policies.ts'
import { type RegisteredFunction, registerFunction } from '../../catalog/registerFunction.ts'
import type { Batch } from '../../src/arrow/column.ts'
import { decodeColumn } from '../../src/arrow/decode.ts'
import { encodeColumn } from '../../src/arrow/encode.ts'
import type { CallSignal } from '../../src/base/cancellation.ts'
import type { DataType } from '../../src/base/dataType.ts'
import { EngineError } from '../../src/base/errors.ts'
import type { CallEvent } from '../../udf/callEvents.ts'
import type { CallResult, Invoke, InvokeContext } from '../../udf/executor.ts'
import { contextOf } from '../invocations.ts'

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

export function dedupedContextOf(options: Partial<InvokeContext> = {}): InvokeContext {
  return contextOf({ firstRow: 0, reportsRows: true, policies: deduped, ...options })
}

export function callerOf(invoke: Invoke, registered: RegisteredFunction) {
  return async (values: readonly unknown[], options: Partial<InvokeContext> = {}): Promise<unknown[]> => {
    const result = await invoke(registered, batchOf(registered, values), dedupedContextOf(options))
    return valuesOf(registered, result)
  }
}

/** The values of a result, with the messages of the failed rows in their places. */
export function valuesOf({ signature }: RegisteredFunction, { column, failures }: CallResult): unknown[] {
  const values = [...decodeColumn(signature.output, column)]
  for (const { row, error } of failures) values[row] = error.message
  return values
}
