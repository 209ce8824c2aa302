import type { EngineError } from '../src/base/errors.ts'

/** What a run may spend on calls. */
export interface Spending {
  /** Whether it limits how many calls are made, so that each has to be one of its own. */
  readonly countsCalls: boolean
  /**
   * Is asked before each attempt, and told with the function that it gives how the attempt ended: null for success. Throws
   * BUDGET_EXCEEDED.
   */
  begin(
    called: { readonly function: string; readonly version: number },
    rows: number,
  ): (error: EngineError | null) => void
}
