import type { FunctionSignature } from '../../catalog/function.ts'
import type { CallResult, InvokeContext } from '../../udf/executor.ts'
import type { Batch, ColumnData } from '../arrow/column.ts'
import { isValid } from '../arrow/column.ts'
import { filterColumn, repeatColumn, scatterColumn, sliceColumn } from '../arrow/columns.ts'
import { decodeColumn } from '../arrow/decode.ts'
import type { DataType } from '../base/dataType.ts'
import type { StageCall } from '../stage/stage.ts'
import type { CallOrigin, CallSite, InvokeCall } from './invokeCall.ts'
import type { QueryRun } from './queryRun.ts'
import { RowOutcomes } from './rowOutcomes.ts'

const textType: DataType = { kind: 'varchar' }

/** Where a batch stands in its stage. */
export type BatchPosition = Pick<CallOrigin, 'batch' | 'firstRow' | 'signal' | 'source' | 'trace'>

/** Rows that share their metadata; null stands for all rows. */
interface RowGroup {
  readonly rows: Int32Array | null
  readonly metadata: InvokeContext['metadata']
}

export interface StageCallerOptions {
  readonly signature: FunctionSignature
  readonly invoke: InvokeCall
  readonly query: QueryRun
}

/** Makes one call of a stage: for the rows that its guard selects, apart for each distinct metadata. */
export class StageCaller {
  readonly signature: FunctionSignature
  /** Of the column that it gives. */
  readonly type: DataType
  readonly #call: StageCall
  readonly #site: CallSite
  readonly #options: StageCallerOptions
  readonly #outcomes: RowOutcomes
  #once: Promise<ColumnData> | null = null

  constructor(call: StageCall, options: StageCallerOptions) {
    const { signature, query } = options
    this.signature = signature
    this.#call = call
    this.#options = options
    this.#site = { ...call, site: query.newSite() }
    this.#outcomes = new RowOutcomes({ ...call, signature, query })
    this.type = this.#outcomes.type
  }

  /** The result column of a batch of the stage's input. `owned`: the arguments' buffers may be transferred away. */
  async call(input: Batch, position: BatchPosition, owned: boolean): Promise<ColumnData> {
    const { inputs } = this.signature
    const columns = this.#call.args.map((index) => input.columns[index]!)
    if (this.#call.once && input.length > 0) {
      const first = { rows: Int32Array.of(0), metadata: this.#metadata(input, 0) }
      this.#once ??= this.#group(columns, first, position)
      return repeatColumn(this.type, await this.#once, input.length)
    }
    const groups = this.#groups(input)
    if (groups.length === 1 && groups[0]!.rows === null) {
      const own = owned
        ? columns
        : columns.map((column, i) => sliceColumn(inputs[i]!.type, column, 0, input.length))
      return this.#invoke(
        { length: input.length, columns: own },
        { ...position, metadata: groups[0]!.metadata },
      )
    }
    const parts = await Promise.all(
      groups.map(async (group) => ({
        rows: group.rows!,
        column: await this.#group(columns, group, position),
      })),
    )
    return scatterColumn(this.type, parts, input.length)
  }

  async #group(
    columns: readonly ColumnData[],
    { rows, metadata }: RowGroup,
    position: BatchPosition,
  ): Promise<ColumnData> {
    const own = columns.map((column, index) =>
      filterColumn(this.signature.inputs[index]!.type, column, rows!),
    )
    return this.#invoke({ length: rows!.length, columns: own }, { ...position, metadata })
  }

  async #invoke(batch: Batch, position: BatchPosition & Pick<CallOrigin, 'metadata'>): Promise<ColumnData> {
    const { invoke, query } = this.#options
    const origin = { ...position, query, keepsInput: this.#outcomes.keepsInput }
    const result = await query.during((): Promise<CallResult> => invoke(this.#site, batch, origin))
    return this.#outcomes.columnOf(result, batch, position.firstRow)
  }

  #groups(input: Batch): readonly RowGroup[] {
    const selected = this.#call.guard === null ? null : trueRows(input.columns[this.#call.guard]!)
    if (this.#call.metadata === null || input.length === 0) return [{ rows: selected, metadata: null }]
    const texts = decodeColumn(textType, input.columns[this.#call.metadata]!)
    const rowsOf = new Map<unknown, number[]>()
    for (const row of selected ?? texts.keys()) {
      const rows = rowsOf.get(texts[row])
      if (rows === undefined) rowsOf.set(texts[row], [row])
      else rows.push(row)
    }
    if (rowsOf.size === 1 && selected === null) return [{ rows: null, metadata: parseMetadata(texts[0]) }]
    return [...rowsOf].map(([text, rows]) => ({ rows: Int32Array.from(rows), metadata: parseMetadata(text) }))
  }

  #metadata(input: Batch, row: number): InvokeContext['metadata'] {
    if (this.#call.metadata === null) return null
    return parseMetadata(decodeColumn(textType, input.columns[this.#call.metadata]!)[row])
  }
}

/** Fields that are null are left out, as a header cannot be null. */
export function parseMetadata(text: unknown): InvokeContext['metadata'] {
  if (typeof text !== 'string') return null
  const given = JSON.parse(text) as Record<string, unknown>
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null))
}

function trueRows(column: ColumnData): Int32Array {
  const rows: number[] = []
  for (let row = 0; row < column.length; row++) {
    if (column.values?.[row] === 1 && isValid(column, row)) rows.push(row)
  }
  return Int32Array.from(rows)
}
