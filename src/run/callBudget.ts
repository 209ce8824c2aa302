import type { CallEvent } from '../../udf/callEvents.ts'
import type { Spending } from '../../udf/spending.ts'
import { EngineError } from '../base/errors.ts'
import type { CalledFunction, PriceOf } from './callProfile.ts'
import { isCharged, priceOfUnits } from './profile/cost.ts'
import { formatCounted, formatDollars } from './profile/formatFigures.ts'

/** Sums of dollars are not exact to the last bit. */
const TOLERANCE = 1e-9

/** What a run may spend; what is absent is not limited. */
export interface Budget {
  readonly dollars?: number
  /** Attempts of calls. */
  readonly calls?: number
}

/** What is spent, with the calls that are in flight. */
export interface Ledger {
  dollars: number
  calls: number
  /** Why no more calls are made; null while there is something left. */
  exceeded: EngineError | null
}

export function newLedger(): Ledger {
  return { dollars: 0, calls: 0, exceeded: null }
}

/** A budget that several queries draw on. */
export interface SharedBudget {
  readonly budget: Budget
  readonly ledger: Ledger
}

/**
 * Stops a run before the call that would exceed its budget, or, where only handlers know what calls cost, before the first call
 * after that. Calls that are in flight then end as they would. Give `observe` the events of the run.
 */
export class CallBudget implements Spending {
  readonly #budget: Budget
  readonly #priceOf: PriceOf
  /** Functions whose calls cost more than is known beforehand. */
  readonly #reporting = new Set<string>()
  readonly #ledger: Ledger

  constructor(budget: Budget, priceOf: PriceOf = () => null, ledger: Ledger = newLedger()) {
    this.#budget = checkBudget(budget)
    this.#priceOf = priceOf
    this.#ledger = ledger
  }

  /** Why no more calls are made; null while there is something left. */
  get exceeded(): EngineError | null {
    return this.#ledger.exceeded
  }

  /** With the calls that are in flight. */
  get spent(): Required<Budget> {
    const { dollars, calls } = this.#ledger
    return { dollars, calls }
  }

  get countsCalls(): boolean {
    return this.#budget.calls !== undefined
  }

  begin(called: CalledFunction, rows: number): ReturnType<Spending['begin']> {
    const price = this.#priceOf(called)
    const cost = price === null ? 0 : price.perCall + price.perRow * rows
    const ledger = this.#ledger
    ledger.exceeded ??= this.#refusal(called, { rows, cost, isKnown: !this.#mayReport(called) })
    if (ledger.exceeded !== null) throw ledger.exceeded
    ledger.calls++
    ledger.dollars += cost
    return (error) => {
      if (!isCharged(error)) ledger.dollars -= cost
    }
  }

  /** Adds what handlers report. */
  observe(called: CalledFunction, event: CallEvent): void {
    if (event.kind !== 'usage') return
    const dollars = priceOfUnits(this.#priceOf(called), event.units)
    if (dollars > 0) this.#reporting.add(nameOf(called))
    this.#ledger.dollars += dollars
  }

  #mayReport(called: CalledFunction): boolean {
    const price = this.#priceOf(called)
    return (price !== null && Object.keys(price.perUnit).length > 0) || this.#reporting.has(nameOf(called))
  }

  #refusal(
    called: CalledFunction,
    { rows, cost, isKnown }: { readonly rows: number; readonly cost: number; readonly isKnown: boolean },
  ): EngineError | null {
    const { calls = Infinity, dollars = Infinity } = this.#budget
    const spent = this.#ledger
    const details = { ...called, batchRows: rows }
    if (spent.calls >= calls) {
      const message = `the budget of ${formatCounted(calls, 'call')} is used up: ${nameOf(called)} would be called once more`
      return new EngineError('BUDGET_EXCEEDED', message, { ...details, hint: hintFor('calls') })
    }
    const left = dollars - spent.dollars
    const enough = isKnown ? cost <= left + TOLERANCE : left > TOLERANCE && cost <= left + TOLERANCE
    if (enough) return null
    const next = isKnown
      ? `a call of ${nameOf(called)} for ${formatCounted(rows, 'row')} costs ${formatDollars(cost)}`
      : `a call of ${nameOf(called)} for ${formatCounted(rows, 'row')} costs ${formatDollars(cost)} or more`
    const message = `the budget of ${formatDollars(dollars)} would be exceeded: ${formatDollars(spent.dollars)} is spent, and ${next}`
    return new EngineError('BUDGET_EXCEEDED', message, { ...details, hint: hintFor('dollars') })
  }
}

/** All of several budgets; null for none. */
export function allBudgets(budgets: readonly CallBudget[]): Spending | null {
  const [first, ...more] = budgets
  if (first === undefined || more.length === 0) return first ?? null
  return {
    countsCalls: budgets.some((budget) => budget.countsCalls),
    begin: (called, rows) => {
      const ends = budgets.map((budget) => budget.begin(called, rows))
      return (error) => {
        for (const end of ends) end(error)
      }
    },
  }
}

/** Throws CONFIG_INVALID for what is no budget. */
export function checkBudget(budget: Budget): Budget {
  for (const [name, value] of Object.entries(budget)) {
    if (name !== 'dollars' && name !== 'calls') {
      throw new EngineError('CONFIG_INVALID', `budget has no '${name}': it may limit dollars and calls`)
    }
    if (value === undefined) continue
    const valid = typeof value === 'number' && value >= 0 && (name === 'dollars' || Number.isInteger(value))
    if (valid) continue
    const wanted = name === 'dollars' ? 'a number, 0 or more' : 'a whole number, 0 or more'
    throw new EngineError('CONFIG_INVALID', `budget.${name} is ${String(value)}: it must be ${wanted}`)
  }
  return Object.freeze({ ...budget })
}

function nameOf({ function: name, version }: CalledFunction): string {
  return `function '${name}' (version ${version})`
}

function hintFor(limit: keyof Budget): string {
  return `what was called is kept where the run has a journal; raise budget.${limit} and resume it`
}
