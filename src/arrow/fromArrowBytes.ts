import { isAscii, isUtf8 } from 'node:buffer'
import type { DataType } from '../base/dataType.ts'
import { type ArrowPart, invalidArrow } from './arrowPart.ts'
import { library } from './library.ts'
import { checkedOffset } from './offsets.ts'

interface Bytes {
  readonly offsets: Int32Array
  readonly values: Uint8Array
}

const maxOffset = BigInt(2 ** 31 - 1)

/** Offsets from 0, and the part of what they refer to that they use. */
export function readOffsets(part: ArrowPart): {
  readonly offsets: Int32Array
  readonly from: number
  readonly to: number
} {
  const { length } = part.data
  const offsets = new Int32Array(length + 1)
  if (length === 0) return { offsets, from: 0, to: 0 }
  const given: ArrayLike<number | bigint> | null | undefined = part.data.valueOffsets
  if (given === undefined || given === null || given.length <= length)
    throw invalidArrow(part, 'it has fewer offsets than rows')
  const from = given[0]!
  let last = from
  if (from < 0) throw invalidArrow(part, `its first offset is ${from}`)
  for (let row = 1; row <= length; row++) {
    const offset = given[row]!
    if (offset < last) throw invalidArrow(part, `the offset after row ${row - 1} runs backwards`)
    if (offset > maxOffset) checkedOffset(Number(offset), 'bytes or items')
    offsets[row] = Number(offset) - Number(from)
    last = offset
  }
  return { offsets, from: Number(from), to: Number(last) }
}

/** The bytes of texts and of values that are bytes. */
export function readBytes(type: DataType, part: ArrowPart, validity: Uint8Array | null): Bytes {
  const bytes = ownBytes(part)
  if (type.kind === 'varchar' || type.kind === 'json') checkTexts(bytes, part)
  if (type.kind === 'bit') checkEach(bytes, part, validity)(isBits)
  if (type.kind === 'bignum') checkEach(bytes, part, validity)(isBignum)
  return bytes
}

function ownBytes(part: ArrowPart): Bytes {
  const { data } = part
  const { DataType: is } = library
  if (is.isFixedSizeBinary(data.type)) return ofEqualLength(part, data.type.byteWidth)
  if (is.isBinaryView(data.type) || is.isUtf8View(data.type)) return ofViews(part)
  const { offsets, from, to } = readOffsets(part)
  const values: Uint8Array | null | undefined = data.values
  const length = values?.length ?? 0
  if (to > length) throw invalidArrow(part, `its offsets end at byte ${to} of ${length}`)
  return { offsets, values: values?.slice(from, to) ?? new Uint8Array(0) }
}

function ofEqualLength(part: ArrowPart, width: number): Bytes {
  const { length } = part.data
  const values: Uint8Array = part.data.values
  if (values.length < length * width)
    throw invalidArrow(part, `its values take ${values.length} bytes where ${length * width} are needed`)
  const offsets = Int32Array.from({ length: length + 1 }, (_, row) => checkedOffset(row * width, 'bytes'))
  return { offsets, values: values.slice(0, length * width) }
}

const viewBytes = 16
const inlineBytes = 12

/** A view is a length, and up to 12 bytes of its own, or else 4 of them and where all of them lie. */
function ofViews(part: ArrowPart): Bytes {
  const { length, variadicBuffers } = part.data
  const views: Uint8Array = part.data.values
  if (views.length < length * viewBytes) throw invalidArrow(part, 'it has fewer views than rows')
  const words = new DataView(views.buffer, views.byteOffset, length * viewBytes)
  const offsets = new Int32Array(length + 1)
  const texts: Uint8Array[] = []
  for (let row = 0; row < length; row++) {
    const at = row * viewBytes
    const size = part.data.getValid(row) ? words.getInt32(at, true) : 0
    const start = size <= inlineBytes ? at + 4 : words.getInt32(at + 12, true)
    const source = size <= inlineBytes ? views : variadicBuffers[words.getInt32(at + 8, true)]
    if (size < 0 || start < 0 || start + size > (source?.length ?? 0))
      throw invalidArrow(part, `row ${row} lies outside its buffer`)
    offsets[row + 1] = checkedOffset(offsets[row]! + size, 'bytes')
    texts.push(source!.subarray(start, start + size))
  }
  const values = new Uint8Array(offsets[length]!)
  texts.forEach((text, row) => {
    values.set(text, offsets[row])
  })
  return { offsets, values }
}

/** A character may not lie across the end of a text, even if all the bytes together are well-formed. */
function checkTexts({ offsets, values }: Bytes, part: ArrowPart): void {
  if (isAscii(values)) return
  if (!isUtf8(values)) throw invalidArrow(part, `row ${malformedRow({ offsets, values })} is no UTF-8`)
  for (let row = 1; row < offsets.length - 1; row++) {
    if ((values[offsets[row]!]! & 0xc0) === 0x80) throw invalidArrow(part, `row ${row} is no UTF-8`)
  }
}

function malformedRow({ offsets, values }: Bytes): number {
  let row = 0
  while (row < offsets.length - 2 && isUtf8(values.subarray(offsets[row], offsets[row + 1]))) row++
  return row
}

function checkEach(
  bytes: Bytes,
  part: ArrowPart,
  validity: Uint8Array | null,
): (fits: (value: Uint8Array) => boolean) => void {
  const { offsets, values } = bytes
  return (fits) => {
    for (let row = 0; row < offsets.length - 1; row++) {
      const valid = validity === null || ((validity[row >> 3]! >> (row & 7)) & 1) === 1
      if (valid && !fits(values.subarray(offsets[row], offsets[row + 1]))) {
        throw invalidArrow(part, `row ${row} is no value of its type`)
      }
    }
  }
}

function isBits(bytes: Uint8Array): boolean {
  return bytes.length > 1 && bytes[0]! < 8
}

function isBignum(bytes: Uint8Array): boolean {
  if (bytes.length < 4) return false
  const flip = bytes[0]! < 0x80 ? 0xff : 0
  const size = (((bytes[0]! ^ flip) & 0x7f) << 16) | ((bytes[1]! ^ flip) << 8) | (bytes[2]! ^ flip)
  return size === bytes.length - 3
}
