import { unreachable } from '../base/errors.ts'
import { nameKey } from './names.ts'
import type { JoinPlan, LogicalPlan, UnionPlan } from './plan.ts'

type Columns = readonly string[] | null

const known = new WeakMap<LogicalPlan, Columns>()

/** Names of the columns that a plan yields, in order; null while a source below is not yet analyzed. */
export function outputColumns(plan: LogicalPlan): Columns {
  const cached = known.get(plan)
  if (cached !== undefined) return cached
  const columns = compute(plan)
  known.set(plan, columns)
  return columns
}

function compute(plan: LogicalPlan): Columns {
  switch (plan.kind) {
    case 'scan':
      return plan.columns ?? plan.schema?.map(({ name }) => name) ?? null
    case 'opaque':
      return plan.schema?.map(({ name }) => name) ?? null
    case 'project':
      return plan.items.map(({ name }) => name)
    case 'aggregate':
      return [...plan.keys, ...plan.aggregates].map(({ name }) => name)
    case 'callProject': {
      const columns = outputColumns(plan.input)
      return columns === null ? null : [...columns, plan.name]
    }
    case 'join':
      return joinColumns(plan)
    case 'union':
      return unionColumns(plan)
    case 'filter':
    case 'sort':
    case 'limit':
    case 'distinct':
    case 'explode':
    case 'sample':
      return outputColumns(plan.input)
    default:
      return unreachable(plan)
  }
}

function joinColumns({ type, left, right, using }: JoinPlan): Columns {
  const ofLeft = outputColumns(left)
  if (type === 'semi' || type === 'anti') return ofLeft
  const ofRight = outputColumns(right)
  if (ofLeft === null || ofRight === null) return null
  const merged = new Set(using.map(nameKey))
  return [...ofLeft, ...ofRight.filter((name) => !merged.has(nameKey(name)))]
}

function unionColumns({ inputs, byName }: UnionPlan): Columns {
  if (!byName) return outputColumns(inputs[0]!)
  const names = new Map<string, string>()
  for (const input of inputs) {
    const columns = outputColumns(input)
    if (columns === null) return null
    for (const name of columns) if (!names.has(nameKey(name))) names.set(nameKey(name), name)
  }
  return [...names.values()]
}
