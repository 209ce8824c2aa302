import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { DataType, Schema } from '../../src/base/dataType.ts'
import { parseType } from '../../src/base/parseType.ts'
import { csvText } from '../../src/cli/formats/csvText.ts'
import { jsonText } from '../../src/cli/formats/jsonText.ts'
import { distinctNames, type RowChunk } from '../../src/cli/formats/rowSource.ts'
import { writeText } from '../../src/cli/formats/writeText.ts'
import type { Output } from '../../src/cli/output.ts'
import type { TextFormat } from '../../src/cli/outputFormat.ts'

const cases: readonly (readonly [type: string, value: unknown, json: string, csv: string])[] = [
  ['BOOLEAN', true, 'true', 'true'],
  ['TINYINT', -128, '-128', '-128'],
  ['BIGINT', 9_007_199_254_740_993n, '9007199254740993', '9007199254740993'],
  ['HUGEINT', -(2n ** 127n), `${-(2n ** 127n)}`, `${-(2n ** 127n)}`],
  ['DECIMAL(18,2)', '3.10', '3.10', '3.10'],
  ['DOUBLE', 0.1, '0.1', '0.1'],
  ['DOUBLE', -0, '-0', '-0'],
  ['DOUBLE', 1e100, '1e+100', '1e+100'],
  ['DOUBLE', Number.NaN, '"NaN"', 'NaN'],
  ['FLOAT', -Infinity, '"-Infinity"', '-Infinity'],
  ['VARCHAR', 'a "quoted", word', '"a \\"quoted\\", word"', '"a ""quoted"", word"'],
  ['VARCHAR', 'two\nlines', '"two\\nlines"', '"two\nlines"'],
  ['VARCHAR', '', '""', '""'],
  ['VARCHAR', ' padded ', '" padded "', '" padded "'],
  ['VARCHAR', null, 'null', ''],
  ['DATE', 19_782, '"2024-02-29"', '2024-02-29'],
  ['DATE', 2_147_483_647, '"infinity"', 'infinity'],
  ['TIME', 3_723_000_001n, '"01:02:03.000001"', '01:02:03.000001'],
  ['TIMESTAMP', 1_709_211_845_123_456n, '"2024-02-29T13:04:05.123456"', '2024-02-29 13:04:05.123456'],
  [
    'TIMESTAMP_NS',
    1_709_211_845_123_456_789n,
    '"2024-02-29T13:04:05.123456789"',
    '2024-02-29 13:04:05.123456789',
  ],
  ['TIMESTAMP_S', 1_709_211_845n, '"2024-02-29T13:04:05"', '2024-02-29 13:04:05'],
  ['TIMESTAMPTZ', 1_709_211_845_000_000n, '"2024-02-29T13:04:05Z"', '2024-02-29 13:04:05+00'],
  ['TIMESTAMP', 2n ** 63n - 1n, '"infinity"', 'infinity'],
  ['TIMESTAMP', -62_198_755_200_000_000n, '"0002-01-01 (BC) 00:00:00"', '0002-01-01 (BC) 00:00:00'],
  [
    'INTERVAL',
    { months: 14, days: 3, micros: 1_000_000n },
    '"1 year 2 months 3 days 00:00:01"',
    '1 year 2 months 3 days 00:00:01',
  ],
  [
    'UUID',
    '00000000-0000-0000-0000-000000000001',
    '"00000000-0000-0000-0000-000000000001"',
    '00000000-0000-0000-0000-000000000001',
  ],
  ['BLOB', new Uint8Array([97, 0, 255]), '"a\\\\x00\\\\xFF"', 'a\\x00\\xFF'],
  ['JSON', '{"a":\n [1]}', '{"a":  [1]}', '"{""a"":  [1]}"'],
  ['JSON', 'not json', '"not json"', '"""not json"""'],
  ["ENUM('a', 'b')", 'b', '"b"', 'b'],
  ['INTEGER[]', [1, null, 3], '[1,null,3]', '"[1,null,3]"'],
  ['DOUBLE[2]', new Float64Array([1, 2]), '[1,2]', '"[1,2]"'],
  [
    'STRUCT(a INTEGER, "b c" DATE)',
    { a: null, 'b c': 0 },
    '{"a":null,"b c":"1970-01-01"}',
    '"{""a"":null,""b c"":""1970-01-01""}"',
  ],
  ['MAP(INTEGER, VARCHAR)', new Map([[1, 'x']]), '{"1":"x"}', '"{""1"":""x""}"'],
  ['MAP(VARCHAR, INTEGER)', new Map([['k', null]]), '{"k":null}', '"{""k"":null}"'],
  ['UNION(n INTEGER, s VARCHAR)', { tag: 's', value: 'x' }, '{"s":"x"}', '"{""s"":""x""}"'],
]

describe.each(cases)('%s, case %#', (text, value, json, csv) => {
  const type = parseType(text)

  test('is exact in JSON', () => expect(jsonText(type)(value)).toBe(json))

  test('is exact in CSV', () => expect(csvText(type)(value)).toBe(csv))
})

test('what JSON has gives valid JSON that reads back as it was', () => {
  const type: DataType = {
    kind: 'list',
    item: { kind: 'struct', fields: [{ name: 'a"\n', type: { kind: 'varchar' } }] },
  }
  const value = fc.array(fc.record({ 'a"\n': fc.option(fc.string({ unit: 'binary' })) }))
  fc.assert(
    fc.property(value, (rows) => {
      expect(JSON.parse(jsonText(type)(rows))).toEqual(rows)
    }),
  )
})

const people: Schema = [
  { name: 'name', type: { kind: 'varchar' } },
  { name: 'age', type: { kind: 'integer' } },
]
const chunks: readonly RowChunk[] = [
  {
    length: 2,
    columns: [
      ['Ana', 'Bo'],
      [30, null],
    ],
  },
  { length: 0, columns: [[], []] },
  { length: 1, columns: [['C, D'], [5]] },
]

test('repeated names of columns are told apart', () => {
  expect(distinctNames(named('a', 'a', 'b', 'a', 'a_1'))).toEqual(['a', 'a_1', 'b', 'a_2', 'a_1_1'])
})

test.each<readonly [TextFormat, string]>([
  ['ndjson', '{"name":"Ana","age":30}\n{"name":"Bo","age":null}\n{"name":"C, D","age":5}\n'],
  ['json', '[{"name":"Ana","age":30},\n{"name":"Bo","age":null},\n{"name":"C, D","age":5}]\n'],
  ['csv', 'name,age\nAna,30\nBo,\n"C, D",5\n'],
])('%s', async (format, expected) => {
  expect(await written(people, chunks, format)).toEqual({ text: expected, rows: 3 })
})

test.each<readonly [TextFormat, string]>([
  ['ndjson', ''],
  ['json', '[]\n'],
  ['csv', 'name,age\n'],
])('%s without rows', async (format, expected) => {
  expect(await written(people, [], format)).toEqual({ text: expected, rows: 0 })
})

test('a table says how many rows it has, and reads no more than it shows', async () => {
  const read: number[] = []
  const { text, rows } = await written(people, chunks, 'table', { maxRows: 1, read })
  expect(rows).toBe(1)
  expect(text.split('\n').at(-2)).toBe('first 1 row; --max-rows all shows all, -o FILE writes them')
  expect(read).toEqual([2])
  const all = await written(people, chunks, 'table')
  expect(all.text).toContain('│ C, D    │       5 │\n')
  expect(all.text.split('\n').at(-2)).toBe('3 rows')
})

test('what no statement reads is not shown as a table', async () => {
  expect((await written([{ name: 'Count', type: { kind: 'bigint' } }], [], 'table')).text).toBe('')
})

test('writing ends when nobody reads any more', async () => {
  const read: number[] = []
  const output: Output = { ...memory([]), write: async () => false }
  expect(await writeText({ schema: people, chunks: reading(chunks, read) }, 'csv', output, Infinity)).toBe(2)
  expect(read).toEqual([2])
})

function named(...names: readonly string[]): Schema {
  return names.map((name) => ({ name, type: { kind: 'integer' } }))
}

async function written(
  schema: Schema,
  source: readonly RowChunk[],
  format: TextFormat,
  { maxRows = Infinity, read = [] }: { maxRows?: number; read?: number[] } = {},
): Promise<{ text: string; rows: number }> {
  const texts: string[] = []
  const rows = await writeText({ schema, chunks: reading(source, read) }, format, memory(texts), maxRows)
  return { text: texts.join(''), rows }
}

function memory(texts: string[]): Output {
  return {
    columns: null,
    write: async (chunk) => {
      texts.push(String(chunk))
      return true
    },
    commit: async () => {},
    discard: async () => {},
  }
}

async function* reading(source: readonly RowChunk[], read: number[]): AsyncGenerator<RowChunk> {
  for (const chunk of source) {
    read.push(chunk.length)
    yield chunk
  }
}
