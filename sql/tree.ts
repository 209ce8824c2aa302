/** The trees of DuckDB's parser as `json_serialize_sql` gives them: only what the planner looks at is typed, the rest is kept. */

interface ExpressionBase {
  readonly type: string
  /** '' without. */
  readonly alias: string
  /** Offset in bytes; for a catalog call, once it is bound, in UTF-16 units. */
  readonly query_location: number | string
}

export interface ColumnTree extends ExpressionBase {
  readonly class: 'COLUMN_REF'
  readonly column_names: readonly string[]
}

export interface ConstantTree extends ExpressionBase {
  readonly class: 'CONSTANT'
  readonly value: { readonly type: TypeTree; readonly is_null: boolean; readonly value?: unknown }
}

export interface TypeTree {
  readonly id: string
  readonly type_info: unknown
}

export interface FunctionTree extends ExpressionBase {
  readonly class: 'FUNCTION'
  readonly function_name: string
  readonly schema: string
  readonly catalog: string
  readonly children: readonly ExpressionTree[]
  readonly filter: ExpressionTree | null
  readonly order_bys: { readonly type: 'ORDER_MODIFIER'; readonly orders: readonly OrderTree[] }
  readonly distinct: boolean
  readonly is_operator: boolean
  readonly export_state: boolean
}

export interface OrderTree {
  readonly type: 'ORDER_DEFAULT' | 'ASCENDING' | 'DESCENDING'
  readonly null_order: 'ORDER_DEFAULT' | 'NULLS FIRST' | 'NULLS LAST'
  readonly expression: ExpressionTree
}

export interface ConjunctionTree extends ExpressionBase {
  readonly class: 'CONJUNCTION'
  readonly type: 'CONJUNCTION_AND' | 'CONJUNCTION_OR'
  readonly children: readonly ExpressionTree[]
}

export interface CaseTree extends ExpressionBase {
  readonly class: 'CASE'
  readonly case_checks: readonly {
    readonly when_expr: ExpressionTree
    readonly then_expr: ExpressionTree
  }[]
  readonly else_expr: ExpressionTree
}

/** Also COALESCE (`OPERATOR_COALESCE`), `OPERATOR_TRY` and `GROUPING_FUNCTION`. */
export interface OperatorTree extends ExpressionBase {
  readonly class: 'OPERATOR'
  readonly children: readonly ExpressionTree[]
}

export interface CastTree extends ExpressionBase {
  readonly class: 'CAST'
  readonly child: ExpressionTree
  readonly cast_type: TypeTree
  readonly try_cast: boolean
}

/** Also `json -> path`, which DuckDB tells apart only when it binds. */
export interface LambdaTree extends ExpressionBase {
  readonly class: 'LAMBDA'
  readonly lhs: ExpressionTree
  readonly expr: ExpressionTree
}

export interface StarTree extends ExpressionBase {
  readonly class: 'STAR'
  readonly relation_name: string
  readonly exclude_list: readonly string[]
  readonly rename_list: readonly { readonly key: { readonly column: string }; readonly value: string }[]
  readonly replace_list: readonly { readonly key: string; readonly value: ExpressionTree }[]
  /** COLUMNS(…). */
  readonly columns: boolean
  readonly expr: ExpressionTree | null
}

export interface SubqueryTree extends ExpressionBase {
  readonly class: 'SUBQUERY'
  readonly subquery: { readonly node: QueryTree }
}

export interface ParameterTree extends ExpressionBase {
  readonly class: 'PARAMETER'
  readonly identifier: string
}

export interface OtherTree extends ExpressionBase {
  readonly class:
    | 'BETWEEN'
    | 'COLLATE'
    | 'COMPARISON'
    | 'DEFAULT'
    | 'LAMBDA_REF'
    | 'POSITIONAL_REFERENCE'
    | 'TYPE'
    | 'WINDOW'
}

export type ExpressionTree =
  | ColumnTree
  | ConstantTree
  | FunctionTree
  | ConjunctionTree
  | CaseTree
  | OperatorTree
  | CastTree
  | LambdaTree
  | StarTree
  | SubqueryTree
  | ParameterTree
  | OtherTree

export interface BaseTableTree {
  readonly type: 'BASE_TABLE'
  readonly alias: string
  readonly sample: unknown
  readonly query_location: number | string
  readonly schema_name: string
  readonly table_name: string
  readonly catalog_name: string
  readonly column_name_alias: readonly string[]
  readonly at_clause: unknown
}

export interface SubqueryTableTree {
  readonly type: 'SUBQUERY'
  readonly alias: string
  readonly sample: unknown
  readonly query_location: number | string
  readonly subquery: { readonly node: QueryTree }
  readonly column_name_alias: readonly string[]
}

export interface TableFunctionTree {
  readonly type: 'TABLE_FUNCTION'
  readonly alias: string
  readonly sample: unknown
  readonly function: ExpressionTree
  readonly column_name_alias: readonly string[]
  readonly with_ordinality: unknown
}

export interface JoinTree {
  readonly type: 'JOIN'
  readonly left: TableTree
  readonly right: TableTree
  readonly condition: ExpressionTree | null
}

export interface OtherTableTree {
  readonly type: 'COLUMN_DATA' | 'DELIM_GET' | 'EMPTY' | 'EXPRESSION_LIST' | 'PIVOT' | 'SHOW_REF'
}

export type TableTree = BaseTableTree | SubqueryTableTree | TableFunctionTree | JoinTree | OtherTableTree

export interface CteTree {
  readonly key: string
  readonly value: { readonly aliases: readonly string[]; readonly query: { readonly node: QueryTree } }
}

export interface OrderModifier {
  readonly type: 'ORDER_MODIFIER'
  readonly orders: readonly OrderTree[]
}
export interface DistinctModifier {
  readonly type: 'DISTINCT_MODIFIER'
  readonly distinct_on_targets: readonly ExpressionTree[]
}
export interface LimitModifier {
  readonly type: 'LIMIT_MODIFIER' | 'LIMIT_PERCENT_MODIFIER'
  readonly limit: ExpressionTree | null
  readonly offset: ExpressionTree | null
}
export type ModifierTree = OrderModifier | DistinctModifier | LimitModifier

interface QueryBase {
  readonly modifiers: readonly ModifierTree[]
  readonly cte_map: { readonly map: readonly CteTree[] }
}

export interface SelectTree extends QueryBase {
  readonly type: 'SELECT_NODE'
  readonly select_list: readonly ExpressionTree[]
  readonly from_table: TableTree
  readonly where_clause: ExpressionTree | null
  readonly group_expressions: readonly ExpressionTree[]
  readonly group_sets: readonly (readonly number[])[]
  /** FORCE_AGGREGATES is GROUP BY ALL. */
  readonly aggregate_handling: 'STANDARD_HANDLING' | 'NO_AGGREGATES_ALLOWED' | 'FORCE_AGGREGATES'
  readonly having: ExpressionTree | null
  readonly sample: unknown
  readonly qualify: ExpressionTree | null
}

export interface SetOperationTree extends QueryBase {
  readonly type: 'SET_OPERATION_NODE'
  readonly setop_type: string
  readonly setop_all: boolean
  readonly left: QueryTree
  readonly right: QueryTree
}

export interface OtherQueryTree extends QueryBase {
  readonly type: 'RECURSIVE_CTE_NODE' | 'CTE_NODE' | 'STATEMENT_NODE'
}

export type QueryTree = SelectTree | SetOperationTree | OtherQueryTree
