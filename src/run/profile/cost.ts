import type { Price } from '../../../catalog/policy/policies.ts'
import type { ErrorCode } from '../../base/errorCodes.ts'
import type { EngineError } from '../../base/errors.ts'

/** Calls that a service turned away cost nothing; others may be billed although they failed. */
const refusals: ReadonlySet<ErrorCode> = new Set(['CIRCUIT_OPEN', 'RESOURCE_EXHAUSTED', 'UNAVAILABLE'])

/** Whether a call that ended so is charged. */
export function isCharged(error: EngineError | null): boolean {
  return error === null || !refusals.has(error.code)
}

/** Dollars for calls that ended so, but for what their handler reports. */
export function priceOfCall(
  price: Price | null,
  {
    calls,
    rows,
    error,
  }: { readonly calls: number; readonly rows: number; readonly error: EngineError | null },
): number {
  if (price === null || !isCharged(error)) return 0
  return price.perCall * calls + price.perRow * rows
}

/** Dollars for what a handler reports: its unit `dollars`, and units that have a price. */
export function priceOfUnits(price: Price | null, units: Readonly<Record<string, number>>): number {
  return Object.entries(units).reduce(
    (sum, [unit, amount]) => sum + amount * (unit === 'dollars' ? 1 : (price?.perUnit[unit] ?? 0)),
    0,
  )
}
