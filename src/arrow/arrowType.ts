import type * as arrow from 'apache-arrow'

/** A type of the apache-arrow package. */
export type ArrowType = arrow.DataType

export type ArrowTable = arrow.Table

export type ArrowVector<Type extends ArrowType = ArrowType> = arrow.Vector<Type>

export type ArrowList<Item extends ArrowType> = arrow.List<Item>

/** Whether a value is a type of apache-arrow, of whichever copy of the package; the package itself is not loaded for it. */
export function isArrowType(value: unknown): value is ArrowType {
  const brand = Symbol.for('apache-arrow/DataType')
  return typeof value === 'object' && value !== null && brand in value && value[brand] === true
}

/** The same for vectors, which carry no mark of their own but have a type and its data. */
export function isArrowVector(value: unknown): value is ArrowVector {
  return (
    typeof value === 'object' &&
    value !== null &&
    'type' in value &&
    isArrowType(value.type) &&
    'data' in value
  )
}

/** How a handler sees one value of a column of this Arrow type, null aside. */
export type ArrowValue<Type> = Type extends arrow.Bool
  ? boolean
  : Type extends arrow.Utf8 | arrow.LargeUtf8 | arrow.Utf8View | arrow.Decimal
    ? string
    : Type extends arrow.Int | arrow.Float
      ? Type['TValue']
      : Type extends arrow.Date_
        ? number
        : Type extends arrow.Timestamp | arrow.Time
          ? bigint
          : Type extends arrow.Binary | arrow.LargeBinary | arrow.BinaryView | arrow.FixedSizeBinary
            ? Uint8Array
            : ArrowNestedValue<Type>

type ArrowNestedValue<Type> =
  Type extends arrow.Dictionary<infer Value>
    ? ArrowValue<Value>
    : Type extends arrow.List<infer Item> | arrow.LargeList<infer Item> | arrow.FixedSizeList<infer Item>
      ? (ArrowValue<Item> | null)[]
      : Type extends arrow.Map_<infer Key, infer Value>
        ? Map<ArrowValue<Key>, ArrowValue<Value> | null>
        : Type extends arrow.Struct<infer Fields>
          ? { [Name in keyof Fields]: ArrowValue<Fields[Name]> | null }
          : unknown

/** The typed array of a column of numbers without nulls; never for other types. */
export type ArrowNumbers<Type> = Type extends arrow.Int | arrow.Float32 | arrow.Float64
  ? Type['TArray']
  : never
