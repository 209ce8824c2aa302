import type * as arrow from 'apache-arrow'
import type { DataType } from '../base/dataType.ts'
import { formatType } from '../base/formatType.ts'
import { type ArrowPart, invalidArrow } from './arrowPart.ts'
import { canRead } from './arrowStorage.ts'
import { sliceBits } from './bitmap.ts'
import type { ColumnData } from './column.ts'
import { concatColumns } from './columns.ts'
import { decodeColumn } from './decode.ts'
import { encodeColumn } from './encode.ts'
import { readBytes, readOffsets } from './fromArrowBytes.ts'
import { readFixed } from './fromArrowFixed.ts'
import { childTypes, layoutOf } from './layout.ts'
import { library } from './library.ts'
import { takeRows, withValidity } from './takeRows.ts'

/**
 * Arrow data as a column of a type. All of it is copied, and checked first: data from outside may claim anything. Throws
 * ARROW_INVALID for data of another type, for buffers that are too short, and for offsets, codes, texts and values that cannot be.
 * `place` starts the message: `column 'a'`.
 */
export function fromArrowData(type: DataType, data: arrow.Data, place: string): ColumnData {
  if (!canRead(type, data.type))
    throw invalidArrow({ place }, `its ${library.Type[data.type.typeId]} is not read as ${formatType(type)}`)
  return read(type, { data, place })
}

/** The chunks of a vector as one column. */
export function fromArrowVector(type: DataType, vector: arrow.Vector, place: string): ColumnData {
  return concatColumns(
    type,
    vector.data.map((data) => fromArrowData(type, data, place)),
  )
}

function read(type: DataType, part: ArrowPart): ColumnData {
  const { data } = part
  if (library.DataType.isDictionary(data.type)) return readDictionary(type, part)
  const rows = withValidity(data.length, validityOf(part))
  const layout = layoutOf(type)
  switch (layout.kind) {
    case 'null':
      return withValidity(data.length, new Uint8Array(Math.ceil(data.length / 8)))
    case 'fixed':
      if (type.kind === 'enum') return readEnum(type, part)
      return { ...rows, values: readFixed(type, part) }
    case 'bytes':
      return { ...rows, ...readBytes(type, part, rows.validity) }
    case 'list':
      return { ...rows, ...readLists(type, part) }
    case 'array': {
      const items = childOf(part, 0, data.length * layout.size)
      return { ...rows, children: childTypes(type).map((item) => read(item, items)) }
    }
    case 'struct':
      return { ...rows, children: readChildren(childTypes(type), part, 0) }
    case 'union':
      return { ...rows, ...readUnion(type, part, rows) }
  }
}

function readChildren(types: readonly DataType[], part: ArrowPart, first: number): readonly ColumnData[] {
  return types.map((type, index) => read(type, childOf(part, first + index, part.data.length)))
}

function childOf({ data, place }: ArrowPart, index: number, length: number): ArrowPart {
  const child = data.children[index]
  if (child === undefined || child.length < length) {
    throw invalidArrow({ place }, `its child ${index} has ${child?.length ?? 0} of ${length} rows`)
  }
  return { data: child.length === length ? child : child.slice(0, length), place }
}

function readLists(type: DataType, part: ArrowPart): Partial<ColumnData> {
  const { offsets, from, to } = readOffsets(part)
  const child = part.data.children[0]
  if (child === undefined || child.length < to) {
    throw invalidArrow(part, `its lists end at item ${to} of ${child?.length ?? 0}`)
  }
  const items = { data: child.slice(from, to - from), place: part.place }
  const types = childTypes(type)
  const children =
    type.kind === 'map' ? readChildren(types, items, 0) : types.map((item) => read(item, items))
  return { offsets, children }
}

/** A union is a struct of the tags and its members. */
function readUnion(type: DataType, part: ArrowPart, { validity }: ColumnData): Partial<ColumnData> {
  const [tags] = readChildren([{ kind: 'utinyint' }], part, 0)
  const members = readChildren(childTypes(type), part, 1)
  const values = tags?.values ?? new Uint8Array(0)
  for (let row = 0; row < part.data.length; row++) {
    if (validity !== null && ((validity[row >> 3]! >> (row & 7)) & 1) === 0) values[row] = 0
    else if (values[row]! >= members.length)
      throw invalidArrow(part, `row ${row} has tag ${values[row]} of ${members.length}`)
  }
  return { values, children: members }
}

/** The values of a dictionary are read once and picked by the rows' codes. */
function readDictionary(type: DataType, part: ArrowPart): ColumnData {
  const { data, place } = part
  const values = data.dictionary
  if (values === undefined) throw invalidArrow(part, 'its dictionary is missing')
  const dictionary = concatColumns(
    type,
    values.data.map((chunk) => read(type, { data: chunk, place })),
  )
  const validity = validityOf(part)
  const codes: ArrayLike<number | bigint> = data.values
  if (codes.length < data.length) throw invalidArrow(part, `it has ${codes.length} of ${data.length} codes`)
  const rows = Int32Array.from({ length: data.length }, (_, row) => {
    if (validity !== null && ((validity[row >> 3]! >> (row & 7)) & 1) === 0) return -1
    const code = Number(codes[row])
    if (code < 0 || code >= dictionary.length) {
      throw invalidArrow(part, `row ${row} has code ${code} of a dictionary of ${dictionary.length}`)
    }
    return code
  })
  return takeRows(type, dictionary, rows)
}

function readEnum(type: DataType, part: ArrowPart): ColumnData {
  const text: DataType = { kind: 'varchar' }
  return encodeColumn(type, decodeColumn(text, read(text, part)), (row, problem) => {
    throw invalidArrow(part, `row ${row} is ${problem}`)
  })
}

/** Arrow counts the bits of a part of a buffer from the start of the whole buffer. */
function validityOf(part: ArrowPart): Uint8Array | null {
  const { length, offset, nullCount } = part.data
  const bitmap: Uint8Array | null | undefined = part.data.nullBitmap
  if (bitmap === undefined || bitmap === null || bitmap.length === 0 || nullCount === 0) return null
  if (bitmap.length * 8 < offset + length) throw invalidArrow(part, 'its validity has fewer bits than rows')
  return sliceBits(bitmap, offset, length)
}
