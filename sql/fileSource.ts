import { scan } from '../src/plan/factories.ts'
import type { CteScope } from './cteScope.ts'
import { describeQuery, once, type Planning, type Relation } from './planning.ts'
import { orNull } from './printer.ts'
import { relationColumns } from './textRelation.ts'
import type { BaseTableTree, ExpressionTree, TableFunctionTree, TableTree } from './tree.ts'
import { selectTree, starTree } from './treeFactories.ts'

type Options = Record<string, string | number | boolean>

interface ParquetFiles {
  readonly paths: readonly string[]
  readonly options: Options
  readonly alias: string
}

const readers: ReadonlySet<string> = new Set(['read_parquet', 'parquet_scan'])

/** FROM parquet files that are named by constants, as a scan that the engine can share out; null for anything else. */
export async function parquetRelation(
  table: TableTree,
  scope: CteScope,
  planning: Planning,
): Promise<{ readonly relation: Relation; readonly alias: string } | null> {
  const files = parquetFiles(table, scope)
  if (files === null) return null
  const schema = await orNull(describeQuery(planning, selectTree([starTree()], table)))
  if (schema === null) return null
  const { paths, options, alias } = files
  const columns = relationColumns(schema)
  if (columns.some(({ name, display }) => name !== display)) return null
  return { alias, relation: { columns, plan: once(() => scan({ kind: 'parquet', paths, options }, schema)) } }
}

function parquetFiles(table: TableTree, scope: CteScope): ParquetFiles | null {
  if (table.type === 'BASE_TABLE') return namedFile(table, scope)
  return table.type === 'TABLE_FUNCTION' ? readFiles(table) : null
}

/** `FROM 'memos.parquet'`, which parses like a table of that name. */
function namedFile(table: BaseTableTree, scope: CteScope): ParquetFiles | null {
  const { table_name: path, alias, schema_name, catalog_name, sample, at_clause, column_name_alias } = table
  const qualified = schema_name !== '' || catalog_name !== ''
  const plain = sample === null && at_clause === null && column_name_alias.length === 0
  if (qualified || !plain || !/\.parquet$/i.test(path) || scope.find(table) !== null) return null
  const stem = path.replace(/^.*[/\\]/, '').replace(/\.parquet$/i, '')
  return { paths: [path], options: {}, alias: alias === '' ? stem : alias }
}

function readFiles(table: TableFunctionTree): ParquetFiles | null {
  const { function: call, alias, sample, column_name_alias, with_ordinality } = table
  if (call.class !== 'FUNCTION' || !readers.has(call.function_name) || call.schema !== '') return null
  if (sample !== null || column_name_alias.length > 0 || with_ordinality !== 'WITHOUT_ORDINALITY') return null
  const [first, ...named] = call.children
  const paths = first === undefined ? null : pathsOf(first)
  const options = optionsOf(named)
  if (paths === null || options === null) return null
  return { paths, options, alias: alias === '' ? call.function_name : alias }
}

function pathsOf(tree: ExpressionTree): readonly string[] | null {
  const one = constantOf(tree)
  if (typeof one === 'string') return [one]
  if (tree.class !== 'FUNCTION' || tree.function_name !== 'list_value') return null
  const paths = tree.children.map(constantOf).filter((path) => typeof path === 'string')
  return paths.length === tree.children.length && paths.length > 0 ? paths : null
}

/** `hive_partitioning = true` parses as a comparison, `hive_partitioning := true` as an argument with an alias. */
function optionsOf(trees: readonly ExpressionTree[]): Options | null {
  const options: Options = {}
  for (const tree of trees) {
    const { name, value } = namedArgument(tree)
    const constant = value === null ? null : constantOf(value)
    if (name === '' || constant === null) return null
    options[name] = constant
  }
  return options
}

interface Comparison {
  readonly left: ExpressionTree
  readonly right: ExpressionTree
}

function namedArgument(tree: ExpressionTree): {
  readonly name: string
  readonly value: ExpressionTree | null
} {
  if (tree.alias !== '') return { name: tree.alias, value: tree }
  if (!isEquality(tree)) return { name: '', value: null }
  const name = tree.left.class === 'COLUMN_REF' ? tree.left.column_names.join('.') : ''
  return { name, value: tree.right }
}

function isEquality(tree: ExpressionTree): tree is ExpressionTree & Comparison {
  return tree.type === 'COMPARE_EQUAL' && 'left' in tree && 'right' in tree
}

function constantOf(tree: ExpressionTree): string | number | boolean | null {
  if (tree.class === 'CAST' && tree.cast_type.id === 'BOOLEAN') {
    const letter = constantOf(tree.child)
    return letter === 't' || letter === 'f' ? letter === 't' : null
  }
  if (tree.class !== 'CONSTANT' || tree.value.is_null) return null
  const { type, value } = tree.value
  if (type.id === 'VARCHAR' && typeof value === 'string') return value
  return type.id === 'INTEGER' && typeof value === 'number' ? value : null
}
