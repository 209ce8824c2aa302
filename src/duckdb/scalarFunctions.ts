import duckdb, {
  type Connection,
  type DataChunk,
  type ScalarFunctionInfo,
  type Vector,
} from '@duckdb/node-bindings'
import type { FunctionSignature } from '../../catalog/function.ts'
import type { Batch, ColumnData } from '../arrow/column.ts'
import { filterColumn, scatterColumn } from '../arrow/columns.ts'
import { decodeColumn } from '../arrow/decode.ts'
import type { DataType } from '../base/dataType.ts'
import { toEngineError } from '../base/errors.ts'
import { logicalType } from './codec/logicalType.ts'
import { readVector } from './codec/readVector.ts'
import { writeVector } from './codec/writeVector.ts'
import type { EngineConnection } from './connection.ts'

/** Computes the result of one vector (at most 2,048 rows) without awaiting anything. */
export type VectorFunction = (
  batch: Batch,
  metadata: string | null,
  connection: EngineConnection,
) => ColumnData

interface CallState {
  readonly connection: EngineConnection
}

const metadataType: DataType = { kind: 'varchar' }

/**
 * The SQL names of a catalog function. In place it has its own name and, unless it is volatile, DuckDB may fold, share and move
 * it. Where the planner has put it in its place it is called by the other name, which is volatile: DuckDB leaves it there.
 */
export function placedName(functionName: string): string {
  return `${functionName}@placed`
}

/** Registers a catalog function under both its names, each with and without a last argument of metadata as JSON text. */
export function registerScalarFunction(
  connection: Connection,
  signature: FunctionSignature,
  compute: VectorFunction,
  connectionOf: (nativeId: number) => EngineConnection,
): void {
  for (const placed of [false, true]) {
    for (const withMetadata of [false, true]) {
      const types = signature.inputs.map((input) => input.type)
      const fn = duckdb.create_scalar_function()
      duckdb.scalar_function_set_name(fn, placed ? placedName(signature.name) : signature.name)
      for (const type of withMetadata ? [...types, metadataType] : types) {
        duckdb.scalar_function_add_parameter(fn, logicalType(type))
      }
      duckdb.scalar_function_set_return_type(fn, logicalType(signature.output))
      // Without it DuckDB answers a NULL constant itself and still passes the nulls of a mixed column.
      duckdb.scalar_function_set_special_handling(fn)
      if (placed || signature.volatility === 'volatile') duckdb.scalar_function_set_volatile(fn)
      duckdb.scalar_function_set_init(fn, (info) => {
        const context = duckdb.scalar_function_init_get_client_context(info)
        const state: CallState = {
          connection: connectionOf(duckdb.client_context_get_connection_id(context)),
        }
        duckdb.scalar_function_init_set_state(info, state)
      })
      duckdb.scalar_function_set_function(fn, callback(signature, withMetadata, compute))
      duckdb.register_scalar_function(connection, fn)
      duckdb.destroy_scalar_function_sync(fn)
    }
  }
}

function callback(signature: FunctionSignature, withMetadata: boolean, compute: VectorFunction) {
  return (info: ScalarFunctionInfo, input: DataChunk, output: Vector): void => {
    const { connection } = duckdb.scalar_function_get_state(info) as CallState
    try {
      const length = duckdb.data_chunk_get_size(input)
      const columns = signature.inputs.map(({ type }, index) =>
        readVector(duckdb.data_chunk_get_vector(input, index), type, length),
      )
      const batch: Batch = { length, columns }
      const result = withMetadata
        ? byMetadata(
            signature,
            batch,
            readMetadata(input, signature.inputs.length, length),
            (part, metadata) => compute(part, metadata, connection),
          )
        : compute(batch, null, connection)
      writeVector(output, signature.output, result, 0, length)
    } catch (error) {
      connection.failure ??= toEngineError(error)
      duckdb.scalar_function_set_error(info, connection.failure.message)
    }
  }
}

function readMetadata(input: DataChunk, index: number, length: number): readonly (string | null)[] {
  const column = readVector(duckdb.data_chunk_get_vector(input, index), metadataType, length)
  return decodeColumn(metadataType, column) as readonly (string | null)[]
}

/** One call for each distinct metadata, as headers of a remote call can only be set for a whole call. */
function byMetadata(
  signature: FunctionSignature,
  batch: Batch,
  metadata: readonly (string | null)[],
  compute: (batch: Batch, metadata: string | null) => ColumnData,
): ColumnData {
  const rowsOf = new Map<string | null, number[]>()
  metadata.forEach((text, row) => {
    const rows = rowsOf.get(text)
    if (rows === undefined) rowsOf.set(text, [row])
    else rows.push(row)
  })
  if (rowsOf.size <= 1) return compute(batch, metadata[0] ?? null)
  const parts = [...rowsOf].map(([text, list]) => {
    const rows = Int32Array.from(list)
    const columns = signature.inputs.map(({ type }, index) => filterColumn(type, batch.columns[index]!, rows))
    return { rows, column: compute({ length: rows.length, columns }, text) }
  })
  return scatterColumn(signature.output, parts, batch.length)
}
