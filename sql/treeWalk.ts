import type { ExpressionTree, QueryTree, TableTree } from './tree.ts'

/** What to put in the place of a node; undefined leaves the node and goes on to its children. */
export interface TreeMapping {
  readonly expression?: (tree: ExpressionTree) => ExpressionTree | undefined
  readonly query?: (tree: QueryTree) => QueryTree | undefined
  readonly table?: (tree: TableTree) => TableTree | undefined
}

const tableTypes: ReadonlySet<string> = new Set([
  'BASE_TABLE',
  'COLUMN_DATA',
  'DELIM_GET',
  'EMPTY',
  'EXPRESSION_LIST',
  'JOIN',
  'PIVOT',
  'SHOW_REF',
  'SUBQUERY',
  'TABLE_FUNCTION',
])

export function isExpression(value: object): value is ExpressionTree {
  return 'class' in value && typeof value.class === 'string' && 'alias' in value
}

export function isQuery(value: object): value is QueryTree {
  return (
    'type' in value && typeof value.type === 'string' && value.type.endsWith('_NODE') && 'cte_map' in value
  )
}

function isTable(value: object): value is TableTree {
  return (
    !('class' in value) && 'type' in value && typeof value.type === 'string' && tableTypes.has(value.type)
  )
}

/** Replaces nodes of a tree, from the outermost inwards. What is not changed comes back as the same object. */
export function mapTree<Value>(value: Value, mapping: TreeMapping): Value {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a node gives way to one of its kind, all else keeps its shape
  return mapped(value, mapping) as Value
}

/** As {@link mapTree} for what is below a node; the node itself stays. */
export function mapChildren<Value>(value: Value, mapping: TreeMapping): Value {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as above
  return mappedChildren(value, mapping) as Value
}

function mapped(value: unknown, mapping: TreeMapping): unknown {
  if (typeof value !== 'object' || value === null) return value
  return replacement(value, mapping) ?? mappedChildren(value, mapping)
}

function replacement(value: object, mapping: TreeMapping): object | undefined {
  if (Array.isArray(value)) return undefined
  if (isExpression(value)) return mapping.expression?.(value)
  if (isQuery(value)) return mapping.query?.(value)
  return isTable(value) ? mapping.table?.(value) : undefined
}

function mappedChildren(value: unknown, mapping: TreeMapping): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    const items = value.map((item: unknown) => mapped(item, mapping))
    return items.every((item, index) => item === value[index]) ? value : items
  }
  let changed = false
  const entries = Object.entries(value).map(([key, child]: [string, unknown]) => {
    const result = mapped(child, mapping)
    changed ||= result !== child
    return [key, result] as const
  })
  return changed ? Object.fromEntries(entries) : value
}

/** What to see of a tree; false keeps away from what is below the node. */
export interface TreeVisit {
  readonly expression?: (tree: ExpressionTree) => boolean | void
  readonly query?: (tree: QueryTree) => boolean | void
  readonly table?: (tree: TableTree) => boolean | void
}

/** Visits the nodes of a tree, from the outermost inwards. */
export function walkTree(value: unknown, visit: TreeVisit): void {
  if (typeof value !== 'object' || value === null) return
  if (!Array.isArray(value)) {
    const descend = isExpression(value)
      ? visit.expression?.(value)
      : isQuery(value)
        ? visit.query?.(value)
        : isTable(value)
          ? visit.table?.(value)
          : true
    if (descend === false) return
  }
  for (const child of Object.values(value)) walkTree(child, visit)
}

/** Whether an expression in the tree passes the test; those of subqueries count unless `within` is 'clause'. */
export function someExpression(
  value: unknown,
  test: (tree: ExpressionTree) => boolean,
  within: 'tree' | 'clause' = 'tree',
): boolean {
  let found = false
  walkTree(value, {
    expression: (tree) => {
      found ||= test(tree)
      return !found
    },
    query: () => within === 'tree' && !found,
  })
  return found
}
