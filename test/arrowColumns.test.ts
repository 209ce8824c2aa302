import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bitmapBytes, copyBits, countSetBits, repeatBits, setBits } from '../src/arrow/bitmap.ts'
import { byteSize, type ColumnData, isValid, transferables } from '../src/arrow/column.ts'
import {
  concatColumns,
  filterColumn,
  nullColumn,
  repeatColumn,
  scatterColumn,
  sliceColumn,
} from '../src/arrow/columns.ts'
import { decodeColumn } from '../src/arrow/decode.ts'
import { encodeColumn } from '../src/arrow/encode.ts'
import { checkedOffset } from '../src/arrow/offsets.ts'
import type { DataType } from '../src/base/dataType.ts'
import { arbitraryType } from './arbitraryType.ts'
import { arbitraryColumn } from './arbitraryValue.ts'
import { repeats } from './repeats.ts'

const columns = arbitraryColumn(arbitraryType())

/** The values of a column, after a check that it is whole and shares no memory with its sources. */
function valuesOf(type: DataType, column: ColumnData, ...sources: readonly ColumnData[]): readonly unknown[] {
  const values = decodeColumn(type, column)
  expect(column.length).toBe(values.length)
  const nulls = values.filter((value) => value === null).length
  expect(column.nullCount).toBe(nulls)
  expect(column.validity === null).toBe(nulls === 0)
  const theirs = new Set(transferables(sources))
  expect(transferables([column]).filter((buffer) => theirs.has(buffer))).toEqual([])
  return values
}

/** A column and some of its rows, in any order, some more than once. */
const picked = columns
  .filter(({ values }) => values.length > 0)
  .chain(({ type, values }) =>
    fc.record({
      type: fc.constant(type),
      values: fc.constant(values),
      rows: fc.array(fc.nat(values.length - 1), { maxLength: 60 }).map((rows) => Int32Array.from(rows)),
    }),
  )

describe('columns', () => {
  it('are sliced', () => {
    fc.assert(
      fc.property(columns, fc.nat(40), fc.nat(40), ({ type, values }, from, rows) => {
        const start = Math.min(from, values.length)
        const length = Math.min(rows, values.length - start)
        const column = encodeColumn(type, values)
        const slice = sliceColumn(type, column, start, length)
        expect(valuesOf(type, slice, column)).toEqual(values.slice(start, start + length))
        expect(byteSize(slice)).toBeLessThanOrEqual(byteSize(column) + 64 * (1 + JSON.stringify(type).length))
      }),
      { numRuns: repeats(200) },
    )
  })

  it('are joined', () => {
    const parts = arbitraryType().chain((type) =>
      fc.array(arbitraryColumn(fc.constant(type)), { minLength: 1, maxLength: 4 }),
    )
    fc.assert(
      fc.property(parts, (list) => {
        const { type } = list[0]!
        const encoded = list.map(({ values }) => encodeColumn(type, values))
        expect(valuesOf(type, concatColumns(type, encoded), ...encoded)).toEqual(
          list.flatMap(({ values }) => values),
        )
      }),
      { numRuns: repeats(200) },
    )
  })

  it('are filtered', () => {
    fc.assert(
      fc.property(picked, ({ type, values, rows }) => {
        const column = encodeColumn(type, values)
        expect(valuesOf(type, filterColumn(type, column, rows), column)).toEqual(
          Array.from(rows, (row) => values[row]),
        )
      }),
      { numRuns: repeats(200) },
    )
  })

  it('are scattered, and what no part fills is null', () => {
    fc.assert(
      fc.property(picked, fc.nat(9), fc.integer({ min: 1, max: 4 }), ({ type, values }, extra, count) => {
        const length = values.length + extra
        const places = values.map((_, row) => (row * 7 + 3) % length)
        fc.pre(new Set(places).size === places.length)
        const parts = Array.from({ length: count }, (_, part) =>
          values.flatMap((_value, row) => (row % count === part ? [row] : [])),
        )
        const scattered = scatterColumn(
          type,
          parts.map((rows) => ({
            rows: Int32Array.from(rows, (row) => places[row]!),
            column: encodeColumn(
              type,
              rows.map((row) => values[row]),
            ),
          })),
          length,
        )
        const expected = Array.from({ length }, (): unknown => null)
        places.forEach((place, row) => {
          expected[place] = values[row]
        })
        expect(valuesOf(type, scattered)).toEqual(expected)
      }),
      { numRuns: repeats(200) },
    )
  })

  it('are made of nulls, and repeated', () => {
    fc.assert(
      fc.property(columns, fc.nat(20), ({ type, values }, times) => {
        expect(valuesOf(type, nullColumn(type, times))).toEqual(Array.from({ length: times }, () => null))
        const repeated = repeatColumn(type, encodeColumn(type, values.slice(0, 3)), times)
        expect(valuesOf(type, repeated)).toEqual(
          Array.from({ length: times }, () => values.slice(0, 3)).flat(),
        )
      }),
      { numRuns: repeats(200) },
    )
  })

  it('keep parts that their offsets leave out to themselves', () => {
    const type: DataType = { kind: 'list', item: { kind: 'varchar' } }
    const whole = encodeColumn(type, [['left out'], ['a', 'b'], null, ['c'], ['left out']])
    const shown: ColumnData = {
      ...whole,
      length: 3,
      nullCount: 1,
      validity: new Uint8Array([0b101]),
      offsets: whole.offsets!.subarray(1, 5),
    }
    const values = [['a', 'b'], null, ['c']]
    expect(decodeColumn(type, shown)).toEqual(values)
    expect(decodeColumn(type, sliceColumn(type, shown, 0, 3))).toEqual(values)
    expect(decodeColumn(type, concatColumns(type, [shown, shown]))).toEqual([...values, ...values])
    expect(decodeColumn(type, filterColumn(type, shown, Int32Array.of(2, 0)))).toEqual([['c'], ['a', 'b']])
  })
})

function packed(list: readonly boolean[]): Uint8Array {
  const bitmap = new Uint8Array(bitmapBytes(list.length))
  list.forEach((bit, row) => {
    if (bit) setBits(bitmap, row, row + 1)
  })
  return bitmap
}
function read(bitmap: Uint8Array, length: number): readonly boolean[] {
  const column = { ...nullColumn({ kind: 'null' }, 0), validity: bitmap }
  return Array.from({ length }, (_, row) => isValid(column, row))
}

describe('bitmaps', () => {
  const bits = fc.array(fc.boolean(), { maxLength: 100 })
  it('are copied from any bit to any bit', () => {
    fc.assert(
      fc.property(bits, bits, fc.nat(100), fc.nat(20), (source, before, from, gap) => {
        const start = Math.min(from, source.length)
        const rows = source.length - start
        const target = new Uint8Array(bitmapBytes(before.length + rows) + gap)
        target.set(packed(before))
        copyBits({ bitmap: packed(source), row: start }, { bitmap: target, row: before.length }, rows)
        expect(read(target, before.length + rows)).toEqual([...before, ...source.slice(start)])
      }),
      { numRuns: repeats(500) },
    )
  })

  it('are counted, set and repeated', () => {
    fc.assert(
      fc.property(bits, fc.nat(100), fc.nat(100), fc.integer({ min: 1, max: 9 }), (list, a, b, times) => {
        const from = Math.min(a, b, list.length)
        const to = Math.min(Math.max(a, b), list.length)
        const bitmap = packed(list)
        expect(countSetBits(bitmap, from, to)).toBe(list.slice(from, to).filter(Boolean).length)
        const repeated = repeatBits(bitmap, list.length, times)
        expect(read(repeated, list.length * times)).toEqual(
          list.flatMap((bit) => Array.from({ length: times }, () => bit)),
        )
        setBits(bitmap, from, to)
        expect(read(bitmap, list.length)).toEqual(list.map((bit, row) => bit || (row >= from && row < to)))
      }),
    )
  })
})

describe('a batch of more than 2 GiB in a column', () => {
  it('is refused', () => {
    expect(checkedOffset(2 ** 31 - 1, 'bytes of text')).toBe(2 ** 31 - 1)
    expect(() => checkedOffset(2 ** 31, 'bytes of text')).toThrow(
      expect.objectContaining({
        code: 'BATCH_TOO_LARGE',
        message:
          'a batch holds at most 2,147,483,647 bytes of text a column, not 2147483648\n  make batches of fewer rows: lower maxBatchingSize',
      }),
    )
  })
})
