import duckdb, {
  type Connection,
  type DataChunk,
  type ScalarFunctionInfo,
  type ScalarFunctionInitInfo,
  type Vector,
} from '@duckdb/node-bindings'
import type { FunctionSignature } from '../../catalog/function.ts'
import type { CallOutcome } from '../../catalog/policy/policies.ts'
import { tryType } from '../../catalog/policy/tryType.ts'
import type { Batch, ColumnData } from '../arrow/column.ts'
import { filterColumn, scatterColumn } from '../arrow/columns.ts'
import { decodeColumn } from '../arrow/decode.ts'
import type { DataType, Schema } from '../base/dataType.ts'
import { toEngineError } from '../base/errors.ts'
import { calledName } from '../expr/render.ts'
import { logicalType } from './codec/logicalType.ts'
import { readVector } from './codec/readVector.ts'
import { writeVector } from './codec/writeVector.ts'
import type { EngineConnection } from './connection.ts'
import type { CallTerms } from './protocol.ts'

/** Computes the result of one vector (at most 2,048 rows) without awaiting anything; a struct where the call is tried. */
export type VectorFunction = (batch: Batch, terms: CallTerms, connection: EngineConnection) => ColumnData

interface CallState {
  readonly connection: EngineConnection
}

const textType: DataType = { kind: 'varchar' }

/** How a function may be called: with how many texts behind its arguments, which are its metadata and its options. */
interface CallForm {
  readonly outcome: CallOutcome
  readonly texts: 0 | 1 | 2
}

const callForms: readonly CallForm[] = [
  { outcome: 'value', texts: 0 },
  { outcome: 'value', texts: 1 },
  { outcome: 'value', texts: 2 },
  { outcome: 'try', texts: 2 },
]

/**
 * The SQL names of a catalog function. In place it has its own name and, unless it is volatile, DuckDB may fold, share and move
 * it. Where the planner has put it in its place it is called by the other name, which is volatile: DuckDB leaves it there.
 */
export function placedName(functionName: string): string {
  return `${functionName}@placed`
}

/** Registers a catalog function under all its names, for every form of its calls. */
export function registerScalarFunction(
  connection: Connection,
  signature: FunctionSignature,
  compute: VectorFunction,
  connectionOf: (nativeId: number) => EngineConnection,
): void {
  const inputs = signature.inputs.map((input) => logicalType(input.type))
  const text = logicalType(textType)
  const init = (info: ScalarFunctionInitInfo): void => {
    const context = duckdb.scalar_function_init_get_client_context(info)
    const state: CallState = { connection: connectionOf(duckdb.client_context_get_connection_id(context)) }
    duckdb.scalar_function_init_set_state(info, state)
  }
  for (const form of callForms) {
    const name = calledName({ function: signature.name, outcome: form.outcome })
    const output = logicalType(resultType(signature, form))
    for (const placed of [false, true]) {
      const fn = duckdb.create_scalar_function()
      duckdb.scalar_function_set_name(fn, placed ? placedName(name) : name)
      for (const type of inputs) duckdb.scalar_function_add_parameter(fn, type)
      for (let texts = 0; texts < form.texts; texts++) duckdb.scalar_function_add_parameter(fn, text)
      duckdb.scalar_function_set_return_type(fn, output)
      // Without it DuckDB answers a NULL constant itself and still passes the nulls of a mixed column.
      duckdb.scalar_function_set_special_handling(fn)
      if (placed || signature.volatility === 'volatile') duckdb.scalar_function_set_volatile(fn)
      duckdb.scalar_function_set_init(fn, init)
      duckdb.scalar_function_set_function(fn, callback(signature, form, compute))
      duckdb.register_scalar_function(connection, fn)
      duckdb.destroy_scalar_function_sync(fn)
    }
  }
}

function resultType({ output }: FunctionSignature, { outcome }: CallForm): DataType {
  return outcome === 'try' ? tryType(output) : output
}

function callback(signature: FunctionSignature, form: CallForm, compute: VectorFunction) {
  const { inputs } = signature
  const output = resultType(signature, form)
  return (info: ScalarFunctionInfo, input: DataChunk, vector: Vector): void => {
    const { connection } = duckdb.scalar_function_get_state(info) as CallState
    try {
      const length = duckdb.data_chunk_get_size(input)
      const read = (type: DataType, index: number): ColumnData =>
        readVector(duckdb.data_chunk_get_vector(input, index), type, length)
      const batch: Batch = { length, columns: inputs.map(({ type }, index) => read(type, index)) }
      const texts = Array.from({ length: form.texts }, (_, index) =>
        decodeColumn(textType, read(textType, inputs.length + index)),
      ) as Texts
      const result = byTexts(texts, batch, { inputs, output }, ([metadata = null, options = null], part) =>
        compute(part, { metadata, options, outcome: form.outcome }, connection),
      )
      writeVector(vector, output, result, 0, length)
    } catch (error) {
      connection.failure ??= toEngineError(error)
      duckdb.scalar_function_set_error(info, connection.failure.message)
    }
  }
}

/** Columns of texts, which may be null. */
type Texts = readonly (readonly (string | null)[])[]

/** One call for each distinct row of texts: they are said of a whole call. */
function byTexts(
  texts: Texts,
  batch: Batch,
  { inputs, output }: { readonly inputs: Schema; readonly output: DataType },
  compute: (texts: readonly (string | null)[], batch: Batch) => ColumnData,
): ColumnData {
  const of = (row: number): readonly (string | null)[] => texts.map((column) => column[row] ?? null)
  if (texts.every((column) => column.every((text) => text === column[0]))) return compute(of(0), batch)
  const rowsOf = new Map<string, number[]>()
  for (let row = 0; row < batch.length; row++) {
    const key = JSON.stringify(of(row))
    const rows = rowsOf.get(key)
    if (rows === undefined) rowsOf.set(key, [row])
    else rows.push(row)
  }
  const parts = [...rowsOf.values()].map((list) => {
    const rows = Int32Array.from(list)
    const columns = inputs.map(({ type }, index) => filterColumn(type, batch.columns[index]!, rows))
    return { rows, column: compute(of(list[0]!), { length: rows.length, columns }) }
  })
  return scatterColumn(output, parts, batch.length)
}
