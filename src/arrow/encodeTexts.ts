import type { SimpleType } from '../base/dataType.ts'
import type { ColumnData } from './column.ts'
import type { Refuse } from './encodeNumbers.ts'
import { listOf } from './lists.ts'
import { checkedOffset } from './offsets.ts'
import { encodeStrings, hasLoneSurrogate } from './strings.ts'

type Parts = Partial<ColumnData>

export function encodeTexts(values: ArrayLike<unknown>, refuse: Refuse): Parts {
  if (areTexts(values)) return encodeStrings(values, refuse)
  for (let row = 0; row < values.length; row++) if (!isText(values[row])) refuse(row)
  return {}
}

function areTexts(values: ArrayLike<unknown>): values is ArrayLike<string | null | undefined> {
  for (let row = 0; row < values.length; row++) if (!isText(values[row])) return false
  return true
}

function isText(value: unknown): value is string | null | undefined {
  return typeof value === 'string' || value === null || value === undefined
}

/** Values as JSON; where the type does not ask for parsed JSON, a string is JSON in text already. */
export function encodeJson(values: ArrayLike<unknown>, refuse: Refuse, { as }: SimpleType): Parts {
  const texts = listOf(values.length, (row): string | null => {
    const value = values[row]
    if (value === null || value === undefined) return null
    const text = typeof value === 'string' && as !== 'parsed' ? checkedJson(value) : toJson(value)
    return text ?? refuse(row)
  })
  return encodeStrings(texts, refuse)
}

function toJson(value: unknown): string | null {
  try {
    // Undefined for what JSON has no word for, such as a function.
    const text: string | undefined = JSON.stringify(value)
    return text ?? null
  } catch {
    return null
  }
}

function checkedJson(text: string): string | null {
  try {
    JSON.parse(text)
    return hasLoneSurrogate(text) ? null : text
  } catch {
    return null
  }
}

/** Bytes of values; `bytesOf` answers null for a value that does not fit. */
export function encodeBytes(
  values: ArrayLike<unknown>,
  bytesOf: (value: unknown) => Uint8Array | null,
  refuse: Refuse,
): Parts {
  const offsets = new Int32Array(values.length + 1)
  let end = 0
  const parts = listOf(values.length, (row): Uint8Array | null => {
    const value = values[row]
    const bytes = value === null || value === undefined ? null : (bytesOf(value) ?? refuse(row))
    end = checkedOffset(end + (bytes?.length ?? 0), 'bytes')
    offsets[row + 1] = end
    return bytes
  })
  const joined = new Uint8Array(end)
  parts.forEach((bytes, row) => {
    if (bytes !== null) joined.set(bytes, offsets[row])
  })
  return { offsets, values: joined }
}
