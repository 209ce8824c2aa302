import type { CatalogSnapshot } from '../../catalog/function.ts'
import type { Schema } from '../base/dataType.ts'
import type { CallProjectPlan, LogicalPlan } from '../plan/plan.ts'
import type { CallInPlace } from './chooseRoute.ts'
import { findPartitioning } from './partitioning.ts'
import { isSelfContained } from './selfContained.ts'
import type { QueryStage, Route, RoutedCall, Stage, StageInput } from './stage.ts'

/** What stage planning asks of the session. */
export interface StageContext {
  readonly catalog: CatalogSnapshot
  /** The setting `route`; null lets the planner choose. */
  readonly forcedRoute: Route | null
  /** Calls inside text that the planner does not look into. */
  readonly inPlace: readonly CallInPlace[]
  /** A relation name that is new to the session. */
  newRelation(): string
  /** The columns of a plan; `relations` tells those of the stages that it reads. */
  describe(plan: LogicalPlan, relations: ReadonlyMap<string, Schema>): Promise<Schema>
}

/** A plan whose staged calls have become stages that it reads as relations. */
export interface Lowered {
  readonly plan: LogicalPlan
  readonly inputs: readonly StageInput[]
}

/** State of one planning run. */
export interface Lowering {
  readonly context: StageContext
  readonly routes: Map<CallProjectPlan, RoutedCall>
  readonly relations: Map<string, Schema>
  /** Whether calls of the plan may go over the bridge. */
  readonly bridges: boolean
}

/** The statement that yields the rows of a plan; `fused` names the functions that it calls itself. */
export function queryStage(
  lowered: Lowered,
  { fused, bridges }: Pick<QueryStage, 'fused' | 'bridges'>,
): Stage {
  const relations = new Set(lowered.inputs.map(({ relation }) => relation))
  return {
    kind: 'query',
    ...lowered,
    selfContained: isSelfContained(lowered.plan, relations),
    fused,
    bridges,
    partitioning: lowered.inputs.length === 0 && fused.length > 0 ? findPartitioning(lowered.plan) : null,
  }
}
