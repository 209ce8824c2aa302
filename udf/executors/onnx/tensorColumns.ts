import type { ColumnData, FixedWidthArray } from '../../../src/arrow/column.ts'
import { encodeStrings } from '../../../src/arrow/strings.ts'
import type { DataType } from '../../../src/base/dataType.ts'
import { EngineError } from '../../../src/base/errors.ts'
import { isTexts } from './columnTensors.ts'
import { fromHalves } from './elements.ts'
import type { TensorData } from './pipeline.ts'

/**
 * The rows of a tensor as a column, without copying its elements where they are a column's already; null if its shape is none of
 * the type's.
 */
export function columnOf(type: DataType, { type: element, dims, data }: TensorData): ColumnData | null {
  const [rows = 0, ...sizes] = dims
  const isPlain = type.kind !== 'array' && type.kind !== 'list'
  // A tensor of one element a row is a plain value too.
  const inner = isPlain && sizes.length === 1 && sizes[0] === 1 ? [] : sizes
  return nest(type, rows, inner, () => (isTexts(data) ? textsOf(data) : numbersOf(element, data)))
}

function nest(
  type: DataType,
  length: number,
  sizes: readonly number[],
  leaf: () => Partial<ColumnData>,
): ColumnData | null {
  const column = { length, nullCount: 0, validity: null, offsets: null, values: null, children: [] }
  const [size, ...inner] = sizes
  if (type.kind !== 'array' && type.kind !== 'list')
    return size === undefined ? { ...column, ...leaf() } : null
  if (size === undefined || (type.kind === 'array' && type.size !== size)) return null
  const items = nest(type.item, length * size, inner, leaf)
  if (items === null) return null
  const offsets =
    type.kind === 'array' ? null : Int32Array.from({ length: length + 1 }, (_, row) => row * size)
  return { ...column, offsets, children: [items] }
}

function textsOf(texts: readonly string[]): Partial<ColumnData> {
  return encodeStrings(texts, (row) => {
    throw new EngineError('INTERNAL', `text ${row} of a tensor has half a surrogate pair`)
  })
}

function numbersOf(type: TensorData['type'], data: FixedWidthArray): { readonly values: FixedWidthArray } {
  if (type === 'float16' && data instanceof Uint16Array) return { values: fromHalves(data) }
  // Buffers are handed over whole.
  return { values: data.byteLength === data.buffer.byteLength ? data : data.slice() }
}
