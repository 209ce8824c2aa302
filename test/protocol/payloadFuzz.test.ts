import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { describe, expect, test } from 'vitest'
import type { ColumnData } from '../../src/arrow/column.ts'
import { decodeColumn } from '../../src/arrow/decode.ts'
import { decodePayload, encodePayload, type Payload } from '../../src/arrow/ipcPayload.ts'
import { childTypes, layoutOf } from '../../src/arrow/layout.ts'
import { library } from '../../src/arrow/library.ts'
import type { DataType, Schema } from '../../src/base/dataType.ts'
import { isEngineError } from '../../src/base/errors.ts'
import { sameType } from '../../src/base/formatType.ts'
import { repeats } from '../repeats.ts'
import { batchOfValues, streamOf } from './payloads.ts'

const CASES = 20_000
const LONGEST_MS = 50
const MAX_ROWS = 64
const varchar: DataType = { kind: 'varchar' }
const integer: DataType = { kind: 'integer' }

interface Sample {
  readonly fields: Schema
  readonly bytes: Uint8Array
}

function sample(...columns: Parameters<typeof batchOfValues>[0]): Sample {
  const { fields, batch } = batchOfValues(columns)
  return { fields, bytes: encodePayload(fields, batch) }
}

const texts = Array.from({ length: 40 }, (_, row) => (row % 7 === 0 ? null : `row ${row} `.repeat(row % 5)))
const samples: readonly Sample[] = [
  sample({ type: varchar, values: texts }),
  sample(
    { type: integer, values: texts.map((_, row) => row) },
    { type: { kind: 'double' }, values: texts.map((_, row) => row / 3) },
    { type: { kind: 'boolean' }, values: texts.map((_, row) => row % 3 === 0) },
    { type: { kind: 'decimal', width: 20, scale: 2 }, values: texts.map((_, row) => `${row}.25`) },
  ),
  sample(
    {
      type: { kind: 'list', item: { kind: 'list', item: varchar } },
      values: texts.map((text) => [[text, 'x'], [], null]),
    },
    {
      type: {
        kind: 'struct',
        fields: [
          { name: 'a', type: integer },
          { name: 'b', type: { kind: 'array', item: integer, size: 2 } },
        ],
      },
      values: texts.map((_, row) => (row % 4 === 0 ? null : { a: row, b: [row, null] })),
    },
  ),
  sample(
    {
      type: { kind: 'map', key: varchar, value: integer },
      values: texts.map((_, row) => new Map([['k', row]])),
    },
    {
      type: {
        kind: 'union',
        members: [
          { name: 's', type: varchar },
          { name: 'n', type: integer },
        ],
      },
      values: texts.map((_, row) => ({ tag: 'n', value: row })),
    },
    { type: { kind: 'null' }, values: texts.map(() => null) },
  ),
  {
    fields: [{ name: 'x', type: varchar }],
    bytes: streamOf({
      x: library.vectorFromArray(texts, new library.Dictionary(new library.Utf8(), new library.Int32())),
    }),
  },
  {
    fields: [{ name: 'x', type: varchar }],
    bytes: streamOf({ x: library.vectorFromArray(texts, new library.LargeUtf8()) }),
  },
  {
    fields: [{ name: 'x', type: varchar }],
    bytes: streamOf({ x: library.vectorFromArray(texts, new library.Utf8View()) }),
  },
  {
    fields: [{ name: 'x', type: { kind: 'timestamp' } }],
    bytes: streamOf({
      x: library.vectorFromArray(
        texts.map((_, row) => BigInt(row)),
        new library.TimestampMillisecond(),
      ),
    }),
  },
]

/** Numbers from 0 to below `most`, the same for the same seed. */
type Draw = (most: number) => number

function drawFrom(seed: number): Draw {
  const random = xoroshiro128plus(seed)
  return (most) => (random.next() >>> 0) % most
}

const hostile = [
  0,
  1,
  2,
  7,
  8,
  16,
  63,
  64,
  65,
  255,
  1024,
  65_535,
  2 ** 20,
  2 ** 24,
  2 ** 30,
  2 ** 31 - 1,
  -1,
  -2,
  -8,
  -(2 ** 31),
]

/** Bytes as somebody could send them who damages them, or means harm. */
function damaged(bytes: Uint8Array, draw: Draw): Uint8Array {
  const copy = new Uint8Array(bytes)
  const view = new DataView(copy.buffer)
  const times = 1 + draw(3)
  for (let time = 0; time < times; time++) {
    const at = draw(copy.length)
    const word = Math.min(at & ~3, copy.length - 8)
    switch (draw(6)) {
      case 0:
        copy[at]! ^= 1 << draw(8)
        break
      case 1:
        copy[at] = draw(256)
        break
      case 2:
        view.setInt32(word, hostile[draw(hostile.length)]!, true)
        break
      case 3:
        view.setBigInt64(word, BigInt(hostile[draw(hostile.length)]!), true)
        break
      case 4:
        copy.copyWithin(word, Math.min(draw(copy.length), copy.length - 8), copy.length)
        break
      default: {
        const other = samples[draw(samples.length)]!.bytes
        copy.set(other.subarray(0, Math.min(at, copy.length, other.length)))
      }
    }
  }
  return draw(5) === 0 ? copy.subarray(0, draw(copy.length)) : copy
}

function damagedCase(seed: number): { readonly given: Sample; readonly bytes: Uint8Array } {
  const draw = drawFrom(seed)
  const given = samples[draw(samples.length)]!
  return { given, bytes: damaged(given.bytes, draw) }
}

/** Null for what was refused as it should be. */
function read(fields: Schema | null, bytes: Uint8Array): Payload | null {
  try {
    return decodePayload(fields, bytes, { maxRows: MAX_ROWS })
  } catch (error) {
    if (isEngineError(error) && ['ARROW_INVALID', 'TYPE_UNSUPPORTED', 'BATCH_TOO_LARGE'].includes(error.code))
      return null
    throw error
  }
}

/** Throws for a column that its readers would trip over. */
function checkColumn(type: DataType, column: ColumnData, length: number): void {
  const fail = (problem: string): never => {
    throw new Error(`${type.kind} of ${length} rows: ${problem}`)
  }
  if (column.length !== length) fail(`${column.length} rows`)
  if (column.validity !== null && column.validity.length * 8 < length) fail('too few bits')
  const { offsets, values } = column
  const layout = layoutOf(type)
  const end = offsets?.[length] ?? 0
  if (layout.kind === 'bytes' || layout.kind === 'list') {
    if (offsets === null || offsets.length < length + 1) return fail('too few offsets')
    for (let row = 0; row < length; row++)
      if (offsets[row + 1]! < offsets[row]!) fail('offsets run backwards')
  }
  if (layout.kind === 'bytes' && (values?.length ?? 0) < end) fail('too few bytes')
  if (layout.kind === 'fixed' && (values?.length ?? 0) < length * layout.perRow) fail('too few values')
  const items = layout.kind === 'list' ? end : layout.kind === 'array' ? length * layout.size : length
  childTypes(type).forEach((child, index) => checkColumn(child, column.children[index]!, items))
}

function checkPayload({ fields, batches, length }: Payload, expected: Schema | null): void {
  if (expected !== null) expect(fields.map(({ type }) => type)).toEqual(expected.map(({ type }) => type))
  expect(batches.reduce((sum, batch) => sum + batch.length, 0)).toBe(length)
  expect(length).toBeLessThanOrEqual(MAX_ROWS)
  for (const batch of batches) {
    expect(batch.columns).toHaveLength(fields.length)
    fields.forEach(({ type }, index) => {
      const column = batch.columns[index]!
      checkColumn(type, column, batch.length)
      expect(decodeColumn(type, column)).toHaveLength(batch.length)
    })
  }
}

/** Of three attempts, so that a busy machine is not taken for a hang. */
function shortestMs(fields: Schema | null, bytes: Uint8Array): number {
  const times = Array.from({ length: 3 }, () => {
    const start = performance.now()
    read(fields, bytes)
    return performance.now() - start
  })
  return Math.min(...times)
}

describe('malformed payloads', () => {
  test('are refused or read in their shape, and never take long', () => {
    const count = repeats(CASES)
    let refused = 0
    for (let seed = 0; seed < count; seed++) {
      const { given, bytes } = damagedCase(seed)
      const expected = seed % 2 === 0 ? given.fields : null
      try {
        const start = performance.now()
        const payload = read(expected, bytes)
        const ms = performance.now() - start
        if (ms > LONGEST_MS) expect(shortestMs(expected, bytes)).toBeLessThan(LONGEST_MS)
        if (payload === null) refused++
        else checkPayload(payload, expected)
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error })
      }
    }
    // Most of what is damaged is in the values themselves, where nobody can tell.
    expect(refused).toBeGreaterThan(count / 3)
  }, 600_000)

  test('are cut off wherever they end', () => {
    for (const { fields, bytes } of samples) {
      for (let end = 0; end < bytes.length; end++) {
        const payload = read(fields, bytes.subarray(0, end))
        if (payload !== null) checkPayload(payload, fields)
        // The mark at the end may be missing, a batch may not.
        if (payload !== null && payload.length > 0) expect(end).toBeGreaterThanOrEqual(bytes.length - 8)
      }
    }
  })

  test('have the types that they were made of', () => {
    for (const { fields, bytes } of samples) {
      const { fields: given } = decodePayload(null, bytes, { maxRows: MAX_ROWS })
      given.forEach(({ type }, index) => {
        if (type.kind !== 'timestamp_ms') expect(sameType(type, fields[index]!.type)).toBe(true)
      })
    }
  })
})
