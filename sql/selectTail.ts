import { opaque } from '../src/plan/factories.ts'
import { type Clause, translate } from './expression.ts'
import type { Names } from './names.ts'
import { type OutputColumn, projectTo, type SelectOutput } from './outputColumns.ts'
import type { SelectClauses, SelectKey } from './selectClauses.ts'
import { queryText } from './textUse.ts'
import type { ExpressionTree, ModifierTree } from './tree.ts'
import { baseTable, columnTree, integerTree, selectTree } from './treeFactories.ts'

/**
 * DISTINCT ON, DISTINCT with other sort keys, and a LIMIT that is no constant stay text over columns that are computed
 * before: `SELECT DISTINCT ON (key) … FROM (…) ORDER BY sort_key LIMIT 10%`.
 */
export function selectTail(
  clauses: SelectClauses,
  columns: readonly OutputColumn[],
  clause: Clause,
  names: Names,
): SelectOutput {
  const helpers: OutputColumn[] = []
  const keyTree = (key: SelectKey): ExpressionTree => {
    if (key.kind === 'output') return integerTree(key.index + 1)
    const name = names.unique('sort_key')
    helpers.push({ name, display: name, expr: translate(key.tree, clause) })
    return columnTree(name)
  }
  const { printer } = clause.planning
  const query = selectTree(
    columns.map(({ name }) => columnTree(name)),
    baseTable(printer.placeholder(0)),
    { modifiers: tailModifiers(clauses, keyTree) },
  )
  const template = queryText(clause.scope.close(query), clause.planning, 'it is in LIMIT')
  const plan: SelectOutput['plan'] = (input) =>
    opaque(template().parts, [projectTo(input, [...columns, ...helpers])])
  return { columns, plan }
}

function tailModifiers(
  { distinct, orders, limit }: SelectClauses,
  keyTree: (key: SelectKey) => ExpressionTree,
): readonly ModifierTree[] {
  const modifiers: ModifierTree[] = []
  if (distinct !== null) {
    modifiers.push({ type: 'DISTINCT_MODIFIER', distinct_on_targets: distinct.map(keyTree) })
  }
  if (orders.length > 0) {
    const keys = orders.map(({ key, order }) => ({ ...order, expression: keyTree(key) }))
    modifiers.push({ type: 'ORDER_MODIFIER', orders: keys })
  }
  if (limit !== null) modifiers.push(limit)
  return modifiers
}
