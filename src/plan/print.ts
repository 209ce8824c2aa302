import { unreachable } from '../base/errors.ts'
import type { NamedExpr } from '../expr/expr.ts'
import { call } from '../expr/factories.ts'
import { formatExpr, formatName } from '../expr/print.ts'
import { quoteLiteral } from '../expr/render.ts'
import { planInputs } from './children.ts'
import type {
  AggregatePlan,
  CallProjectPlan,
  JoinPlan,
  LogicalPlan,
  SamplePlan,
  ScanPlan,
  SortPlan,
  Source,
} from './plan.ts'

/** A plan for people to read and for golden files: a node a line, its inputs indented below it. */
export function formatPlan(plan: LogicalPlan): string {
  return lines(plan).join('\n')
}

function lines(plan: LogicalPlan): string[] {
  const below = planInputs(plan).flatMap(lines)
  return [formatNode(plan).replace(/\s*\n\s*/g, ' '), ...below.map((line) => `  ${line}`)]
}

/** One node without its inputs, on one line unless a literal has several. */
export function formatNode(plan: LogicalPlan): string {
  switch (plan.kind) {
    case 'scan':
      return formatScan(plan)
    case 'opaque':
      return `sql ${plan.parts.join('(…)').trim()}`
    case 'project':
      return `project ${formatItems(plan.items)}`
    case 'filter':
      return `filter ${formatExpr(plan.predicate)}`
    case 'callProject':
      return formatCall(plan)
    case 'aggregate':
      return formatAggregate(plan)
    case 'join':
      return formatJoin(plan)
    case 'sort':
      return `sort ${formatKeys(plan)}`
    case 'limit':
      return [
        ...(plan.count === null ? [] : [`limit ${plan.count}`]),
        ...(plan.offset === 0 && plan.count !== null ? [] : [`offset ${plan.offset}`]),
      ].join(' ')
    case 'distinct':
      return plan.on === null ? 'distinct' : `distinct on ${plan.on.map(formatExpr).join(', ')}`
    case 'union':
      return plan.byName ? 'union by name' : 'union'
    case 'explode':
      return `explode ${formatName(plan.column)}${plan.keepEmpty ? ' keeping empty lists' : ''}`
    case 'sample':
      return formatSample(plan)
    default:
      return unreachable(plan)
  }
}

function formatScan({ source, columns }: ScanPlan): string {
  const chosen = columns === null ? '' : ` [${columns.map(formatName).join(', ')}]`
  return `scan ${formatSource(source)}${chosen}`
}

function formatSource(source: Source): string {
  switch (source.kind) {
    case 'table':
      return `table ${source.name.map(formatName).join('.')}`
    case 'memory':
      return `memory ${source.id}`
    case 'parquet':
    case 'csv':
    case 'json': {
      const options = Object.entries(source.options).map(([name, value]) => ` ${name}=${String(value)}`)
      return `${source.kind} ${source.paths.map(quoteLiteral).join(', ')}${options.join('')}`
    }
    default:
      return unreachable(source)
  }
}

function formatItems(items: readonly NamedExpr[]): string {
  return items.map(formatItem).join(', ')
}

function formatItem({ name, expr }: NamedExpr): string {
  const own = formatName(name)
  return expr.kind === 'column' && expr.name === name ? own : `${own} = ${formatExpr(expr)}`
}

function formatCall(plan: CallProjectPlan): string {
  const { name, guard, once } = plan
  const guarded = guard === null ? '' : ` where ${formatExpr(guard)}`
  const made = formatExpr(call(plan.function, plan.args, plan))
  return `call ${formatName(name)} = ${made}${guarded}${once ? ' once' : ''}`
}

function formatAggregate({ keys, aggregates, groupingSets }: AggregatePlan): string {
  const sets = groupingSets?.map((set) => `(${set.map((index) => formatName(keys[index]!.name)).join(', ')})`)
  return [
    'aggregate',
    ...(aggregates.length === 0 ? [] : [formatItems(aggregates)]),
    ...(keys.length === 0 ? [] : [`by ${formatItems(keys)}`]),
    ...(sets === undefined ? [] : [`grouping sets ${sets.join(', ')}`]),
  ].join(' ')
}

function formatJoin({ type, using, on }: JoinPlan): string {
  const shared = using.length === 0 ? '' : ` using ${using.map(formatName).join(', ')}`
  return `${type} join${shared}${on === null ? '' : ` on ${formatExpr(on)}`}`
}

function formatKeys({ keys }: SortPlan): string {
  return keys
    .map(({ expr, descending, nullsFirst }) => {
      const nulls = nullsFirst === null ? '' : ` nulls ${nullsFirst ? 'first' : 'last'}`
      return `${formatExpr(expr)}${descending ? ' desc' : ''}${nulls}`
    })
    .join(', ')
}

function formatSample({ size, seed }: SamplePlan): string {
  const amount = 'rows' in size ? `${size.rows} rows` : `fraction ${size.fraction}`
  return `sample ${amount}${seed === null ? '' : ` seed ${seed}`}`
}
