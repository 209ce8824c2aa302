import { outputColumns } from '../src/plan/columns.ts'
import { scan } from '../src/plan/factories.ts'
import type { LogicalPlan } from '../src/plan/plan.ts'
import type { MemoryContent, SqlParameters } from './planRunner.ts'
import { needsColumns, planVerb } from './planVerb.ts'
import { hasUnparsedText } from './unparsedText.ts'
import { type Verb, verbExpressions } from './verb.ts'

/**
 * What a DataFrame holds: a plan as far as one can be made before anything is read, and else the verbs that wait for the
 * columns of their inputs, for rows to be registered, or for text to be parsed. Plain data, as plans are.
 */
export type Relation =
  | { readonly kind: 'planned'; readonly plan: LogicalPlan }
  | { readonly kind: 'memory'; readonly content: MemoryContent }
  | { readonly kind: 'sqlQuery'; readonly text: string; readonly parameters: SqlParameters }
  | { readonly kind: 'verb'; readonly verb: Verb; readonly inputs: readonly Relation[] }
  /** Figures of each column of the input. */
  | { readonly kind: 'description'; readonly input: Relation }

export function planned(plan: LogicalPlan): Relation {
  return Object.freeze({ kind: 'planned', plan })
}

/** Stands for an input that is not planned yet, to check and to print what does not depend on it. */
export const unknownInput: LogicalPlan = scan({ kind: 'table', name: ['unknown'] })

/** A verb over its inputs, planned at once if nothing else has to be known. Throws what is already wrong with it. */
export function applyVerb(verb: Verb, inputs: readonly Relation[]): Relation {
  const plans = inputs.map((input) => (input.kind === 'planned' ? input.plan : unknownInput))
  const columns = plans.map(outputColumns)
  const waits = needsColumns(verb) && columns.includes(null)
  const plan = waits ? null : planVerb(verb, plans, columns)
  const complete =
    inputs.every(({ kind }) => kind === 'planned') && !verbExpressions(verb).some(hasUnparsedText)
  if (plan !== null && complete) return planned(plan)
  return Object.freeze({ kind: 'verb', verb: Object.freeze(verb), inputs: Object.freeze([...inputs]) })
}
