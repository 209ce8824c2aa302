import duckdb, { type Connection } from '@duckdb/node-bindings'
import type { Batch } from '../arrow/column.ts'
import { decodeError, EngineError, toEngineError } from '../base/errors.ts'
import { logicalType } from './codec/logicalType.ts'
import { writeVector } from './codec/writeVector.ts'
import type { EngineConnection } from './connection.ts'
import type { InputMessage, InputReply, InputSpec } from './protocol.ts'
import { receiveSleeping } from './sleep.ts'

const VECTOR_ROWS = duckdb.vector_size()

/**
 * Registers a table function that reads the batches which arrive at a port, in order, and sleeps until the next is there.
 * It says when a statement begins to read, and answers each batch that it takes: the producer's leave to send another.
 * The name must be new: DuckDB keeps an older table function of the same name without an error.
 */
export function registerInput(
  connection: Connection,
  owner: EngineConnection,
  input: InputSpec,
  wake: Int32Array,
): void {
  const reader = new InputReader(input, wake)
  const fn = duckdb.create_table_function()
  duckdb.table_function_set_name(fn, input.name)
  duckdb.table_function_set_bind(fn, (info) => {
    for (const { name, type } of input.schema) duckdb.bind_add_result_column(info, name, logicalType(type))
  })
  duckdb.table_function_set_init(fn, (info) => {
    // More threads could not keep the rows in order.
    duckdb.init_set_max_threads(info, 1)
    if (reader.begin()) return input.port.postMessage('begin' satisfies InputReply)
    owner.failure ??= new EngineError('ROWS_LOST', `a statement read ${input.name}, a stream, twice`)
    duckdb.init_set_error(info, owner.failure.message)
  })
  duckdb.table_function_set_function(fn, (info, output) => {
    try {
      const next = reader.next()
      duckdb.data_chunk_set_size(output, next?.rows ?? 0)
      if (next === null) return
      input.schema.forEach(({ type }, index) => {
        const column = next.batch.columns[index]!
        writeVector(duckdb.data_chunk_get_vector(output, index), type, column, next.from, next.rows)
      })
    } catch (error) {
      owner.failure ??= toEngineError(error)
      duckdb.function_set_error(info, owner.failure.message)
    }
  })
  duckdb.register_table_function(connection, fn)
  duckdb.destroy_table_function_sync(fn)
}

class InputReader {
  readonly #input: InputSpec
  readonly #wake: Int32Array
  #batch: Batch | null = null
  #from = 0
  #rows = 0
  #begun = false
  #ended = false

  constructor(input: InputSpec, wake: Int32Array) {
    this.#input = input
    this.#wake = wake
  }

  /** Whether this is the first reading: a plan of DuckDB's that reads the relation again would get nothing. */
  begin(): boolean {
    const first = !this.#begun
    this.#begun = true
    return first
  }

  /** Up to one vector of rows; null at the end, where the producer's count must equal what was read. */
  next(): { batch: Batch; from: number; rows: number } | null {
    while (this.#batch === null || this.#from === this.#batch.length) {
      if (this.#ended || !this.#receive()) return null
    }
    const from = this.#from
    const rows = Math.min(VECTOR_ROWS, this.#batch.length - from)
    this.#from += rows
    this.#rows += rows
    return { batch: this.#batch, from, rows }
  }

  #receive(): boolean {
    const message = receiveSleeping(this.#input.port, this.#wake) as InputMessage
    if ('error' in message) throw decodeError(message.error)
    if ('batch' in message) {
      this.#batch = message.batch
      this.#from = 0
      this.#input.port.postMessage('taken' satisfies InputReply)
      return true
    }
    this.#ended = true
    if (message.end !== this.#rows) {
      throw new EngineError('ROWS_LOST', `${this.#input.name} read ${this.#rows} of ${message.end} rows`)
    }
    return false
  }
}
