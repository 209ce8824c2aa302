import type { TextEmbeddingPipeline } from '../../../../catalog/models/model.ts'
import type { ColumnData } from '../../../../src/arrow/column.ts'
import { withValidity } from '../../../../src/arrow/takeRows.ts'
import type { RunLayout } from './runLayout.ts'
import { floatColumn, type TextResults } from './textResults.ts'

/** Below this length an embedding has no direction, and stays as it is. */
const LENGTH_MIN = 1e-12

/** FLOAT[size] of each row, in one array. Sums are kept in 64 bits. */
export class Embeddings implements TextResults {
  readonly #pipeline: TextEmbeddingPipeline
  readonly #rows: number
  readonly #sums: Float64Array
  readonly #values: Float32Array<ArrayBuffer>

  constructor(pipeline: TextEmbeddingPipeline, size: number, rows: number) {
    this.#pipeline = pipeline
    this.#rows = rows
    this.#sums = new Float64Array(size)
    this.#values = new Float32Array(rows * size)
  }

  put(output: Float32Array | Float64Array, layout: RunLayout, row: number, place: number): void {
    const { pooling, normalize } = this.#pipeline
    const sums = this.#sums.fill(0)
    const size = sums.length
    const tokens = pooling === 'mean' ? layout.lengths[row]! : 1
    const first = (pooling === 'none' ? row : layout.starts[row]!) * size
    addRows(sums, output.subarray(first, first + tokens * size))
    const scale = normalize ? 1 / lengthOf(sums, tokens) : 1 / tokens
    const target = place * size
    for (let k = 0; k < size; k++) this.#values[target + k] = sums[k]! * scale
  }

  column(validity: Uint8Array | null): ColumnData {
    return { ...withValidity(this.#rows, validity), children: [floatColumn(this.#values)] }
  }
}

/** The length of a sum; where their mean has none, what makes the mean of it. */
function lengthOf(sums: Float64Array, tokens: number): number {
  let squares = 0
  for (let k = 0; k < sums.length; k++) squares += sums[k]! * sums[k]!
  const length = Math.sqrt(squares)
  return length / tokens < LENGTH_MIN ? tokens : length
}

/** Adds rows of numbers to sums, four at a time: each sum is read and written that much less often. */
function addRows(sums: Float64Array, rows: Float32Array | Float64Array): void {
  const size = sums.length
  let at = 0
  for (; at + 4 * size <= rows.length; at += 3 * size) {
    for (let k = 0; k < size; k++, at++) {
      sums[k]! += rows[at]! + rows[at + size]! + (rows[at + 2 * size]! + rows[at + 3 * size]!)
    }
  }
  while (at < rows.length) for (let k = 0; k < size; k++) sums[k]! += rows[at++]!
}
