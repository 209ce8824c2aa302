import { defineFunction } from '../../catalog/defineFunction.ts'
import type { BatchingPolicy } from '../../catalog/policy/policies.ts'
import { type RegisteredFunction, registerFunction } from '../../catalog/registerFunction.ts'
import type { Batch } from '../../src/arrow/column.ts'
import { decodeColumn } from '../../src/arrow/decode.ts'
import { encodeColumn } from '../../src/arrow/encode.ts'
import { type Batching, createBatching } from '../../udf/batching/batching.ts'
import type { BatchingOptions } from '../../udf/batching/batchingOptions.ts'
import { type CallResult, type Invoke, type InvokeContext, succeeded } from '../../udf/executor.ts'
import { contextOf } from '../invocations.ts'
import { VirtualClock } from '../virtualClock.ts'

/** A batch that reached the layer below. */
export interface Sent {
  readonly values: readonly number[]
  readonly context: InvokeContext
  readonly at: number
}

export const policy = (options: Partial<BatchingPolicy> = {}): BatchingPolicy => ({
  maxBatchingSize: 10,
  maxBufferDuration: 1000,
  maxBytes: null,
  maxCost: null,
  acrossCallers: true,
  ...options,
})

/** A function of one BIGINT; what it answers is said by the harness. */
export function functionOf(name: string, style: 'row' | 'batch' = 'batch'): RegisteredFunction {
  const options = { name, input: { value: 'BIGINT' }, output: 'BIGINT' } as const
  return style === 'row'
    ? registerFunction(defineFunction({ ...options, handler: () => null }), null)
    : registerFunction(defineFunction({ ...options, batching: {}, handler: () => [] }), null)
}

export function batchOf(values: readonly number[]): Batch {
  return { length: values.length, columns: [encodeColumn({ kind: 'bigint' }, values.map(BigInt))] }
}

export function numbersOf(column: CallResult['column']): (number | null)[] {
  return Array.from(decodeColumn({ kind: 'bigint' }, column), (value) =>
    value === null ? null : Number(value),
  )
}

export const range = (from: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) => from + index)

export class Harness {
  readonly clock = new VirtualClock()
  readonly sent: Sent[] = []
  readonly batching: Batching
  readonly invoke: Invoke
  /** What the layer below does; by default it answers after 5 ms. */
  answer: (sent: Sent) => Promise<CallResult> = async ({ values, context }) => {
    await this.clock.sleep(5, context.signal)
    return succeeded(batchOf(values).columns[0]!)
  }

  constructor(options: Partial<BatchingPolicy> | ((context: InvokeContext) => BatchingOptions | null) = {}) {
    const constant = typeof options === 'function' ? null : policy(options)
    this.batching = createBatching({
      clock: this.clock,
      batchingOf: (_, context) =>
        typeof options === 'function'
          ? options(context)
          : { policy: constant!, costOf: null, concurrency: 4 },
    })
    this.invoke = this.batching.interceptor(async (_registered, batch, context) => {
      const sent = { values: numbersOf(batch.columns[0]!).map(Number), context, at: this.clock.now() }
      this.sent.push(sent)
      return this.answer(sent)
    })
  }

  get sizes(): number[] {
    return this.sent.map(({ values }) => values.length)
  }

  async call(
    fn: RegisteredFunction,
    values: readonly number[],
    context: Partial<InvokeContext> = {},
  ): Promise<(number | null)[]> {
    return numbersOf((await this.invoke(fn, batchOf(values), firstContextOf(context))).column)
  }
}

/** The context of the first batch of a query, so far as the options do not say otherwise. */
export function firstContextOf(options: Partial<InvokeContext> = {}): InvokeContext {
  return contextOf({ batch: 0, firstRow: 0, ...options })
}
