import type { TensorInfo } from '../../../catalog/models/model.ts'
import type { ColumnData, FixedWidthArray } from '../../../src/arrow/column.ts'
import { decodeStrings } from '../../../src/arrow/strings.ts'
import { takeRows } from '../../../src/arrow/takeRows.ts'
import type { DataType } from '../../../src/base/dataType.ts'
import { arrayOf, toHalves } from './elements.ts'
import type { TensorData } from './pipeline.ts'
import type { InputColumn } from './rowShapes.ts'

/**
 * The tensor of some rows that all have the dimensions `dims`. Rows that follow one another are not copied: the tensor lies in the
 * column's own memory.
 */
export function tensorOf(input: InputColumn, rows: Int32Array, dims: readonly number[]): TensorData {
  const { info, type, column } = input
  const first = rows[0] ?? 0
  const isRange = rows.every((row, index) => row === first + index)
  const source = isRange ? column : takeRows(type, column, rows)
  const leaf = leafOf(type, source, isRange ? first : 0)
  const count = dims.reduce((product, size) => product * size, rows.length)
  return { type: info.type, dims: [rows.length, ...dims], data: elementsOf(info, leaf, count) }
}

/** The same with its last row repeated until there are so many. */
export function padTensor({ type, dims, data }: TensorData, rows: number): TensorData {
  const [given = 0, ...others] = dims
  const stride = others.reduce((product, size) => product * size, 1)
  const padded = { type, dims: [rows, ...others] }
  const last = (given - 1) * stride
  if (isTexts(data)) {
    const repeated = Array.from({ length: rows - given }, () => data.slice(last))
    return { ...padded, data: [...data, ...repeated.flat()] }
  }
  if (type === 'string') return { ...padded, data }
  const whole = new (arrayOf(type))(rows * stride)
  const bytes = bytesOf(whole)
  const source = bytesOf(data)
  bytes.set(source)
  const width = stride * data.BYTES_PER_ELEMENT
  for (let row = given; row < rows; row++) bytes.set(source.subarray(source.length - width), row * width)
  return { ...padded, data: whole }
}

/** The first rows of a tensor. */
export function cutTensor({ type, dims, data }: TensorData, rows: number): TensorData {
  const [, ...others] = dims
  const count = others.reduce((product, size) => product * size, rows)
  return { type, dims: [rows, ...others], data: isTexts(data) ? data.slice(0, count) : data.slice(0, count) }
}

export function isTexts(data: TensorData['data']): data is readonly string[] {
  return Array.isArray(data)
}

interface Leaf {
  readonly column: ColumnData
  /** Place of the first element. */
  readonly at: number
}

function leafOf(type: DataType, column: ColumnData, index: number): Leaf {
  if (type.kind === 'array') return leafOf(type.item, column.children[0]!, index * type.size)
  if (type.kind === 'list') return leafOf(type.item, column.children[0]!, column.offsets![index]!)
  return { column, at: index }
}

function elementsOf({ type }: TensorInfo, { column, at }: Leaf, count: number): TensorData['data'] {
  const values = column.values!
  if (type === 'string') {
    return decodeStrings(column.offsets!.subarray(at, at + count + 1), bytesOf(values))
  }
  const elements = values.subarray(at, at + count)
  return type === 'float16' && elements instanceof Float32Array ? toHalves(elements) : elements
}

function bytesOf({ buffer, byteOffset, byteLength }: FixedWidthArray): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}
