import type * as arrow from 'apache-arrow'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodePayload, encodePayload } from '../../src/arrow/ipcPayload.ts'
import { library } from '../../src/arrow/library.ts'
import type { DataType, Schema } from '../../src/base/dataType.ts'
import { arbitraryType } from '../arbitraryType.ts'
import { arbitraryValue } from '../arbitraryValue.ts'
import { repeats } from '../repeats.ts'
import { batchOfValues, streamOf, valuesOf } from './payloads.ts'

const limits = { maxRows: 100_000 }
const varchar: DataType = { kind: 'varchar' }

/** Up to three columns of equal length. */
const columns = fc
  .tuple(fc.array(arbitraryType(), { minLength: 1, maxLength: 3 }), fc.nat(20))
  .chain(([types, length]) =>
    fc.tuple(
      ...types.map((type) =>
        fc
          .array(arbitraryValue(type), { minLength: length, maxLength: length })
          .map((values) => ({ type, values })),
      ),
    ),
  )

describe('payloads', () => {
  test('give back what was put in, wherever they lie in memory', () => {
    fc.assert(
      fc.property(columns, fc.nat(9), (given, shift) => {
        const { fields, batch } = batchOfValues(given)
        const bytes = encodePayload(fields, batch)
        const moved = new Uint8Array(bytes.length + shift).subarray(shift)
        moved.set(bytes)
        const { batches, length } = decodePayload(fields, moved, limits)
        expect(length).toBe(batch.length)
        expect(batches.map((read) => valuesOf(fields, read))).toEqual([valuesOf(fields, batch)])
      }),
      { numRuns: repeats(150) },
    )
  })

  test('have no dictionaries: enums are texts', () => {
    const type: DataType = {
      kind: 'struct',
      fields: [{ name: 'e', type: { kind: 'enum', values: ['b', 'a'] } }],
    }
    const { fields, batch } = batchOfValues([{ type, values: [{ e: 'a' }, null, { e: 'b' }, { e: null }] }])
    const bytes = encodePayload(fields, batch)
    const { fields: given, batches } = decodePayload(null, bytes, limits)
    expect(given).toEqual([{ name: '0', type: { kind: 'struct', fields: [{ name: 'e', type: varchar }] } }])
    expect(valuesOf(given, batches[0]!)).toEqual([[{ e: 'a' }, null, { e: 'b' }, { e: null }]])
    expect(valuesOf(fields, decodePayload(fields, bytes, limits).batches[0]!)).toEqual(
      valuesOf(fields, batch),
    )
  })

  test('without a batch have no rows; a batch without rows is one', () => {
    const { fields, batch } = batchOfValues([{ type: varchar, values: [] }])
    expect(decodePayload(fields, encodePayload(fields, batch), limits).batches).toHaveLength(1)
    const schema = encodePayload(fields, batch)
    const firstMessage = 8 + new DataView(schema.buffer, schema.byteOffset).getInt32(4, true)
    expect(decodePayload(fields, schema.subarray(0, firstMessage), limits)).toEqual({
      fields,
      batches: [],
      length: 0,
    })
  })
})

describe('other ways to keep the same values', () => {
  const texts = ['', 'a', null, 'a text of more than twelve bytes', 'Zoë']
  const cases: readonly (readonly [string, arrow.DataType])[] = [
    ['utf8', new library.Utf8()],
    ['large_utf8', new library.LargeUtf8()],
    ['utf8_view', new library.Utf8View()],
    ['dictionary', new library.Dictionary(new library.Utf8(), new library.Int16())],
  ]
  test.each(cases)('%s is read as text', (_, type) => {
    const bytes = streamOf({ x: library.vectorFromArray(texts, type) })
    for (const expected of [[{ name: 'x', type: varchar }], null]) {
      const { fields, batches } = decodePayload(expected, bytes, limits)
      expect(valuesOf(fields, batches[0]!)).toEqual([texts])
    }
  })

  test('timestamps of coarser units and of a zone are read as they are', () => {
    const ms = streamOf({ x: library.vectorFromArray([1n, null, -5n], new library.TimestampMillisecond()) })
    const read = (kind: 'timestamp' | 'timestamp_ns') =>
      valuesOf(
        [{ name: 'x', type: { kind } }],
        decodePayload([{ name: 'x', type: { kind } }], ms, limits).batches[0]!,
      )
    expect(read('timestamp')).toEqual([[1000n, null, -5000n]])
    expect(read('timestamp_ns')).toEqual([[1_000_000n, null, -5_000_000n]])
  })

  test('several batches are read one by one', () => {
    const table = new library.Table(
      ['a', 'b'].map(
        (text) =>
          new library.Table({ x: library.vectorFromArray([text, null], new library.Utf8()) }).batches[0]!,
      ),
    )
    const { batches, length, fields } = decodePayload(null, library.tableToIPC(table, 'stream'), limits)
    expect([length, batches.map((batch) => valuesOf(fields, batch))]).toEqual([
      4,
      [[['a', null]], [['b', null]]],
    ])
  })
})

/** What refuses a payload. */
function problem(expected: Schema | null, given: Uint8Array, maxRows = 10): unknown {
  try {
    return decodePayload(expected, given, { maxRows })
  } catch (error) {
    return error
  }
}

function invalid(message: unknown): unknown {
  return expect.objectContaining({ code: 'ARROW_INVALID', message })
}

function structOf(...names: string[]): DataType {
  return { kind: 'struct', fields: names.map((name) => ({ name, type: { kind: 'integer' } })) }
}

describe('what is refused', () => {
  const { fields, batch } = batchOfValues([{ type: varchar, values: ['a', 'b', null] }])
  const bytes = encodePayload(fields, batch)

  test('another type', () => {
    expect(problem([{ name: 'x', type: { kind: 'integer' } }], bytes)).toEqual(
      invalid("column '0' of the Arrow data is VARCHAR instead of INTEGER"),
    )
    const made = batchOfValues([{ type: structOf('a', 'b'), values: [{ a: 1, b: 2 }] }])
    expect(
      problem([{ name: 'x', type: structOf('b', 'a') }], encodePayload(made.fields, made.batch)),
    ).toEqual(
      invalid(
        `column '0' of the Arrow data is STRUCT(a INTEGER, b INTEGER) instead of STRUCT(b INTEGER, a INTEGER)`,
      ),
    )
  })

  test('other columns', () => {
    expect(problem([...fields, ...fields], bytes)).toEqual(
      invalid("the Arrow data has 1 columns instead of 2: '0'"),
    )
  })

  test('more rows than there may be', () => {
    expect(problem(fields, bytes, 2)).toEqual(
      invalid('the Arrow data cannot be read: it has 3 rows or more where 2 may be'),
    )
  })

  test('what is no stream', () => {
    expect(problem(null, new Uint8Array(0))).toEqual(invalid('the Arrow data cannot be read: it is empty'))
    expect(problem(null, Buffer.from('ARROW1\0\0'))).toEqual(
      invalid('the Arrow data cannot be read: it has no message where one should begin'),
    )
    expect(problem(null, bytes.subarray(0, bytes.length - 30))).toEqual(
      invalid(expect.stringContaining('the Arrow data cannot be read: ')),
    )
    expect(problem(null, Buffer.concat([bytes.subarray(0, bytes.length - 8), bytes]))).toEqual(
      invalid('the Arrow data cannot be read: it has a second schema'),
    )
  })
})
