import duckdb from '@duckdb/node-bindings'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { concatColumns } from '../src/arrow/columns.ts'
import { decodeColumn } from '../src/arrow/decode.ts'
import { encodeColumn } from '../src/arrow/encode.ts'
import type { DataType } from '../src/base/dataType.ts'
import { formatType, sameType } from '../src/base/formatType.ts'
import { parseType } from '../src/base/parseType.ts'
import { BatchBuilder } from '../src/duckdb/codec/batchBuilder.ts'
import { dataTypeOf, logicalType } from '../src/duckdb/codec/logicalType.ts'
import { readVector } from '../src/duckdb/codec/readVector.ts'
import { writeVector } from '../src/duckdb/codec/writeVector.ts'
import { arbitraryType } from './arbitraryType.ts'
import { arbitraryColumn } from './arbitraryValue.ts'
import { repeats } from './repeats.ts'
import { cut, newChunk, VectorDatabase } from './vectorDatabase.ts'

let database: VectorDatabase

beforeAll(async () => {
  database = await VectorDatabase.open()
})

/** Cuts the rows of a query into batches, writes them into a table and compares every column there with what was read. */
async function throughBatches(sql: string, rows: number): Promise<void> {
  await database.run(`CREATE OR REPLACE TABLE given AS ${sql}`)
  await database.run('CREATE OR REPLACE TABLE taken AS FROM given LIMIT 0')
  const { schema, batches } = await database.batches('FROM given', rows)
  for (const batch of batches.slice(0, -1)) expect(batch.length).toBe(rows)
  database.append('taken', schema, batches)
  expect(await database.row('SELECT (SELECT count(*) FROM given) = (SELECT count(*) FROM taken)')).toEqual([
    true,
  ])
  const differing = schema.map(({ name }) => {
    const [given, taken] = [`given."${name}"`, `taken."${name}"`]
    return `count(*) FILTER (${given} IS DISTINCT FROM ${taken} OR ${given}::VARCHAR IS DISTINCT FROM ${taken}::VARCHAR)`
  })
  const counts = await database.row(
    `SELECT ${differing.join()} FROM given JOIN taken ON given.rowid = taken.rowid`,
  )
  expect(schema.filter((_, index) => counts[index] !== 0n).map(({ name }) => name)).toEqual([])
}

describe('every type of test_all_types()', () => {
  // Least, greatest and null in random order, so that nulls lie at every place of a bitmap's byte, and at both ends.
  const mixed = `SELECT * EXCLUDE (place) FROM (
      SELECT -1 AS place, * FROM (FROM test_all_types() LIMIT 1 OFFSET 2)
      UNION ALL SELECT hash(i * 3 + n) % 1000000, * EXCLUDE (i, n)
        FROM range(900) a(i), (SELECT row_number() OVER () AS n, * FROM test_all_types()) b
      UNION ALL SELECT 1000000 AS place, * FROM (FROM test_all_types() LIMIT 1 OFFSET 2)
    ) ORDER BY place`

  it.each([1, 7, 2048, 10_000])('comes back bit for bit in batches of %i rows', async (rows) => {
    await throughBatches(mixed, rows)
  })

  it('comes back through JavaScript values', async () => {
    await database.run(`CREATE OR REPLACE TABLE given AS ${mixed}`)
    await database.run('CREATE OR REPLACE TABLE taken AS FROM given LIMIT 0')
    const { schema, batches } = await database.batches('FROM given', 1000)
    const encoded = batches.map((batch) => ({
      length: batch.length,
      columns: schema.map(({ type }, index) => encodeColumn(type, decodeColumn(type, batch.columns[index]!))),
    }))
    database.append('taken', schema, encoded)
    for (const { name } of schema) {
      const sql = `SELECT count(*) FROM (SELECT "${name}"::VARCHAR FROM given EXCEPT ALL SELECT "${name}"::VARCHAR FROM taken)`
      expect([name, ...(await database.row(sql))]).toEqual([name, 0n])
    }
  })

  it('has a type of ours that DuckDB prints as we do', async () => {
    const { schema } = await database.chunks('FROM test_all_types()')
    const { batches } = await database.batches(
      'SELECT column_type FROM (DESCRIBE FROM test_all_types())',
      100,
    )
    expect(schema.map(({ type }) => formatType(type))).toEqual(
      decodeColumn({ kind: 'varchar' }, batches[0]!.columns[0]!),
    )
  })
})

describe('values at the edges', () => {
  const long = 'const string that is long enough to lie outside'
  it.each([
    [
      'strings of 0, 1, 12, 13 and 1,000,000 bytes',
      "repeat('x', [0, 1, 12, 13, 1000000][1 + i % 5]::INT)",
      40,
    ],
    ['short strings among long ones', `CASE WHEN i % 2 = 0 THEN 'b' ELSE '${long}' || i END`, 5000],
    ['strings beyond ASCII', "repeat('🦆é', (i % 9)::INT)", 5000],
    ['lists of 0 and 100,000 items', 'CASE i % 3 WHEN 0 THEN [] WHEN 1 THEN range(100000) END', 9],
    [
      'lists of 100,000 strings, the last one null',
      `list_append(list_transform(range(100000), lambda x: '${long}' || x), NULL)`,
      3,
    ],
    [
      'lists of 100,000 structs',
      `list_transform(range(100000), lambda x: {'a': x, 'b': 't' || x, 'c': [x, NULL]})`,
      3,
    ],
    ['structs of nulls', "CASE WHEN i % 2 = 0 THEN {'a': NULL::INT, 'b': [NULL::VARCHAR]} END", 3000],
    ['a list of unions', '[union_value(n := i), union_value(n := NULL::BIGINT), NULL]', 3000],
    ['JSON', "CASE WHEN i % 3 = 0 THEN NULL ELSE {'i': i}::JSON END", 3000],
    ['lists of JSON', "[{'i': i}::JSON, NULL]", 3000],
    ['nothing but nulls', 'NULL::STRUCT(a INTEGER[], b UNION(c VARCHAR, d MAP(VARCHAR, INTEGER[2])))', 3000],
  ])('%s come back', async (_, expression, rows) => {
    await throughBatches(`SELECT ${expression} AS x FROM range(${rows}) t(i)`, 2000)
  })

  it('0 rows are a batch of 0 rows', () => {
    const types = [
      'INTEGER',
      'VARCHAR',
      'STRUCT(a INTEGER[], b VARCHAR[2])',
      'UNION(a INTEGER)',
      '"NULL"',
    ].map(parseType)
    const batch = new BatchBuilder(types, 10).take()
    expect(batch.length).toBe(0)
    const chunk = newChunk(types)
    types.forEach((type, index) => {
      const vector = duckdb.data_chunk_get_vector(chunk, index)
      expect(decodeColumn(type, batch.columns[index]!)).toEqual([])
      expect(decodeColumn(type, readVector(vector, type, 0))).toEqual([])
      writeVector(vector, type, batch.columns[index]!, 0, 0)
    })
  })

  it('the NULL type has nulls', async () => {
    const type: DataType = { kind: 'null' }
    const name = database.registerIdentity(type)
    expect(
      await database.row(
        `SELECT ${name}(NULL), typeof(${name}(NULL)), count(${name}(NULL)) FROM range(5000)`,
      ),
    ).toEqual([null, '"NULL"', 0n])
  })

  it('JSON stays JSON', async () => {
    const name = database.registerIdentity({ kind: 'json' })
    expect(
      await database.row(`SELECT typeof(${name}('{"a": 1}'::JSON)), ${name}('{"a": 1}'::JSON)->>'a'`),
    ).toEqual(['JSON', '1'])
  })
})

describe('vectors as DuckDB computes them', () => {
  const long = 'const string that is long enough to lie outside'
  const expressions = [
    `list_select(['${long}' || i, 'b' || i, '${long}'], [3, 1, 2])`,
    `list_reverse(['${long}' || i, 'b'])`,
    'list_sort([i % 3, i % 5, NULL, 7])',
    `list_transform(range(i % 5), lambda x: '${long}' || x)`,
    `list_filter(['${long}' || i, 'bb', NULL], lambda x: x IS NULL OR length(x) > 3)`,
    `list_where(['${long}' || i, 'b', 'c'], [true, false, true])`,
    `list_slice(['a' || i, '${long}' || i, 'c'], 2, 3)`,
    `list_resize(['${long}' || i], 3)`,
    `list_distinct(['a', 'a', '${long}' || i])`,
    `list_zip([i, 2], ['a', '${long}'])`,
    `['${long}', NULL]`,
    `{'a': '${long}', 'b': i}`,
    `row(i, '${long}')`,
    `[{'a': i, 'b': '${long}'}, {'a': NULL, 'b': 'x' || i}]`,
    `map(['k' || i, '${long}'], [1, i])`,
    `map_entries(map(['k' || i], ['${long}']))`,
    `CASE WHEN i % 2 = 0 THEN ['${long}'] ELSE ['b' || i, '${long}'] END`,
    `array_value('${long}', 'b' || i)`,
    `[array_value({'x': i, 'y': '${long}'}, {'x': 1, 'y': NULL})]`,
    `CASE WHEN i % 2 = 0 THEN union_value(a := '${long}')::UNION(a VARCHAR, b INT) ELSE i::INT::UNION(a VARCHAR, b INT) END`,
    `string_split('${long},' || i, ',')`,
    `regexp_extract_all('${long} ${long}' || i, '\\w+')`,
    `json_extract_string('{"a": ["${long}", "b"]}', ['$.a[0]', '$.a[1]'])`,
    `['${long}', 'short', '${long}s'][1 + (hash(i) % 3)::INT]`,
    'CAST([1, 2, i] AS VARCHAR[])',
    `substr('${long}', 3, 20)`,
    "CASE WHEN i % 7 < 3 THEN NULL ELSE repeat('x', (i % 30)::INT) END",
  ]

  it.each(expressions)('%s', async (expression) => {
    const { schema } = await database.chunks(`SELECT ${expression} AS x FROM range(1) t(i)`)
    const name = database.registerIdentity(schema[0]!.type)
    for (const filter of ['true', 'i % 3 = 1', 'i % 100 = 7']) {
      const rows = `SELECT i, ${expression} AS x FROM range(5000) t(i) WHERE ${filter}`
      const differing = `count(*) FILTER (${name}(x)::VARCHAR IS DISTINCT FROM x::VARCHAR)`
      expect(await database.row(`SELECT ${differing} FROM (${rows})`)).toEqual([0n])
      expect(await database.row(`WITH kept AS MATERIALIZED (${rows}) SELECT ${differing} FROM kept`)).toEqual(
        [0n],
      )
      expect(await database.row(`SELECT ${differing} FROM (${rows} ORDER BY hash(i))`)).toEqual([0n])
    }
  })
})

describe('any column', () => {
  it('is the same after a vector, which may hold what it was used for before', () => {
    const columns = arbitraryColumn(arbitraryType()).chain(({ type, values }) =>
      fc.record({
        type: fc.constant(type),
        values: fc.constant(values),
        before: fc.shuffledSubarray([...values]),
        from: fc.nat(values.length),
      }),
    )
    fc.assert(
      fc.property(columns, ({ type, values, before, from }) => {
        const vector = duckdb.data_chunk_get_vector(newChunk([type]), 0)
        writeVector(vector, type, encodeColumn(type, before), 0, before.length)
        writeVector(vector, type, encodeColumn(type, values), from, values.length - from)
        expect(decodeColumn(type, readVector(vector, type, values.length - from))).toEqual(values.slice(from))
      }),
      { numRuns: repeats(300) },
    )
  })

  it('is the same however its rows are cut into batches', () => {
    const cuts = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 5 })
    const parts = arbitraryType().chain((type) =>
      fc.array(arbitraryColumn(fc.constant(type)), { minLength: 1, maxLength: 4 }),
    )
    fc.assert(
      fc.property(parts, cuts, (columns, sizes) => {
        const { type } = columns[0]!
        const chunks = columns.map(({ values }) => {
          const chunk = newChunk([type])
          writeVector(
            duckdb.data_chunk_get_vector(chunk, 0),
            type,
            encodeColumn(type, values),
            0,
            values.length,
          )
          duckdb.data_chunk_set_size(chunk, values.length)
          return chunk
        })
        let next = 0
        const batches = cut([{ name: 'x', type }], chunks, () => sizes[next++ % sizes.length]!)
        const whole = concatColumns(
          type,
          batches.map((batch) => batch.columns[0]!),
        )
        expect(decodeColumn(type, whole)).toEqual(columns.flatMap(({ values }) => values))
        for (const batch of batches) expect(batch.length).toBe(batch.columns[0]!.length)
      }),
      { numRuns: repeats(200) },
    )
  })

  it('says when a batch takes many bytes', () => {
    const type: DataType = { kind: 'varchar' }
    const chunk = newChunk([type])
    writeVector(
      duckdb.data_chunk_get_vector(chunk, 0),
      type,
      encodeColumn(type, ['x'.repeat(1000), 'y']),
      0,
      2,
    )
    duckdb.data_chunk_set_size(chunk, 2)
    const builder = new BatchBuilder([type], 2)
    builder.append(chunk, 0, 2)
    expect(builder.bytes).toBe(1001 + 2 * 4)
    builder.take()
    expect(builder.bytes).toBe(0)
  })

  it('is refused when it is not as its type says', () => {
    const list: DataType = { kind: 'list', item: { kind: 'integer' } }
    const vector = duckdb.data_chunk_get_vector(newChunk([list]), 0)
    const column = encodeColumn(list, [[1], [2, 3]])
    expect(() => writeVector(vector, list, column, 1, 2)).toThrow(
      'a column to be written to DuckDB has 2 rows, not 3',
    )
    expect(() => writeVector(vector, list, { ...column, offsets: null }, 0, 2)).toThrow(
      'a column to be written to DuckDB has too few offsets',
    )
    expect(() => writeVector(vector, list, { ...column, children: [] }, 0, 2)).toThrow(
      'a column to be written to DuckDB has 0 children',
    )
  })
})

describe('strings', () => {
  // Which strings are long, where they lie and how often each is there decides how they are fetched.
  it('are read from wherever they lie', async () => {
    const shapes = fc.record({
      lengths: fc.array(fc.oneof(fc.nat(14), fc.nat(200), fc.constantFrom(12, 13)), {
        minLength: 1,
        maxLength: 12,
      }),
      distinct: fc.constantFrom(1, 3, 50, 100_000),
      order: fc.constantFrom('i', 'hash(i)', 'x', 'i % 17'),
      nulls: fc.constantFrom(0, 2, 7),
    })
    await fc.assert(
      fc.asyncProperty(shapes, async ({ lengths, distinct, order, nulls }) => {
        const text = `left(repeat(md5((i % ${distinct})::VARCHAR), 7), [${lengths.join()}][1 + i % ${lengths.length}]::INT)`
        const value = nulls === 0 ? text : `CASE WHEN hash(i) % ${nulls} > 0 THEN ${text} END`
        await throughBatches(
          `SELECT x FROM (SELECT i, ${value} AS x FROM range(4000) t(i)) ORDER BY ${order}`,
          3000,
        )
      }),
      { numRuns: repeats(40) },
    )
  })
})

describe('dataTypeOf', () => {
  it('gives the type that logicalType was given', () => {
    fc.assert(
      fc.property(arbitraryType(), (type) => {
        expect(dataTypeOf(logicalType(type))).toEqual(type)
        expect(sameType(dataTypeOf(logicalType(type)), type)).toBe(true)
        expect(logicalType(type)).toBe(logicalType(type))
      }),
      { numRuns: repeats(300) },
    )
  })

  it('refuses a type whose values cannot leave DuckDB', async () => {
    await expect(database.chunks("SELECT '1'::VARIANT")).rejects.toThrow(
      expect.objectContaining({
        code: 'TYPE_UNSUPPORTED',
        message: "values of DuckDB's type VARIANT cannot leave DuckDB\n  cast them to JSON or VARCHAR first",
      }),
    )
  })
})
