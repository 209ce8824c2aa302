import { lookup } from '../../catalog/catalog.ts'
import type { CatalogSnapshot } from '../../catalog/function.ts'
import { tryType } from '../../catalog/policy/tryType.ts'
import type { DataType, Field, Schema } from '../base/dataType.ts'
import { formatType, sameType } from '../base/formatType.ts'
import type { Expr, NamedExpr } from '../expr/expr.ts'
import { caseWhen, column, sql } from '../expr/factories.ts'
import { collectColumns } from '../expr/walk.ts'
import { project } from '../plan/factories.ts'
import type { CallProjectPlan, LogicalPlan } from '../plan/plan.ts'
import { fusedFunctions } from './chooseRoute.ts'
import { type Lowered, type Lowering, queryStage } from './lowering.ts'
import type { CallStage, Stage, StageCall, StageOutput } from './stage.ts'

const metadataType: DataType = { kind: 'varchar' }
const guardType: DataType = { kind: 'boolean' }

/** Columns that a call reads. */
export function callColumns({ args, metadata, guard }: CallProjectPlan): ReadonlySet<string> {
  const parts = [...args, ...(metadata === null ? [] : [metadata]), ...(guard === null ? [] : [guard])]
  return new Set(parts.flatMap((part) => [...collectColumns(part)]))
}

/** A stage that makes these calls over the rows of a plan, and the columns that it yields: the needed ones, null for all, and results. */
export async function buildCallStage(
  lowered: Lowered,
  calls: readonly CallProjectPlan[],
  needed: ReadonlySet<string> | null,
  lowering: Lowering,
): Promise<{ readonly stage: CallStage; readonly schema: Schema }> {
  const { catalog } = lowering.context
  const read = new Set(calls.flatMap((call) => [...callColumns(call)]))
  const isNeeded = ({ name }: Field): boolean => needed === null || needed.has(name)
  const own = (await lowering.context.describe(lowered.plan, lowering.relations)).filter(
    (field) => isNeeded(field) || read.has(field.name),
  )
  const columns = new InputColumns(own)
  const stageCalls = calls.map((call): StageCall => {
    const { inputs } = lookup(catalog, call.function)
    return {
      function: call.function,
      args: call.args.map((arg, index) => columns.index(guarded(arg, call), inputs[index]!.type)),
      metadata:
        call.metadata === null ? null : columns.index(asJsonText(guarded(call.metadata, call)), metadataType),
      guard: call.guard === null ? null : columns.index(call.guard, guardType),
      once: call.once,
      options: call.options,
      outcome: call.outcome,
    }
  })
  const kept = own.filter(isNeeded)
  const outputs: StageOutput[] = [
    ...kept.map((field): StageOutput => ({ kind: 'input', name: field.name, column: own.indexOf(field) })),
    ...calls.map(({ name }, index): StageOutput => ({ kind: 'call', name, call: index })),
  ]
  const results = calls.map((call) => ({ name: call.name, type: resultType(call, catalog) }))
  const stage: CallStage = {
    kind: 'call',
    input: inputStage(lowered, columns, lowering),
    calls: stageCalls,
    outputs,
  }
  return { stage, schema: [...kept, ...results] }
}

function resultType(call: CallProjectPlan, catalog: CatalogSnapshot): DataType {
  const { output } = lookup(catalog, call.function)
  return call.outcome === 'try' ? tryType(output) : output
}

/** What a call is given may fail for rows that are not called; a column cannot. */
function guarded(arg: Expr, { guard }: CallProjectPlan): Expr {
  const safe = guard === null || arg.kind === 'column' || arg.kind === 'literal'
  return safe ? arg : caseWhen([{ when: guard, result: arg }])
}

function asJsonText(metadata: Expr): Expr {
  return sql(['CAST(to_json(', ') AS VARCHAR)'], [metadata])
}

/** The columns that a call stage reads: those of its input, then arguments that are more than one of them. */
class InputColumns {
  readonly #own: Schema
  readonly #computed: NamedExpr[] = []

  constructor(own: Schema) {
    this.#own = own
  }

  index(expr: Expr, type: DataType): number {
    if (expr.kind === 'column') {
      const index = this.#own.findIndex(({ name }) => name === expr.name)
      if (index >= 0 && sameType(this.#own[index]!.type, type)) return index
    }
    const name = `__arg_${this.#computed.length}`
    const taken = new Set(this.#own.map((field) => field.name))
    const unique = taken.has(name) ? `${name}_${taken.size}` : name
    this.#computed.push({ name: unique, expr: sql(['CAST(', ` AS ${formatType(type)})`], [expr]) })
    return this.#own.length + this.#computed.length - 1
  }

  get isComputed(): boolean {
    return this.#computed.length > 0
  }

  chosenFrom(stage: CallStage): CallStage {
    const outputs = new Map(stage.outputs.map((output) => [output.name, output]))
    return { ...stage, outputs: this.#own.map(({ name }) => outputs.get(name)!) }
  }

  over(plan: LogicalPlan): LogicalPlan {
    const items = [...this.#own.map(({ name }) => ({ name, expr: column(name) })), ...this.#computed]
    // Rows that nothing is read of are called all the same.
    return project(plan, items.length > 0 ? items : [{ name: '__row', expr: sql(['TRUE'], []) }])
  }
}

/** The stage below needs no statement of its own if it has just the columns that are read. */
function inputStage(lowered: Lowered, columns: InputColumns, lowering: Lowering): Stage {
  const [input] = lowered.inputs
  const direct = lowered.plan.kind === 'scan' && lowered.inputs.length === 1 && !columns.isComputed
  if (direct && input !== undefined && input.stage.kind === 'call') return columns.chosenFrom(input.stage)
  const { routes, bridges } = lowering
  const fused = fusedFunctions(routes.values())
  return queryStage({ ...lowered, plan: columns.over(lowered.plan) }, { fused, bridges })
}
