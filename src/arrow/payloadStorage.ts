import type * as arrow from 'apache-arrow'
import { invalidArrow } from './arrowPart.ts'
import { library } from './library.ts'

/** Bytes that values may become which share what lies in the payload: views of the same text, rows of the same dictionary. */
const SHARED_BYTES_MAX = 1 << 26

/** Throws for a type that no writer of Arrow gives, whose sizes the decoders would believe. */
export function checkStorage(type: arrow.DataType, column: string, inDictionary = false): void {
  const { DataType: is } = library
  const refuse = (): never => {
    throw invalidArrow({ place: `column '${column}'` }, `it is of type ${library.Type[type.typeId]}`)
  }
  if (is.isDictionary(type)) {
    if (inDictionary) refuse()
    checkStorage(type.indices, column, true)
    checkStorage(type.dictionary, column, true)
    return
  }
  if (is.isInt(type) && ![8, 16, 32, 64].includes(type.bitWidth)) refuse()
  if (is.isTime(type) && type.bitWidth !== 32 && type.bitWidth !== 64) refuse()
  if (is.isFixedSizeBinary(type) && !(type.byteWidth >= 0)) refuse()
  if (is.isFixedSizeList(type) && !(type.listSize > 0)) refuse()
  const children: readonly arrow.Field[] | null | undefined = type.children
  for (const child of children ?? []) checkStorage(child.type, column, inDictionary)
}

/** Throws where few bytes would become many. */
export function checkData(data: arrow.Data, column: string): void {
  if (sharedBytes(data) > SHARED_BYTES_MAX) {
    throw invalidArrow({ place: `column '${column}'` }, 'its values share more than they may')
  }
}

function sharedBytes(data: arrow.Data): number {
  const { DataType: is } = library
  if (is.isDictionary(data.type)) return dictionaryBytes(data)
  const own = is.isUtf8View(data.type) || is.isBinaryView(data.type) ? viewedBytes(data) : 0
  const children: readonly (arrow.Data | null | undefined)[] | null | undefined = data.children
  return (children ?? []).reduce((sum, child) => sum + (child ? sharedBytes(child) : 0), own)
}

const viewBytes = 16

function viewedBytes({ length, values }: arrow.Data): number {
  const bytes: Uint8Array = values
  const views = Math.min(length, Math.floor(bytes.length / viewBytes))
  const words = new DataView(bytes.buffer, bytes.byteOffset, views * viewBytes)
  let sum = 0
  for (let view = 0; view < views; view++) sum += Math.max(0, words.getInt32(view * viewBytes, true))
  return sum
}

/** Exact for texts and bytes; for values of other types, as if each row had all of them. */
function dictionaryBytes({ length, values, dictionary }: arrow.Data): number {
  const [chunk, ...others] = dictionary?.data ?? []
  if (chunk === undefined) return 0
  const all = dictionary!.data.reduce((sum, { byteLength }) => sum + byteLength, 0)
  if (all * length <= SHARED_BYTES_MAX) return all * length
  const offsets: ArrayLike<number | bigint> | null | undefined = chunk.valueOffsets
  const isFlat = chunk.children.length === 0 && others.length === 0
  if (!isFlat) return all * length
  if (offsets === null || offsets === undefined || offsets.length === 0)
    return (all / Math.max(1, chunk.length)) * length
  const codes: ArrayLike<number | bigint> = values
  let sum = 0
  for (let row = 0; row < Math.min(length, codes.length); row++) {
    const code = Number(codes[row])
    const size = Number(offsets[code + 1]) - Number(offsets[code])
    // Codes that cannot be are refused where they are read.
    if (size > 0) sum += size
  }
  return sum
}
