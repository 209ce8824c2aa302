/** Told the row of a value that does not fit. */
export type Refuse = (row: number) => never

type IntArray = Int8Array | Int16Array | Int32Array | Uint8Array | Uint16Array | Uint32Array

export interface IntRange {
  readonly array: new (length: number) => IntArray
  readonly least: number
  readonly most: number
}

/** A typed array of the same kind is copied as it is; bigints are taken where they fit. */
export function encodeIntegers(
  values: ArrayLike<unknown>,
  { array, least, most }: IntRange,
  refuse: Refuse,
): IntArray {
  const integers = new array(values.length)
  if (values instanceof array) {
    integers.set(values)
    return integers
  }
  for (let row = 0; row < integers.length; row++) {
    const value = values[row]
    if (value === null || value === undefined) continue
    const number = typeof value === 'bigint' ? Number(value) : value
    if (typeof number !== 'number' || !Number.isInteger(number) || number < least || number > most)
      refuse(row)
    integers[row] = number
  }
  return integers
}

export function encodeDoubles(values: ArrayLike<unknown>, refuse: Refuse): Float64Array {
  if (values instanceof Float64Array || values instanceof Float32Array) return new Float64Array(values)
  const doubles = new Float64Array(values.length)
  for (let row = 0; row < doubles.length; row++) {
    const value = values[row]
    if (typeof value === 'number') doubles[row] = value
    else if (value !== null && value !== undefined) doubles[row] = safeNumber(value) ?? refuse(row)
  }
  return doubles
}

/** Numbers are rounded to 32 bits; one so large that it would become infinite does not fit. */
export function encodeFloats(values: ArrayLike<unknown>, refuse: Refuse): Float32Array {
  if (values instanceof Float32Array) return values.slice()
  const floats = new Float32Array(values.length)
  for (let row = 0; row < floats.length; row++) {
    const value = values[row]
    if (value === null || value === undefined) continue
    const number = typeof value === 'number' ? value : (safeNumber(value) ?? refuse(row))
    floats[row] = number
    if (!Number.isFinite(floats[row]) && Number.isFinite(number)) refuse(row)
  }
  return floats
}

function safeNumber(value: unknown): number | null {
  const number = typeof value === 'bigint' ? Number(value) : Number.NaN
  return Number.isSafeInteger(number) ? number : null
}

/** A bigint, or a number that is whole and safe, as a bigint; null for anything else. */
export function exactInteger(value: unknown): bigint | null {
  if (typeof value === 'bigint') return value
  return typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : null
}

export interface BigintRange {
  readonly least: bigint
  readonly most: bigint
  readonly exact?: (value: unknown) => bigint | null
}

/** Calls `write` with each integer; `exact` makes one of a value, and null of what is none. */
export function eachInteger(
  values: ArrayLike<unknown>,
  { least, most, exact = exactInteger }: BigintRange,
  refuse: Refuse,
  write: (row: number, integer: bigint) => void,
): void {
  for (let row = 0; row < values.length; row++) {
    const value = values[row]
    if (value === null || value === undefined) continue
    const integer = exact(value)
    if (integer === null || integer < least || integer > most) refuse(row)
    write(row, integer)
  }
}
