import type {
  BaseTableTree,
  CaseTree,
  CastTree,
  ColumnTree,
  ConstantTree,
  ExpressionTree,
  FunctionTree,
  OperatorTree,
  QueryTree,
  SelectTree,
  StarTree,
  SubqueryTableTree,
  TableTree,
} from './tree.ts'

const nowhere = { alias: '', query_location: 0 }

export function columnTree(...names: readonly string[]): ColumnTree {
  return { ...nowhere, class: 'COLUMN_REF', type: 'COLUMN_REF', column_names: names }
}

export function stringTree(value: string): ConstantTree {
  return constantTree('VARCHAR', value)
}

export function integerTree(value: number): ConstantTree {
  return constantTree('INTEGER', value)
}

export function nullTree(): ConstantTree {
  const value = { type: { id: 'NULL', type_info: null }, is_null: true }
  return { ...nowhere, class: 'CONSTANT', type: 'VALUE_CONSTANT', value }
}

export function functionTree(name: string, children: readonly ExpressionTree[], schema = ''): FunctionTree {
  return {
    ...nowhere,
    class: 'FUNCTION',
    type: 'FUNCTION',
    function_name: name,
    schema,
    catalog: '',
    children,
    filter: null,
    order_bys: { type: 'ORDER_MODIFIER', orders: [] },
    distinct: false,
    is_operator: false,
    export_state: false,
  }
}

export function castTree(child: ExpressionTree, type: string): CastTree {
  return {
    ...nowhere,
    class: 'CAST',
    type: 'OPERATOR_CAST',
    child,
    cast_type: { id: type, type_info: null },
    try_cast: false,
  }
}

export function isNullTree(child: ExpressionTree): OperatorTree {
  return { ...nowhere, class: 'OPERATOR', type: 'OPERATOR_IS_NULL', children: [child] }
}

/** `CASE WHEN condition THEN value END`. */
export function caseTree(condition: ExpressionTree, value: ExpressionTree): CaseTree {
  const check = { when_expr: condition, then_expr: value }
  return { ...nowhere, class: 'CASE', type: 'CASE_EXPR', case_checks: [check], else_expr: nullTree() }
}

export function starTree(): StarTree {
  const lists = { exclude_list: [], replace_list: [], qualified_exclude_list: [], rename_list: [] }
  return { ...nowhere, ...lists, class: 'STAR', type: 'STAR', relation_name: '', columns: false, expr: null }
}

/** `SELECT items FROM table`; without a table, one row. */
export function selectTree(
  items: readonly ExpressionTree[],
  from: TableTree = emptyTable(),
  rest: Partial<SelectTree> = {},
): SelectTree {
  return {
    type: 'SELECT_NODE',
    modifiers: [],
    cte_map: { map: [] },
    select_list: items,
    from_table: from,
    where_clause: null,
    group_expressions: [],
    group_sets: [],
    aggregate_handling: 'STANDARD_HANDLING',
    having: null,
    sample: null,
    qualify: null,
    ...rest,
  }
}

export function baseTable(name: string): BaseTableTree {
  return {
    type: 'BASE_TABLE',
    ...nowhere,
    sample: null,
    schema_name: '',
    table_name: name,
    catalog_name: '',
    column_name_alias: [],
    at_clause: null,
  }
}

export function subqueryTable(
  node: QueryTree,
  alias: string,
  columns: readonly string[] = [],
): SubqueryTableTree {
  const subquery = { node, named_param_map: [] }
  return { type: 'SUBQUERY', ...nowhere, alias, sample: null, subquery, column_name_alias: columns }
}

function emptyTable(): TableTree {
  const table = { type: 'EMPTY', ...nowhere, sample: null } as const
  return table
}

function constantTree(id: string, value: unknown): ConstantTree {
  const type = { id, type_info: null }
  return { ...nowhere, class: 'CONSTANT', type: 'VALUE_CONSTANT', value: { type, is_null: false, value } }
}
