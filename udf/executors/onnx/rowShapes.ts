import { rowShape } from '../../../catalog/models/graphTypes.ts'
import type { TensorInfo } from '../../../catalog/models/model.ts'
import { countSetBits } from '../../../src/arrow/bitmap.ts'
import { type ColumnData, isValid } from '../../../src/arrow/column.ts'
import type { DataType } from '../../../src/base/dataType.ts'

/** A column that becomes one of a graph's inputs. */
export interface InputColumn {
  readonly info: TensorInfo
  readonly type: DataType
  readonly column: ColumnData
}

/** Rows whose tensors have one shape, so that a run can take them together. */
export interface ShapeGroup {
  /** Dimensions of one row, for each input. */
  readonly dims: readonly (readonly number[])[]
  readonly rows: Int32Array
}

/** A row that the graph does not take; `problem` is a sentence about its value. */
export interface Misfit {
  readonly row: number
  readonly input: string
  readonly problem: string
}

export interface RowShapes {
  readonly groups: readonly ShapeGroup[]
  /** By ascending row. */
  readonly misfits: readonly Misfit[]
}

/** Finds the shape of each row. What is nested to any depth must be whole: without nulls, and as long as its siblings. */
export function shapesOfRows(inputs: readonly InputColumn[], length: number): RowShapes {
  const uniform = inputs.map(({ type, column, info }) => uniformDims(type, column, info))
  if (uniform.every((dims) => dims !== null)) {
    const rows = Int32Array.from({ length }, (_, row) => row)
    return { groups: [{ dims: uniform, rows }], misfits: [] }
  }
  const groups = new Map<string, { dims: number[][]; rows: number[] }>()
  const misfits: Misfit[] = []
  for (let row = 0; row < length; row++) {
    const dims = shapesOfRow(inputs, row)
    if ('problem' in dims) {
      misfits.push(dims)
      continue
    }
    const key = dims.join(';')
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { dims, rows: [row] })
    else group.rows.push(row)
  }
  return {
    groups: [...groups.values()].map(({ dims, rows }) => ({ dims, rows: Int32Array.from(rows) })),
    misfits,
  }
}

/** The dimensions of every row, where the type alone says them and nothing is null. */
function uniformDims(type: DataType, column: ColumnData, info: TensorInfo): readonly number[] | null {
  const dims: number[] = []
  let nested: Nested = { type, column }
  for (;;) {
    if (nested.column.nullCount > 0) return null
    const item = itemOf(nested)
    if (item === null) break
    if (nested.type.kind !== 'array') return null
    dims.push(nested.type.size)
    nested = item
  }
  return misfitOf(info, dims) === null ? tensorDims(info, dims) : null
}

function shapesOfRow(inputs: readonly InputColumn[], row: number): number[][] | Misfit {
  const named = new Map<string, { readonly input: string; readonly size: number }>()
  const shapes: number[][] = []
  for (const { info, type, column } of inputs) {
    const misfit = (problem: string): Misfit => ({ row, input: info.name, problem })
    const dims = shapeOf({ type, column }, row)
    if (dims === 'null') return misfit('it is null, where the model takes none')
    if (dims === 'holds null') return misfit('it holds a null, where the model takes none')
    if (dims === 'ragged') return misfit('its inner lists have different lengths')
    const problem = misfitOf(info, dims)
    if (problem !== null) return misfit(problem)
    const sizes = rowShape(info)
    for (const [axis, size] of sizes.entries()) {
      if (typeof size !== 'string' || size === '') continue
      const other = named.get(size)
      const own = dims[axis] ?? 1
      if (other !== undefined && other.size !== own) {
        return misfit(`it has ${own} items along '${size}', where input '${other.input}' has ${other.size}`)
      }
      named.set(size, { input: info.name, size: own })
    }
    shapes.push(tensorDims(info, dims))
  }
  return shapes
}

/** What is wrong with a row of these dimensions. */
function misfitOf(info: TensorInfo, dims: readonly number[]): string | null {
  const sizes = rowShape(info)
  const given = tensorDims(info, dims)
  const fits =
    given.length === sizes.length &&
    sizes.every((size, axis) => typeof size === 'string' || size === given[axis])
  if (fits) return null
  return `its shape is [${dims.join(', ')}], where the model takes [${sizes.map((size) => (size === '' ? '?' : size)).join(', ')}]`
}

/** A plain value is also one of a list of one. */
function tensorDims(info: TensorInfo, dims: readonly number[]): number[] {
  return dims.length === 0 && info.shape.length === 2 ? [1] : [...dims]
}

/** A column at some depth of another. */
interface Nested {
  readonly type: DataType
  readonly column: ColumnData
}

function itemOf({ type, column }: Nested): Nested | null {
  return type.kind === 'array' || type.kind === 'list'
    ? { type: type.item, column: column.children[0]! }
    : null
}

function shapeOf(nested: Nested, index: number): number[] | 'null' | 'holds null' | 'ragged' {
  if (!isValid(nested.column, index)) return 'null'
  const item = itemOf(nested)
  if (item === null) return []
  const { from, to } = itemRange(nested, index)
  if (itemOf(item) === null) return hasNull(item.column, from, to) ? 'holds null' : [to - from]
  let first: number[] | null = null
  for (let at = from; at < to; at++) {
    const dims = shapeOf(item, at)
    if (typeof dims === 'string') return dims === 'null' ? 'holds null' : dims
    if (first === null) first = dims
    else if (dims.some((size, axis) => size !== first?.[axis])) return 'ragged'
  }
  return [to - from, ...(first ?? emptyDims(item.type))]
}

function itemRange({ type, column }: Nested, index: number): { readonly from: number; readonly to: number } {
  if (type.kind === 'array') return { from: index * type.size, to: (index + 1) * type.size }
  return { from: column.offsets![index]!, to: column.offsets![index + 1]! }
}

function hasNull({ validity, nullCount }: ColumnData, from: number, to: number): boolean {
  return validity !== null && nullCount > 0 && countSetBits(validity, from, to) < to - from
}

/** The dimensions of items that are not there. */
function emptyDims(type: DataType): number[] {
  if (type.kind === 'array') return [type.size, ...emptyDims(type.item)]
  return type.kind === 'list' ? [0, ...emptyDims(type.item)] : []
}
