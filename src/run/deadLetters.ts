import type { FunctionSignature } from '../../catalog/function.ts'
import type { RowFailure } from '../../udf/executor.ts'
import type { Batch, ColumnData } from '../arrow/column.ts'
import { concatColumns, filterColumn } from '../arrow/columns.ts'
import { encodeColumn } from '../arrow/encode.ts'
import type { DataType, Schema } from '../base/dataType.ts'

/** Rows of a function that are kept in memory before they are written. */
const ROWS_MAX = 10_000

const varchar: DataType = { kind: 'varchar' }
const bigint: DataType = { kind: 'bigint' }

/** Writes rows to one more parquet file of the function's dead letters, and answers the run to which they belong. */
export type WriteLetters = (functionName: string, schema: Schema, batch: Batch) => Promise<string>

/** Rows that failed, and where their stage's batch began. */
export interface Failed {
  readonly failures: readonly RowFailure[]
  readonly firstRow: number
}

/** What is known of a dead letter beside the function's inputs, which are a struct `input`. */
export function letterSchema({ inputs }: FunctionSignature): Schema {
  return [
    { name: 'function', type: varchar },
    { name: 'version', type: bigint },
    { name: 'row', type: bigint },
    { name: 'attempts', type: bigint },
    { name: 'code', type: varchar },
    { name: 'message', type: varchar },
    { name: 'input', type: { kind: 'struct', fields: inputs } },
  ]
}

/** Keeps the rows that failed with their inputs, for `callplane retry`: a parquet file for each function, in parts. */
export class DeadLetters {
  readonly #write: WriteLetters
  readonly #waiting = new Map<FunctionSignature, Batch[]>()
  #written: Promise<string | null> = Promise.resolve(null)
  #run: string | null = null

  constructor(write: WriteLetters) {
    this.#write = write
  }

  /** The run that `callplane retry` takes; null as long as nothing was written. */
  get run(): string | null {
    return this.#run
  }

  async add(signature: FunctionSignature, batch: Batch, { failures, firstRow }: Failed): Promise<void> {
    const waiting = this.#waiting.get(signature) ?? []
    this.#waiting.set(signature, waiting)
    waiting.push(lettersOf(signature, batch, { failures, firstRow }))
    if (waiting.reduce((rows, { length }) => rows + length, 0) >= ROWS_MAX) await this.#flush(signature)
  }

  /** Writes what is left, and waits for what is being written. */
  async close(): Promise<void> {
    for (const signature of this.#waiting.keys()) await this.#flush(signature)
    await this.#written
  }

  async #flush(signature: FunctionSignature): Promise<void> {
    const batches = this.#waiting.get(signature)?.splice(0) ?? []
    if (batches.length === 0) return
    const schema = letterSchema(signature)
    const columns = schema.map(({ type }, index) =>
      concatColumns(
        type,
        batches.map((batch) => batch.columns[index]!),
      ),
    )
    const all = { length: columns[0]!.length, columns }
    this.#written = this.#written.then(() => this.#write(signature.name, schema, all))
    this.#run = await this.#written
  }
}

function lettersOf(signature: FunctionSignature, batch: Batch, { failures, firstRow }: Failed): Batch {
  const { name, version, inputs } = signature
  const { length } = failures
  const rows = Int32Array.from(failures, ({ row }) => row)
  const each = (type: DataType, value: (failure: RowFailure) => unknown): ColumnData =>
    encodeColumn(type, failures.map(value))
  const input: ColumnData = {
    length,
    nullCount: 0,
    validity: null,
    offsets: null,
    values: null,
    children: inputs.map(({ type }, index) => filterColumn(type, batch.columns[index]!, rows)),
  }
  return {
    length,
    columns: [
      each(varchar, () => name),
      each(bigint, () => BigInt(version)),
      each(bigint, ({ row }) => BigInt(firstRow + row)),
      each(bigint, ({ error }) => BigInt(error.details.attempts ?? 1)),
      each(varchar, ({ error }) => error.code),
      each(varchar, ({ error }) => error.message),
      input,
    ],
  }
}
