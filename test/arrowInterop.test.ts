import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as arrow from 'apache-arrow'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dataTypeOfArrow, schemaOfArrow, toArrowField, toArrowSchema } from '../src/arrow/arrowSchema.ts'
import { canRead } from '../src/arrow/arrowStorage.ts'
import type { BatchStream } from '../src/arrow/batchStream.ts'
import { readAll } from '../src/arrow/batchStream.ts'
import type { Batch } from '../src/arrow/column.ts'
import { concatColumns } from '../src/arrow/columns.ts'
import { decodeColumn } from '../src/arrow/decode.ts'
import { encodeColumn } from '../src/arrow/encode.ts'
import { fromArrowVector } from '../src/arrow/fromArrow.ts'
import { readIpcFiles, writeIpcFile } from '../src/arrow/ipcFile.ts'
import { toRows } from '../src/arrow/rows.ts'
import { batchesOfTable, columnFromVector } from '../src/arrow/table.ts'
import { toArrowTable } from '../src/arrow/toArrow.ts'
import type { DataType, Schema } from '../src/base/dataType.ts'
import { parseType } from '../src/base/parseType.ts'
import { arbitraryType } from './arbitraryType.ts'
import { arbitraryValue } from './arbitraryValue.ts'
import { repeats } from './repeats.ts'
import { VectorDatabase } from './vectorDatabase.ts'

let directory: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'callplane-arrow-'))
})
afterAll(async () => {
  await rm(directory, { recursive: true })
})

function batchOfValues(schema: Schema, columns: readonly (readonly unknown[])[]): Batch {
  return {
    length: columns[0]?.length ?? 0,
    columns: schema.map(({ type }, index) => encodeColumn(type, columns[index]!)),
  }
}

function valuesOfBatches(schema: Schema, batches: readonly Batch[]): readonly (readonly unknown[])[] {
  return schema.map(({ type }, index) =>
    decodeColumn(
      type,
      concatColumns(
        type,
        batches.map((batch) => batch.columns[index]!),
      ),
    ),
  )
}

function streamOf(schema: Schema, batches: readonly Batch[]): BatchStream {
  const rest = [...batches]
  return { schema, next: async () => rest.shift() ?? null, close: async () => {} }
}

/** What was read back from a file that holds these bytes. */
async function readBytes(
  bytes: Uint8Array,
): Promise<{ readonly schema: Schema; readonly batches: readonly Batch[] }> {
  const path = join(directory, 'given.arrow')
  await writeFile(path, bytes)
  const stream = await readIpcFiles([path])
  return { schema: stream.schema, batches: await readAll(stream) }
}

function extensionOf(type: string): Record<string, string> {
  return Object.fromEntries(toArrowField({ name: 'x', type: parseType(type) }).metadata)
}

function readVector(vector: arrow.Vector): { type: DataType; values: readonly unknown[] } {
  const type = dataTypeOfArrow(vector.type)
  return { type, values: decodeColumn(type, fromArrowVector(type, vector, 'it')) }
}

function fail(row: number, problem: string): never {
  throw new Error(`${row}: ${problem}`)
}

function valuesOf(data: arrow.Data): unknown {
  const type = dataTypeOfArrow(data.type)
  return decodeColumn(type, fromArrowVector(type, new arrow.Vector([data]), "column 'x'"))
}

function utf8(offsets: readonly number[], text: string | Uint8Array): arrow.Data {
  return new arrow.Data(new arrow.Utf8(), 0, offsets.length - 1, 0, {
    [arrow.BufferType.OFFSET]: Int32Array.from(offsets),
    [arrow.BufferType.DATA]: typeof text === 'string' ? new TextEncoder().encode(text) : text,
  })
}

/** A file of nested columns in two batches. */
async function smallFile(format: 'file' | 'stream'): Promise<Buffer> {
  const schema: Schema = [
    { name: 's', type: { kind: 'varchar' } },
    { name: 'l', type: parseType("STRUCT(a INTEGER[], e ENUM('x', 'y'))[]") },
    { name: 'u', type: parseType('UNION(a BIT, b BIGNUM)') },
    { name: 'd', type: parseType('DECIMAL(10,2)') },
  ]
  const rows = [
    ['a', null, 'Zoë'],
    [[{ a: [1], e: 'y' }], null, []],
    [{ tag: 'a', value: '01' }, { tag: 'b', value: 5n }, null],
    ['1.00', null, '2.00'],
  ]
  const path = join(directory, 'small.arrow')
  await writeIpcFile(
    path,
    streamOf(schema, [batchOfValues(schema, rows), batchOfValues(schema, rows)]),
    format,
  )
  return readFile(path)
}

async function writeColumn(name: string, type: DataType, values: readonly unknown[]): Promise<string> {
  const schema = [{ name: 'x', type }]
  await writeIpcFile(join(directory, name), streamOf(schema, [batchOfValues(schema, [values])]))
  return join(directory, name)
}

/** A few columns of random types, in a few batches. */
const tables = fc.array(arbitraryType(), { minLength: 1, maxLength: 3 }).chain((types) =>
  fc.record({
    schema: fc.constant(types.map((type, index) => ({ name: `c${index}`, type }))),
    parts: fc.array(
      fc
        .nat(12)
        .chain((rows) =>
          fc.tuple(
            ...types.map((type) => fc.array(arbitraryValue(type), { minLength: rows, maxLength: rows })),
          ),
        ),
      { minLength: 1, maxLength: 3 },
    ),
  }),
)

describe('tables', () => {
  it('keep every type and value', () => {
    fc.assert(
      fc.property(tables, ({ schema, parts }) => {
        const table = toArrowTable(
          schema,
          parts.map((columns) => batchOfValues(schema, columns)),
        )
        const read = batchesOfTable(table)
        expect(read.schema).toEqual(schema)
        const expected = schema.map((_, index) => parts.flatMap((columns) => columns[index]!))
        expect(valuesOfBatches(schema, read.batches)).toEqual(expected)
      }),
      { numRuns: repeats(200) },
    )
  })

  it('keep every type when they are sliced', () => {
    fc.assert(
      fc.property(tables, fc.nat(20), fc.nat(20), ({ schema, parts }, from, rows) => {
        const table = toArrowTable(
          schema,
          parts.map((columns) => batchOfValues(schema, columns)),
        ).slice(from, from + rows)
        const expected = schema.map((_, index) =>
          parts.flatMap((columns) => columns[index]!).slice(from, from + rows),
        )
        expect(valuesOfBatches(schema, batchesOfTable(table).batches)).toEqual(expected)
      }),
      { numRuns: repeats(200) },
    )
  })

  it('show values as apache-arrow has them', () => {
    const schema: Schema = [
      { name: 'b', type: { kind: 'boolean' } },
      { name: 'i', type: { kind: 'bigint' } },
      { name: 's', type: { kind: 'varchar' } },
      { name: 'e', type: { kind: 'enum', values: ['x', 'y'] } },
      { name: 'l', type: parseType('INTEGER[]') },
      { name: 'n', type: parseType('STRUCT(a DOUBLE)') },
      { name: 'd', type: { kind: 'date' } },
    ]
    const table = toArrowTable(schema, [
      batchOfValues(schema, [
        [true, null],
        [5n, -1n],
        ['Zoë', ''],
        ['y', null],
        [[1, null], []],
        [{ a: 0.5 }, null],
        [1, null],
      ]),
    ])
    expect(
      JSON.stringify(
        table.toArray().map((row) => row?.toJSON()),
        (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value),
      ),
    ).toBe(
      '[{"b":true,"i":"5n","s":"Zoë","e":"y","l":[1,null],"n":{"a":0.5},"d":86400000},{"b":null,"i":"-1n","s":"","e":null,"l":[],"n":null,"d":null}]',
    )
  })

  it('have one schema for the same columns, so that their dictionaries are one', () => {
    const schema: Schema = [{ name: 'e', type: { kind: 'enum', values: ['x'] } }]
    expect(toArrowSchema(schema)).toBe(toArrowSchema(schema))
  })

  it('say what their types stand for in the terms of Arrow', () => {
    expect(extensionOf('UUID')).toEqual({
      'ARROW:extension:name': 'arrow.uuid',
      'ARROW:extension:metadata': '',
    })
    expect(extensionOf('JSON')).toEqual({
      'ARROW:extension:name': 'arrow.json',
      'ARROW:extension:metadata': '',
    })
    expect(extensionOf('HUGEINT')).toEqual({
      'ARROW:extension:name': 'duckdb.hugeint',
      'ARROW:extension:metadata': 'HUGEINT',
    })
    expect(extensionOf('INTEGER')).toEqual({})
  })
})

describe('tables of other programs', () => {
  it.each<[string, arrow.Vector, DataType, readonly unknown[]]>([
    [
      'dictionaries',
      arrow.vectorFromArray(['a', 'b', null, 'a'], new arrow.Dictionary(new arrow.Utf8(), new arrow.Int16())),
      { kind: 'varchar' },
      ['a', 'b', null, 'a'],
    ],
    [
      'large texts',
      arrow.vectorFromArray(['a', null, 'Zoë'], new arrow.LargeUtf8()),
      { kind: 'varchar' },
      ['a', null, 'Zoë'],
    ],
    [
      'large bytes',
      arrow.vectorFromArray([new Uint8Array([1]), null], new arrow.LargeBinary()),
      { kind: 'blob' },
      [new Uint8Array([1]), null],
    ],
    [
      'bytes of one length',
      arrow.vectorFromArray([new Uint8Array([1, 2]), null], new arrow.FixedSizeBinary(2)),
      { kind: 'blob' },
      [new Uint8Array([1, 2]), null],
    ],
    [
      'half floats',
      arrow.vectorFromArray([1.5, null, -0.25, 65504, Infinity], new arrow.Float16()),
      { kind: 'float' },
      [1.5, null, -0.25, 65504, Infinity],
    ],
    [
      'dates of milliseconds',
      arrow.vectorFromArray([new Date(5), null], new arrow.DateMillisecond()),
      { kind: 'timestamp_ms' },
      [5n, null],
    ],
    [
      'times of seconds',
      arrow.makeVector(arrow.makeData({ type: new arrow.TimeSecond(), data: new Int32Array([1, 2]) })),
      { kind: 'time' },
      [1_000_000n, 2_000_000n],
    ],
    [
      'zoned milliseconds',
      arrow.makeVector(
        arrow.makeData({
          type: new arrow.TimestampMillisecond('Europe/Oslo'),
          data: new BigInt64Array([-1n]),
        }),
      ),
      { kind: 'timestamp_tz' },
      [-1000n],
    ],
    [
      'zoned nanoseconds',
      arrow.makeVector(
        arrow.makeData({ type: new arrow.TimestampNanosecond('UTC'), data: new BigInt64Array([-1n, 1999n]) }),
      ),
      { kind: 'timestamp_tz' },
      [-1n, 1n],
    ],
    [
      'wide decimals',
      arrow.makeVector(
        arrow.makeData({
          type: new arrow.Decimal(2, 9, 128),
          data: new Uint32Array([5, 0, 0, 0, 2 ** 32 - 5, 2 ** 32 - 1, 2 ** 32 - 1, 2 ** 32 - 1]),
        }),
      ),
      { kind: 'decimal', width: 9, scale: 2 },
      ['0.05', '-0.05'],
    ],
  ])('may have %s', (_, vector, type, values) => {
    expect(readVector(vector)).toEqual({ type, values })
  })

  it.each([
    ['durations', new arrow.DurationSecond(), 'Duration'],
    ['decimals of 256 bits', new arrow.Decimal(2, 50, 256), 'Decimal'],
    ['unions', new arrow.SparseUnion([0], [new arrow.Field('a', new arrow.Int8())]), 'Union'],
  ])('may not have %s', (_, type, name) => {
    expect(() => schemaOfArrow(new arrow.Schema([new arrow.Field('x', type)]))).toThrow(
      expect.objectContaining({
        code: 'TYPE_UNSUPPORTED',
        message: `Arrow's ${name} has no type in DuckDB that it could become`,
      }),
    )
  })
})

describe('a vector as a result', () => {
  it.each<[string, arrow.Vector, readonly unknown[]]>([
    ['BIGINT', arrow.vectorFromArray([1, null, 2], new arrow.Int32()), [1n, null, 2n]],
    ['DOUBLE', arrow.vectorFromArray([1n, null], new arrow.Int64()), [1, null]],
    ['FLOAT', arrow.makeVector(new Float64Array([0.5])), [0.5]],
    [
      'DOUBLE[]',
      arrow.vectorFromArray([[1, 2], null], new arrow.List(new arrow.Field('item', new arrow.Int32()))),
      [[1, 2], null],
    ],
    [
      'TIMESTAMP',
      arrow.makeVector(
        arrow.makeData({ type: new arrow.TimestampMillisecond(), data: new BigInt64Array([5n]) }),
      ),
      [5000n],
    ],
    ["ENUM('a', 'b')", arrow.vectorFromArray(['b', null, 'a']), ['b', null, 'a']],
    ["ENUM('a', 'b')", arrow.vectorFromArray(['b', null, 'a'], new arrow.Utf8()), ['b', null, 'a']],
    [
      'UUID',
      arrow.vectorFromArray([new Uint8Array(16).fill(0x11)], new arrow.FixedSizeBinary(16)),
      ['11111111-1111-1111-1111-111111111111'],
    ],
    ['JSON', arrow.vectorFromArray(['{}'], new arrow.Utf8()), ['{}']],
    ['DECIMAL(4,2)', arrow.vectorFromArray(['1.5'], new arrow.Utf8()), ['1.50']],
    ['BOOLEAN', arrow.vectorFromArray([null, null], new arrow.Null()), [null, null]],
  ])('becomes %s', (text, vector, values) => {
    const type = parseType(text)
    const two = vector.concat(vector)
    expect(decodeColumn(type, columnFromVector(type, two, fail))).toEqual([...values, ...values])
  })

  it.each<[string, arrow.Vector, string]>([
    [
      'VARCHAR',
      arrow.makeVector(new Int32Array([1])),
      '0: 1 instead of VARCHAR, a string without lone surrogates',
    ],
    [
      'TINYINT',
      arrow.makeVector(new Int32Array([1, 300])),
      '1: 300 instead of TINYINT, a whole number from -128 to 127',
    ],
    [
      'TIMESTAMP_MS',
      arrow.makeVector(
        arrow.makeData({ type: new arrow.TimestampMicrosecond(), data: new BigInt64Array([5n]) }),
      ),
      '0: a vector of Timestamp instead of TIMESTAMP_MS',
    ],
    [
      "ENUM('a')",
      arrow.vectorFromArray(['b'], new arrow.Utf8()),
      "the result of the Arrow data cannot be read: row 0 is 'b' instead of ENUM('a'), one of its values",
    ],
    [
      'INTEGER[2]',
      arrow.vectorFromArray([[1]], new arrow.List(new arrow.Field('item', new arrow.Int32()))),
      '0: [ 1 ] instead of INTEGER[2], an array of 2',
    ],
  ])('does not become %s', (text, vector, message) => {
    expect(() => columnFromVector(parseType(text), vector, fail)).toThrow(message)
  })
})

describe('malformed Arrow data', () => {
  it.each<[string, arrow.Data, string]>([
    ['offsets past the end', utf8([0, 1, 9], 'abc'), 'its offsets end at byte 9 of 3'],
    ['offsets that run backwards', utf8([0, 3, 1, 2], 'abc'), 'the offset after row 1 runs backwards'],
    ['a negative offset', utf8([-1, 1], 'abc'), 'its first offset is -1'],
    ['no UTF-8', utf8([0, 1, 3], new Uint8Array([97, 0xc3, 0x28])), 'row 1 is no UTF-8'],
    ['half a character', utf8([0, 1, 2], 'é'), 'row 1 is no UTF-8'],
    [
      'too few offsets',
      new arrow.Data(new arrow.Utf8(), 0, 5, 0, {
        [arrow.BufferType.OFFSET]: new Int32Array(3),
        [arrow.BufferType.DATA]: new Uint8Array(0),
      }),
      'it has fewer offsets than rows',
    ],
    [
      'too few values',
      new arrow.Data(new arrow.Int32(), 0, 5, 0, { [arrow.BufferType.DATA]: new Int32Array(4) }),
      'its values take 16 bytes where 20 are needed',
    ],
    [
      'too few bits',
      new arrow.Data(new arrow.Bool(), 0, 20, 0, { [arrow.BufferType.DATA]: new Uint8Array(2) }),
      'it has fewer bits than rows',
    ],
    [
      'too little validity',
      new arrow.Data(new arrow.Int8(), 0, 20, 5, {
        [arrow.BufferType.DATA]: new Int8Array(20),
        [arrow.BufferType.VALIDITY]: new Uint8Array(2),
      }),
      'its validity has fewer bits than rows',
    ],
    [
      'lists past their items',
      new arrow.Data(
        new arrow.List(new arrow.Field('item', new arrow.Int8())),
        0,
        1,
        0,
        { [arrow.BufferType.OFFSET]: new Int32Array([0, 5]) },
        [arrow.makeData({ type: new arrow.Int8(), data: new Int8Array(3) })],
      ),
      'its lists end at item 5 of 3',
    ],
    [
      'a short child',
      new arrow.Data(new arrow.Struct([new arrow.Field('a', new arrow.Int8())]), 0, 5, 0, {}, [
        arrow.makeData({ type: new arrow.Int8(), data: new Int8Array(3) }),
      ]),
      'its child 0 has 3 of 5 rows',
    ],
    [
      'codes past the dictionary',
      new arrow.Data(
        new arrow.Dictionary(new arrow.Utf8(), new arrow.Int8()),
        0,
        2,
        0,
        { [arrow.BufferType.DATA]: new Int8Array([0, 7]) },
        [],
        arrow.vectorFromArray(['a'], new arrow.Utf8()),
      ),
      'row 1 has code 7 of a dictionary of 1',
    ],
    [
      'too many digits',
      arrow.makeData({ type: new arrow.Decimal(0, 3, 128), data: new Uint32Array([1000, 0, 0, 0]) }),
      'row 0 has more than 3 digits',
    ],
  ])('with %s', (_, data, problem) => {
    expect(() => valuesOf(data)).toThrow(
      expect.objectContaining({
        code: 'ARROW_INVALID',
        message: `column 'x' of the Arrow data cannot be read: ${problem}`,
      }),
    )
  })

  it('with values that DuckDB would not survive', () => {
    const bytes = arrow.vectorFromArray([new Uint8Array([9])], new arrow.Binary())
    for (const kind of ['bit', 'bignum'] as const) {
      expect(() => fromArrowVector({ kind }, bytes, 'it')).toThrow(
        'it of the Arrow data cannot be read: row 0 is no value of its type',
      )
    }
    const union = parseType('UNION(a INTEGER)')
    const column2 = encodeColumn(union, [{ tag: 'a', value: 1 }])
    const table = toArrowTable(
      [{ name: 'u', type: union }],
      [{ length: 1, columns: [{ ...column2, values: new Uint8Array([3]) }] }],
    )
    expect(() => batchesOfTable(table)).toThrow(
      "column 'u' of the Arrow data cannot be read: row 0 has tag 3 of 1",
    )
  })

  it('with a type that its field does not have', () => {
    const field = new arrow.Field(
      'h',
      new arrow.Int8(),
      true,
      toArrowField({ name: 'h', type: { kind: 'hugeint' } }).metadata,
    )
    const table = new arrow.Table(new arrow.Schema([field]), { h: arrow.makeVector(new Int8Array(1)) })
    expect(() => batchesOfTable(table)).toThrow(
      "column 'h' of the Arrow data cannot be read: its Int is not read as HUGEINT",
    )
    const words = new arrow.Field(
      'h',
      new arrow.Int8(),
      true,
      new Map([
        ['ARROW:extension:name', 'duckdb.x'],
        ['ARROW:extension:metadata', 'NONSENSE'],
      ]),
    )
    expect(() => schemaOfArrow(new arrow.Schema([words]))).toThrow(
      "Arrow field 'h' says that its type is 'NONSENSE'",
    )
    expect(canRead({ kind: 'hugeint' }, new arrow.FixedSizeBinary(16))).toBe(true)
  })
})

describe('IPC files', () => {
  it.each(['file', 'stream'] as const)('in the %s format keep every type and value', async (format) => {
    await fc.assert(
      fc.asyncProperty(tables, async ({ schema, parts }) => {
        const path = join(directory, 'kept.arrow')
        const batches = parts.map((columns) => batchOfValues(schema, columns))
        expect(await writeIpcFile(path, streamOf(schema, batches), format)).toBe(
          batches.reduce((rows, { length }) => rows + length, 0),
        )
        const { schema: found, batches: read } = await readBytes(await readFile(path))
        expect(found).toEqual(schema)
        expect(valuesOfBatches(schema, read)).toEqual(
          schema.map((_, index) => parts.flatMap((columns) => columns[index]!)),
        )
      }),
      { numRuns: repeats(100) },
    )
  })

  it('keep all types of test_all_types()', async () => {
    const database = await VectorDatabase.open()
    const { schema, batches } = await database.batches('SELECT t.* FROM range(3) r(i), test_all_types() t', 2)
    const path = join(directory, 'types.arrow')
    await writeIpcFile(path, streamOf(schema, batches))
    const { schema: found, batches: read } = await readBytes(await readFile(path))
    expect(found).toEqual(schema)
    expect(valuesOfBatches(schema, read)).toEqual(valuesOfBatches(schema, batches))
  })

  it('are read by apache-arrow', async () => {
    const schema: Schema = [{ name: 'x', type: { kind: 'varchar' } }]
    const path = join(directory, 'read.arrow')
    await writeIpcFile(
      path,
      streamOf(schema, [batchOfValues(schema, [['a', null]]), batchOfValues(schema, [['b']])]),
    )
    expect(
      arrow
        .tableFromIPC(await readFile(path))
        .toArray()
        .map((row) => row?.toJSON()),
    ).toEqual([{ x: 'a' }, { x: null }, { x: 'b' }])
  })

  it.each(['file', 'stream'] as const)(
    'in the %s format that are damaged are refused, or read as something',
    async (format) => {
      const whole = await smallFile(format)
      const damage = fc.array(
        fc.tuple(fc.nat(whole.length - 1), fc.oneof(fc.nat(255), fc.constantFrom(0, 0x7f, 0xff))),
        { minLength: 1, maxLength: 3 },
      )
      await fc.assert(
        fc.asyncProperty(damage, async (changes) => {
          const bytes = Buffer.from(whole)
          for (const [at, byte] of changes) bytes[at] = byte
          try {
            const { schema, batches } = await readBytes(bytes)
            valuesOfBatches(schema, batches)
          } catch (error) {
            expect(['ARROW_INVALID', 'TYPE_UNSUPPORTED']).toContain(Reflect.get(Object(error), 'code'))
          }
        }),
        { numRuns: repeats(1500) },
      )
    },
  )

  it('that are cut off are refused', async () => {
    const whole = await smallFile('file')
    for (let length = 1; length < whole.length; length += 7) {
      await expect(readBytes(whole.subarray(0, length))).rejects.toMatchObject({ code: 'ARROW_INVALID' })
    }
    const path = join(directory, 'given.arrow')
    await expect(readBytes(whole.subarray(0, whole.length - 5))).rejects.toThrow(
      `${path} is no Arrow IPC file: it does not end as such a file does: it may be cut off`,
    )
    await expect(readBytes(new Uint8Array(0))).rejects.toThrow(
      `${path} is no Arrow IPC file: it holds nothing`,
    )
    await expect(readBytes(Buffer.from('name,value\n1,2\n'))).rejects.toThrow(
      `${path} is no Arrow IPC file: it ends in the middle of a message`,
    )
    await expect(readIpcFiles([join(directory, 'missing')])).rejects.toMatchObject({ code: 'IO_FAILED' })
  })

  it('of several names follow one another if they have the same columns', async () => {
    const paths = [
      await writeColumn('one', { kind: 'integer' }, [1]),
      await writeColumn('two', { kind: 'integer' }, []),
      await writeColumn('three', { kind: 'integer' }, [3]),
    ]
    const stream = await readIpcFiles(paths)
    expect(valuesOfBatches(stream.schema, await readAll(stream))).toEqual([[1, 3]])
    const other = await writeColumn('other', { kind: 'varchar' }, ['a'])
    await expect(readAll(await readIpcFiles([paths[0]!, other]))).rejects.toThrow(
      `${other} has other columns than the files before it`,
    )
  })

  it('are not kept in memory while they are written', async () => {
    const schema: Schema = [{ name: 'x', type: { kind: 'double' } }]
    const file = await open('/dev/null', 'w')
    await file.close()
    const before = process.memoryUsage().arrayBuffers
    let left = 400
    let most = 0
    const stream: BatchStream = {
      schema,
      next: async () => {
        most = Math.max(most, process.memoryUsage().arrayBuffers - before)
        return left-- > 0
          ? { length: 65_536, columns: [encodeColumn({ kind: 'double' }, new Float64Array(65_536))] }
          : null
      },
      close: async () => {},
    }
    expect(await writeIpcFile(join(directory, 'large.arrow'), stream)).toBe(400 * 65_536)
    expect(most).toBeLessThan(100 * 2 ** 20)
  })
})

describe('toRows', () => {
  it('gives dates as JavaScript dates, or as text beyond them', () => {
    const schema: Schema = [
      { name: 'd', type: { kind: 'date' } },
      { name: 't', type: { kind: 'timestamp' } },
      { name: 'l', type: parseType('TIMESTAMP_S[]') },
      { name: 'j', type: { kind: 'json', as: 'parsed' } },
    ]
    const batch = batchOfValues(schema, [
      [1, 2 ** 31 - 1, null],
      [-1n, -(2n ** 63n - 1n), 2n ** 63n - 2n],
      [[5n], [], null],
      [{ a: 1 }, null, 'x'],
    ])
    expect(
      toRows(
        schema.map(({ name, type }) => ({
          name,
          type: parseType(type.kind === 'list' ? 'TIMESTAMP_S[]' : type.kind),
        })),
        batch,
      ),
    ).toEqual([
      { d: new Date('1970-01-02'), t: new Date(-1), l: [new Date(5000)], j: '{"a":1}' },
      { d: 'infinity', t: '-infinity', l: [], j: null },
      { d: null, t: '294247-01-10 04:00:54.775806', l: null, j: '"x"' },
    ])
  })

  it('writes dates beyond JavaScript as DuckDB does', async () => {
    const database = await VectorDatabase.open()
    const days = [-(2 ** 31) + 2, -200_000_000, -100_000_001, 100_000_001, 2_147_483_646]
    for (const day of days) {
      const [text] = await database.row(`SELECT (DATE '1970-01-01' + ${day})::VARCHAR`)
      expect(
        toRows(
          [{ name: 'd', type: { kind: 'date' } }],
          batchOfValues([{ name: 'd', type: { kind: 'date' } }], [[day]]),
        ),
      ).toEqual([{ d: text }])
    }
    for (const micros of [
      -9_223_372_022_400_000_000n,
      -8_640_000_000_000_001_000n,
      8_640_000_000_000_001_500n,
      9_223_372_036_854_775_806n,
    ]) {
      const [text] = await database.row(`SELECT make_timestamp(${micros})::VARCHAR`)
      const schema: Schema = [{ name: 't', type: { kind: 'timestamp' } }]
      expect(toRows(schema, batchOfValues(schema, [[micros]]))).toEqual([{ t: text }])
    }
  })

  it('loses no column whose name is there twice', () => {
    const schema: Schema = ['a', 'a', 'a:1', 'a', '__proto__'].map((name) => ({
      name,
      type: { kind: 'integer' },
    }))
    const [row] = toRows(schema, batchOfValues(schema, [[1], [2], [3], [4], [5]]))
    expect(JSON.stringify(row)).toBe('{"a":1,"a:1":2,"a:1:1":3,"a:2":4,"__proto__":5}')
  })
})
