import {
  type ArrayType,
  type DataType,
  isSimpleType,
  type ListType,
  type MapType,
  type SimpleType,
  type StructType,
  type UnionType,
} from '../base/dataType.ts'
import { EngineError } from '../base/errors.ts'
import { bitmapBytes, setBits } from './bitmap.ts'
import type { ColumnData } from './column.ts'
import { describeMisfit, expectedValue, type Misfit, type Reject } from './encodeFailure.ts'
import { encodeDecimals, encodeEnums, encodeSimple } from './encodeScalars.ts'
import { childTypes } from './layout.ts'
import { listOf } from './lists.ts'
import { checkedOffset } from './offsets.ts'
import { getField, isPositional } from './structFields.ts'

/** Told the first row whose value does not fit, and what is wrong with it: `300 at [2] instead of TINYINT, …`. */
export type EncodeFailure = (row: number, problem: string) => never

/**
 * A column of these values, one a row; the inverse of `decodeColumn` in plain mode, and a little more lenient: undefined is null,
 * Dates are dates and timestamps, numbers are bigints where they are whole and safe, typed arrays of numbers are copied as they
 * are. Throws FUNCTION_RESULT_INVALID with the row, or what `fail` throws.
 */
export function encodeColumn(
  type: DataType,
  values: ArrayLike<unknown>,
  fail: EncodeFailure = invalid,
): ColumnData {
  return encodeValues(type, values, (row, misfit) => fail(row, describeMisfit(misfit)))
}

function invalid(row: number, problem: string): never {
  throw new EngineError('FUNCTION_RESULT_INVALID', `row ${row}: got ${problem}`, { row })
}

function encodeValues(type: DataType, values: ArrayLike<unknown>, reject: Reject): ColumnData {
  const { length } = values
  const column = { length, ...nullsOf(values, length), offsets: null, values: null, children: [] }
  if (isSimpleType(type)) return { ...column, ...encodeSimple(type, values, reject) }
  return { ...column, ...encodeParts(type, values, reject) }
}

type Parts = Partial<ColumnData>

function encodeParts(type: Exclude<DataType, SimpleType>, values: ArrayLike<unknown>, reject: Reject): Parts {
  switch (type.kind) {
    case 'decimal':
      return encodeDecimals(type, values, reject)
    case 'enum':
      return encodeEnums(type, values, reject)
    case 'list':
      return encodeLists(type, values, reject)
    case 'array':
      return encodeArrays(type, values, reject)
    case 'map':
      return encodeMaps(type, values, reject)
    case 'struct':
      return encodeStructs(type, values, reject)
    case 'union':
      return encodeUnions(type, values, reject)
  }
}

/** Items are encoded as one column; what is wrong with one is told as its row's. */
function encodeLists(type: ListType, values: ArrayLike<unknown>, reject: Reject): Parts {
  const lists = itemLists(type, values, reject)
  const offsets = offsetsOf(lists)
  const items = encodeValues(type.item, flatten(lists, offsets[lists.length]!), (item, misfit) => {
    const row = rowOf(offsets, item)
    return reject(row, { ...misfit, path: `[${item - offsets[row]!}]${misfit.path}` })
  })
  return { offsets, children: [items] }
}

function encodeArrays(type: ArrayType, values: ArrayLike<unknown>, reject: Reject): Parts {
  const { size } = type
  const none: readonly null[] = Array.from({ length: size }, () => null)
  const lists = itemLists(type, values, reject).map((list, row) => {
    if (list === null) return none
    if (list.length !== size) reject(row, { value: values[row], path: '', expected: expectedValue(type) })
    return list
  })
  const items = encodeValues(type.item, flatten(lists, lists.length * size), (item, misfit) =>
    reject(Math.floor(item / size), { ...misfit, path: `[${item % size}]${misfit.path}` }),
  )
  return { children: [items] }
}

type List = ArrayLike<unknown>

function itemLists(type: DataType, values: ArrayLike<unknown>, reject: Reject): (List | null)[] {
  return listOf(values.length, (row) => {
    const value = values[row]
    if (value === null || value === undefined) return null
    return isList(value) ? value : reject(row, { value, path: '', expected: expectedValue(type) })
  })
}

function isList(value: unknown): value is List {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView))
}

function offsetsOf(lists: readonly (List | ReadonlyMap<unknown, unknown> | null)[]): Int32Array {
  const offsets = new Int32Array(lists.length + 1)
  let end = 0
  lists.forEach((list, row) => {
    const items = list === null ? 0 : 'length' in list ? list.length : list.size
    end = checkedOffset(end + items, 'items of lists')
    offsets[row + 1] = end
  })
  return offsets
}

/** All items; those of typed arrays of one kind, such as embeddings, stay one. */
function flatten(lists: readonly (List | null)[], length: number): List {
  const typed = lists.filter((list) => list instanceof Float32Array)
  if (typed.length > 0 && typed.length === lists.length) return joinTyped(new Float32Array(length), typed)
  const doubles = lists.filter((list) => list instanceof Float64Array)
  if (doubles.length > 0 && doubles.length === lists.length)
    return joinTyped(new Float64Array(length), doubles)
  const items: unknown[] = []
  items.length = length
  let end = 0
  for (const list of lists) {
    if (list !== null) for (let k = 0; k < list.length; k++) items[end++] = list[k]
  }
  return items
}

function joinTyped<Typed extends Float32Array | Float64Array>(into: Typed, lists: readonly Typed[]): Typed {
  let end = 0
  for (const list of lists) {
    into.set(list, end)
    end += list.length
  }
  return into
}

function rowOf(offsets: Int32Array, item: number): number {
  let low = 0
  let high = offsets.length - 1
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (offsets[middle]! <= item) low = middle
    else high = middle
  }
  return low
}

function encodeMaps(type: MapType, values: ArrayLike<unknown>, reject: Reject): Parts {
  const maps = listOf(values.length, (row) => {
    const value = values[row]
    if (value === null || value === undefined || value instanceof Map) return value ?? null
    return isRecord(value)
      ? new Map(Object.entries(value))
      : reject(row, { value, path: '', expected: expectedValue(type) })
  })
  const offsets = offsetsOf(maps)
  const keys: unknown[] = []
  const items: unknown[] = []
  const locate = (item: number, part: string, misfit: Misfit): never => {
    const row = rowOf(offsets, item)
    return reject(row, { ...misfit, path: `[${item - offsets[row]!}].${part}${misfit.path}` })
  }
  for (const map of maps) {
    map?.forEach((item: unknown, key: unknown) => {
      keys.push(key)
      items.push(item)
    })
  }
  const nullKey = keys.findIndex((key) => key === null || key === undefined)
  if (nullKey >= 0)
    locate(nullKey, 'key', { value: keys[nullKey], path: '', expected: expectedValue(type.key) })
  return {
    offsets,
    children: [
      encodeValues(type.key, keys, (item, misfit) => locate(item, 'key', misfit)),
      encodeValues(type.value, items, (item, misfit) => locate(item, 'value', misfit)),
    ],
  }
}

function encodeStructs(type: StructType, values: ArrayLike<unknown>, reject: Reject): Parts {
  const { fields } = type
  const positional = isPositional(fields)
  for (let row = 0; row < values.length; row++) {
    const value = values[row]
    if (value === null || value === undefined) continue
    const fits = positional ? isList(value) && value.length === fields.length : isRecord(value)
    if (!fits) reject(row, { value, path: '', expected: expectedValue(type) })
  }
  const children = fields.map((field, index) => {
    const step = positional ? `[${index}]` : `.${field.name}`
    const column = listOf(values.length, (row) =>
      fieldOf(values[row], positional ? String(index) : field.name),
    )
    return encodeValues(field.type, column, (row, misfit) =>
      reject(row, { ...misfit, path: step + misfit.path }),
    )
  })
  return { children }
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? getField(value, name) : null
}

/** An object whose properties are its content. */
function isRecord(value: unknown): value is object {
  return (
    typeof value === 'object' &&
    value !== null &&
    !isList(value) &&
    !(value instanceof Date || value instanceof Map || value instanceof Set || value instanceof ArrayBuffer)
  )
}

function encodeUnions(type: UnionType, values: ArrayLike<unknown>, reject: Reject): Parts {
  const tags = new Uint8Array(values.length)
  const indexes = new Map(type.members.map(({ name }, index) => [name, index]))
  const members = type.members.map((): unknown[] => listOf(values.length, () => null))
  for (let row = 0; row < values.length; row++) {
    const value = values[row]
    if (value === null || value === undefined) continue
    const index = indexes.get(String(fieldOf(value, 'tag')))
    if (index === undefined) reject(row, { value, path: '', expected: expectedValue(type) })
    tags[row] = index
    members[index]![row] = fieldOf(value, 'value')
  }
  const children = childTypes(type).map((child, index) =>
    encodeValues(child, members[index]!, (row, misfit) =>
      reject(row, { ...misfit, path: `.value${misfit.path}` }),
    ),
  )
  return { values: tags, children }
}

function nullsOf(values: ArrayLike<unknown>, length: number): Pick<ColumnData, 'nullCount' | 'validity'> {
  let nullCount = 0
  if (ArrayBuffer.isView(values)) return { nullCount, validity: null }
  let validity: Uint8Array | null = null
  for (let row = 0; row < length; row++) {
    if (values[row] !== null && values[row] !== undefined) continue
    if (validity === null) {
      validity = new Uint8Array(bitmapBytes(length))
      setBits(validity, 0, length)
    }
    validity[row >> 3]! &= ~(1 << (row & 7))
    nullCount++
  }
  return { nullCount, validity }
}
