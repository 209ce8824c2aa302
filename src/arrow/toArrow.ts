import type * as arrow from 'apache-arrow'
import type { DataType, Schema } from '../base/dataType.ts'
import { arrowTypeOf, toArrowSchema } from './arrowSchema.ts'
import type { Batch, ColumnData } from './column.ts'
import { childTypes, layoutOf } from './layout.ts'
import { library } from './library.ts'

/** A batch as Arrow's record batch; fixed-width values and text are not copied. */
export function toRecordBatch(
  schema: Schema,
  batch: Batch,
  arrowSchema: arrow.Schema = toArrowSchema(schema),
): arrow.RecordBatch {
  const children = schema.map(({ type }, index) =>
    toArrowData(type, batch.columns[index]!, arrowSchema.fields[index]!.type),
  )
  const struct = new library.Struct(arrowSchema.fields)
  return new library.RecordBatch(
    arrowSchema,
    library.makeData({ type: struct, length: batch.length, nullCount: 0, children }),
  )
}

export function toArrowTable(schema: Schema, batches: readonly Batch[]): arrow.Table {
  const arrowSchema = toArrowSchema(schema)
  return new library.Table(
    arrowSchema,
    batches.map((batch) => toRecordBatch(schema, batch, arrowSchema)),
  )
}

/** `storage` is the Arrow type that the data gets; a dictionary must be the same object in all batches of a table. */
export function toArrowData(
  type: DataType,
  column: ColumnData,
  storage: arrow.DataType = arrowTypeOf(type),
): arrow.Data {
  const { length, nullCount, validity: nullBitmap, offsets: valueOffsets } = column
  const common = { length, nullCount, nullBitmap }
  switch (layoutOf(type).kind) {
    case 'null':
      return library.makeData({ type: new library.Null(), length })
    case 'fixed':
      if (type.kind === 'enum') return enumData(type.values, column, storage as arrow.Dictionary)
      return library.makeData({
        ...common,
        type: storage as arrow.Int,
        data: fixedValues(type, column) as Int32Array,
      })
    case 'bytes':
      return library.makeData({
        ...common,
        type: storage as arrow.Binary,
        valueOffsets: valueOffsets!,
        data: column.values as Uint8Array,
      })
    case 'list': {
      if (type.kind === 'map') return mapData(type.key, type.value, column, storage as arrow.Map_)
      const child = childData(type, column, storage, 0)
      return library.makeData({ ...common, type: storage as arrow.List, valueOffsets: valueOffsets!, child })
    }
    case 'array':
      return library.makeData({
        ...common,
        type: storage as arrow.FixedSizeList,
        child: childData(type, column, storage, 0),
      })
    case 'struct': {
      const children = column.children.map((_, index) => childData(type, column, storage, index))
      return library.makeData({ ...common, type: storage as arrow.Struct, children })
    }
    case 'union': {
      const tags = library.makeData({
        ...common,
        type: new library.Uint8(),
        data: column.values as Uint8Array,
      })
      const members = column.children.map((child, index) =>
        toArrowData(childTypes(type)[index]!, child, storage.children[index + 1]!.type),
      )
      return library.makeData({ ...common, type: storage as arrow.Struct, children: [tags, ...members] })
    }
  }
}

function childData(type: DataType, column: ColumnData, storage: arrow.DataType, index: number): arrow.Data {
  return toArrowData(childTypes(type)[index]!, column.children[index]!, storage.children[index]!.type)
}

function mapData(key: DataType, value: DataType, column: ColumnData, storage: arrow.Map_): arrow.Data {
  const entries = storage.children[0]!.type
  const [keys, values] = column.children
  const child = library.makeData({
    type: entries,
    length: keys!.length,
    nullCount: 0,
    children: [
      toArrowData(key, keys!, entries.children[0]!.type),
      toArrowData(value, values!, entries.children[1]!.type),
    ],
  })
  const { length, nullCount, validity: nullBitmap, offsets: valueOffsets } = column
  return library.makeData({
    type: storage,
    length,
    nullCount,
    nullBitmap,
    valueOffsets: valueOffsets!,
    child,
  })
}

const dictionaries = new WeakMap<readonly string[], arrow.Vector<arrow.Utf8>>()

function enumData(values: readonly string[], column: ColumnData, storage: arrow.Dictionary): arrow.Data {
  const dictionary = dictionaries.get(values) ?? library.vectorFromArray([...values], new library.Utf8())
  dictionaries.set(values, dictionary)
  const { length, nullCount, validity: nullBitmap } = column
  return library.makeData({
    type: storage,
    length,
    nullCount,
    nullBitmap,
    data: column.values as Uint8Array,
    dictionary,
  })
}

/** Values as Arrow keeps them. */
function fixedValues(type: DataType, { values, length }: ColumnData): ArrayBufferView {
  switch (type.kind) {
    case 'boolean':
      return packBits(values as Uint8Array, length)
    case 'decimal':
      return type.width > 18
        ? new Uint32Array(values!.buffer, values!.byteOffset, values!.byteLength / 4)
        : widenDecimals(values as Int32Array)
    case 'uuid':
      return uuidBytes(values as BigUint64Array, length)
    case 'hugeint':
    case 'uhugeint':
    case 'interval':
    case 'time_tz':
      return new Uint8Array(values!.buffer, values!.byteOffset, values!.byteLength)
    default:
      return values!
  }
}

function packBits(bytes: Uint8Array, length: number): Uint8Array {
  const bits = new Uint8Array((length + 7) >> 3)
  for (let row = 0; row < length; row++) if (bytes[row] === 1) bits[row >> 3]! |= 1 << (row & 7)
  return bits
}

function widenDecimals(values: Int16Array | Int32Array | BigInt64Array): Uint32Array {
  const wide = new BigInt64Array(values.length * 2)
  values.forEach((value: number | bigint, row: number) => {
    const exact = BigInt(value)
    wide[row * 2] = exact
    wide[row * 2 + 1] = exact < 0n ? -1n : 0n
  })
  return new Uint32Array(wide.buffer)
}

/** DuckDB keeps a UUID as a number whose top bit is flipped, so that it sorts; Arrow as its 16 bytes, first one first. */
function uuidBytes(values: BigUint64Array, length: number): Uint8Array {
  const bytes = new Uint8Array(length * 16)
  const view = new DataView(bytes.buffer)
  for (let row = 0; row < length; row++) {
    view.setBigUint64(row * 16, (values[row * 2 + 1] ?? 0n) ^ (1n << 63n))
    view.setBigUint64(row * 16 + 8, values[row * 2] ?? 0n)
  }
  return bytes
}
