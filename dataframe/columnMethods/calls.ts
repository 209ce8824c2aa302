import { callPlace } from '../../catalog/policy/place.ts'
import { combineOptions, type GivenOptions, readCallOptions } from '../../catalog/policy/readOptions.ts'
import { EngineError } from '../../src/base/errors.ts'
import type { CallExpr, Expr } from '../../src/expr/expr.ts'
import { call } from '../../src/expr/factories.ts'
import type { Column, ColumnState } from '../column.ts'
import { structExpr } from '../operand.ts'

export type CallMethodName =
  | 'withMetadata'
  | 'withRetry'
  | 'withRateLimit'
  | 'withConcurrency'
  | 'withBatchSize'
  | 'withTimeout'
  | 'withDeadline'
  | 'withCircuitBreaker'
  | 'withDedupe'
  | 'withCache'
  | 'withErrorBudget'
  | 'onError'

/** Methods of a column that is just a call of the catalog: each gives the call with one more thing said of it. */
export const callMethods: {
  readonly [Method in CallMethodName]: (
    state: ColumnState,
    ...args: Parameters<Column[Method]>
  ) => ColumnState
} = {
  withMetadata: (state, metadata) => {
    const made = callOf(state, 'withMetadata', ".withMetadata({ language: 'de' })")
    return changed(state, made, { metadata: metadataExpr(metadata) })
  },
  withRetry: (state, retries = {}) => withOptions(state, 'withRetry', { retries }, '.withRetry(3)'),
  withRateLimit: (state, rateLimit) =>
    withOptions(state, 'withRateLimit', { rateLimit }, '.withRateLimit(10)'),
  withConcurrency: (state, concurrency) =>
    withOptions(state, 'withConcurrency', { concurrency }, '.withConcurrency(4)'),
  withBatchSize: (state, batchSize, bufferDuration) =>
    withOptions(state, 'withBatchSize', { batchSize, bufferDuration }, '.withBatchSize(64)'),
  withTimeout: (state, timeout) => withOptions(state, 'withTimeout', { timeout }, '.withTimeout(500)'),
  withDeadline: (state, deadline) => withOptions(state, 'withDeadline', { deadline }, '.withDeadline(5000)'),
  withCircuitBreaker: (state, circuitBreaker = true) =>
    withOptions(state, 'withCircuitBreaker', { circuitBreaker }, '.withCircuitBreaker()'),
  withDedupe: (state, dedupe = true) => withOptions(state, 'withDedupe', { dedupe }, '.withDedupe(false)'),
  withCache: (state, cache = true) => withOptions(state, 'withCache', { cache }, '.withCache({ ttl: 3600 })'),
  withErrorBudget: (state, budget) =>
    withOptions(state, 'withErrorBudget', { ...budget }, '.withErrorBudget({ maxErrors: 10 })'),
  onError: (state, onError) => {
    const made = callOf(state, 'onError', ".onError('column')")
    if (made.outcome === 'value') return withOptions(state, 'onError', { onError }, '')
    throw new EngineError(
      'PLAN_INVALID',
      "onError has no use for a call that is tried: its 'error' says why",
      {
        hint: "use F.catalogCall(…).onError('column'), or F.tryCatalogCall(…) alone",
      },
    )
  },
}

/** The call that a column is; null for other columns. */
export function bareCall({ value }: ColumnState): CallExpr | null {
  return !('call' in value) && value.expr.kind === 'call' ? value.expr : null
}

function callOf(state: ColumnState, method: string, example: string): CallExpr {
  const made = bareCall(state)
  if (made !== null) return made
  throw new EngineError('PLAN_INVALID', `${method} belongs to a catalog call`, {
    hint: `F.catalogCall('extract_entities', _.memo)${example}`,
  })
}

function withOptions(state: ColumnState, method: string, given: GivenOptions, example: string): ColumnState {
  const made = callOf(state, method, example)
  const options = readCallOptions(withoutUndefined(given), callPlace(made.function))
  return changed(state, made, { options: combineOptions(made.options, options) })
}

function withoutUndefined(given: GivenOptions): GivenOptions {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}

function changed({ name }: ColumnState, made: CallExpr, change: Partial<CallExpr>): ColumnState {
  return { name, value: { expr: call(made.function, made.args, { ...made, ...change }) } }
}

function metadataExpr(metadata: Readonly<Record<string, unknown>>): Expr {
  if (Object.keys(metadata).length > 0) return structExpr(metadata, 'withMetadata')
  throw new EngineError('WRONG_ARGUMENTS', 'withMetadata takes at least one value')
}
