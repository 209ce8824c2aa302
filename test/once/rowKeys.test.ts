import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ColumnData } from '../../src/arrow/column.ts'
import { concatColumns, sliceColumn } from '../../src/arrow/columns.ts'
import { decodeColumn } from '../../src/arrow/decode.ts'
import { encodeColumn } from '../../src/arrow/encode.ts'
import { digestRows, hashRows, keyWords } from '../../src/arrow/rowKeys.ts'
import type { DataType } from '../../src/base/dataType.ts'
import { arbitraryType } from '../arbitraryType.ts'
import { arbitraryValue } from '../arbitraryValue.ts'
import { repeats } from '../repeats.ts'

const context = new Uint8Array(16)

/** Text that is the same only for values that are the same to the bit, in the same order. */
function tell(value: unknown): string {
  if (Object.is(value, -0)) return '-0'
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'string') return JSON.stringify(value)
  if (value instanceof Uint8Array) return `bytes ${value.join()}`
  if (value instanceof Map) return `map ${tell([...value])}`
  if (Array.isArray(value)) return `[${value.map(tell).join()}]`
  if (typeof value === 'object' && value !== null) {
    return `{${Object.entries(value)
      .map(([name, part]) => `${JSON.stringify(name)}:${tell(part)}`)
      .join()}}`
  }
  return String(value)
}

function keysOf(types: readonly DataType[], columns: readonly ColumnData[], rows?: number[]): string[] {
  const picked = Int32Array.from(rows ?? Array.from({ length: columns[0]?.length ?? 0 }, (_, row) => row))
  const keys = hashRows(context, { types, columns, rows: picked })
  return Array.from(picked, (_, k) => keys.slice(k * keyWords, (k + 1) * keyWords).join())
}

const digestsOf = (types: readonly DataType[], columns: readonly ColumnData[]): string[] => {
  const rows = Int32Array.from({ length: columns[0]?.length ?? 0 }, (_, row) => row)
  return digestRows(context, { types, columns, rows }).map((digest) => Buffer.from(digest).toString('hex'))
}

/** Types, and rows of values of them, many of them equal. */
const tables = fc.array(arbitraryType(), { minLength: 1, maxLength: 3 }).chain((types) =>
  fc
    .tuple(...types.map((type) => fc.array(arbitraryValue(type), { minLength: 1, maxLength: 3 })))
    .chain((choices) =>
      fc.array(fc.tuple(...choices.map((choice) => fc.constantFrom(...choice))), { maxLength: 24 }),
    )
    .map((rows) => ({ types, rows })),
)

describe('row keys', () => {
  it('are equal exactly where the rows are, whatever their types', () => {
    fc.assert(
      fc.property(tables, ({ types, rows }) => {
        const columns = types.map((type, index) =>
          encodeColumn(
            type,
            rows.map((row) => row[index]),
          ),
        )
        const decoded = types.map((type, index) => decodeColumn(type, columns[index]!))
        const told = rows.map((_, row) => tell(decoded.map((values) => values[row])))
        for (const keys of [keysOf(types, columns), digestsOf(types, columns)]) {
          for (let a = 0; a < told.length; a++) {
            for (let b = 0; b < a; b++) expect(keys[a] === keys[b]).toBe(told[a] === told[b])
          }
        }
      }),
      { numRuns: repeats(500) },
    )
  })

  it('do not depend on how a column is cut, or what lies at its null rows', () => {
    fc.assert(
      fc.property(tables, fc.nat(24), ({ types, rows }, cut) => {
        const at = Math.min(cut, rows.length)
        const columns = types.map((type, index) =>
          encodeColumn(
            type,
            rows.map((row) => row[index]),
          ),
        )
        const rest = types.map((type, index) => sliceColumn(type, columns[index]!, at, rows.length - at))
        const swapped = types.map((type, index) =>
          concatColumns(type, [rest[index]!, sliceColumn(type, columns[index]!, 0, at)]),
        )
        for (const keys of [keysOf, digestsOf]) {
          const whole = keys(types, columns)
          expect(keys(types, rest)).toEqual(whole.slice(at))
          expect(keys(types, swapped)).toEqual([...whole.slice(at), ...whole.slice(0, at)])
        }
        const last = rows.length - 1
        if (last >= 0) expect(keysOf(types, columns, [last])).toEqual(keysOf(types, columns).slice(-1))
      }),
    )
  })

  it('take no text of one column for that of another, and null for no empty text', () => {
    const text: DataType = { kind: 'varchar' }
    const left = encodeColumn(text, ['ab', 'a', '', null, null, ''])
    const right = encodeColumn(text, ['c', 'bc', null, '', null, ''])
    expect(new Set(keysOf([text, text], [left, right])).size).toBe(6)
  })

  it('tell -0 from 0, and take a NaN for itself', () => {
    const double: DataType = { kind: 'double' }
    const [zero, minus, nan, again] = keysOf(
      [double],
      [encodeColumn(double, [0, -0, Number.NaN, Number.NaN])],
    )
    expect(zero).not.toBe(minus)
    expect(nan).toBe(again)
  })

  it('differ where their context or position does', () => {
    const columns = [encodeColumn({ kind: 'integer' }, [7, 7])]
    const keyed = { types: [{ kind: 'integer' }] as const, columns, rows: Int32Array.of(0, 1) }
    const other = Uint8Array.from({ length: 16 }, () => 1)
    expect(hashRows(other, keyed)).not.toEqual(hashRows(context, keyed))
    const [first, second] = digestRows(context, keyed, (row) => row)
    expect(first).not.toEqual(second)
  })

  it('are SHA-256 of context and row, the same in every process', () => {
    const columns = [encodeColumn({ kind: 'varchar' }, ['é', null])]
    const keyed = { types: [{ kind: 'varchar' }] as const, columns, rows: Int32Array.of(0, 1) }
    const sha = (...bytes: number[]): Uint8Array =>
      createHash('sha256').update(context).update(Uint8Array.from(bytes)).digest()
    expect(digestRows(context, keyed)).toEqual([sha(1, 2, 0, 0, 0, 0xc3, 0xa9), sha(0)])
  })
})
