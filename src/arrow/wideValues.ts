import { listOf } from './lists.ts'

// Values wider than 64 bits, and texts of bits, as DuckDB stores them.

const topBit = 1n << 63n

export function hugeintAt(words: BigInt64Array | BigUint64Array, row: number): bigint {
  return (BigInt.asIntN(64, words[row * 2 + 1]!) << 64n) | BigInt.asUintN(64, words[row * 2]!)
}

export function uhugeintAt(words: BigInt64Array | BigUint64Array, row: number): bigint {
  return (BigInt.asUintN(64, words[row * 2 + 1]!) << 64n) | BigInt.asUintN(64, words[row * 2]!)
}

export function setWide(words: BigUint64Array, row: number, value: bigint): void {
  words[row * 2] = BigInt.asUintN(64, value)
  words[row * 2 + 1] = BigInt.asUintN(64, value >> 64n)
}

const uuidLength = 36
const hexDigits = Buffer.from('0123456789abcdef')
const dash = 0x2d

/** UUIDs in 16 bytes each. They are stored with their highest bit flipped, so that signed integers sort like the texts. */
export function decodeUuids(bytes: Uint8Array, rows: number): string[] {
  const texts = Buffer.allocUnsafeSlow(rows * uuidLength)
  let end = 0
  for (let row = 0; row < rows; row++) {
    for (let k = 15; k >= 0; k--) {
      const byte = bytes[row * 16 + k]! ^ (k === 15 ? 0x80 : 0)
      texts[end++] = hexDigits[byte >> 4]!
      texts[end++] = hexDigits[byte & 15]!
      if (k === 12 || k === 10 || k === 8 || k === 6) texts[end++] = dash
    }
  }
  return listOf(rows, (row) => texts.toString('latin1', row * uuidLength, (row + 1) * uuidLength))
}

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** The 128 bits that store a UUID; null if the text is none. */
export function parseUuid(text: string): bigint | null {
  return uuidPattern.test(text) ? BigInt(`0x${text.replaceAll('-', '')}`) ^ (topBit << 64n) : null
}

/** A BIGNUM: 24 bits with the sign and the number of bytes, then these, highest first; all inverted if it is negative. */
export function decodeBignum(bytes: Uint8Array): bigint {
  const negative = (bytes[0]! & 0x80) === 0
  let hex = ''
  for (let k = 3; k < bytes.length; k++)
    hex += (negative ? bytes[k]! ^ 0xff : bytes[k]!).toString(16).padStart(2, '0')
  const magnitude = hex === '' ? 0n : BigInt(`0x${hex}`)
  return negative ? -magnitude : magnitude
}

/** Bytes of a BIGNUM at most. */
export const maxBignumBytes: number = 2 ** 23 - 1

export function encodeBignum(value: bigint): Uint8Array {
  const negative = value < 0n
  let hex = (negative ? -value : value).toString(16)
  if (hex.length % 2 === 1) hex = `0${hex}`
  const size = hex.length / 2
  const bytes = Buffer.from(`${(0x800000 | size).toString(16)}${hex}`, 'hex')
  if (negative) for (let k = 0; k < bytes.length; k++) bytes[k]! ^= 0xff
  return bytes
}

/** A BIT: a byte with the number of unused bits, then the bits, the unused ones first and set. */
export function decodeBits(bytes: Uint8Array): string {
  let text = ''
  for (let k = 1; k < bytes.length; k++) text += bytes[k]!.toString(2).padStart(8, '0')
  return text.slice(bytes[0])
}

export function encodeBits(text: string): Uint8Array {
  const unused = (8 - (text.length % 8)) % 8
  const padded = '1'.repeat(unused) + text
  const bytes = new Uint8Array(padded.length / 8 + 1)
  bytes[0] = unused
  for (let k = 1; k < bytes.length; k++) bytes[k] = Number.parseInt(padded.slice(k * 8 - 8, k * 8), 2)
  return bytes
}
