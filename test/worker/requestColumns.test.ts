import fc from 'fast-check'
import { expect, test } from 'vitest'
import { defineFunction } from '../../catalog/defineFunction.ts'
import { registerFunction } from '../../catalog/registerFunction.ts'
import type { TypeLike } from '../../catalog/valueTypes.ts'
import { decodeColumn } from '../../src/arrow/decode.ts'
import { encodeColumn } from '../../src/arrow/encode.ts'
import { parseType } from '../../src/base/parseType.ts'
import { argumentReader } from '../../src/worker/requestColumns.ts'

function signatureOf(input: Readonly<Record<string, TypeLike>>) {
  const definition = defineFunction({ name: 'f', input, output: 'VARCHAR', handler: () => null })
  return registerFunction(definition, null).signature
}

type Given = Readonly<Record<string, readonly [type: string, values: readonly unknown[]]>>

/** The arguments of a function with these inputs for a request of these columns. */
function argumentsFor(input: Readonly<Record<string, TypeLike>>, given: Given): unknown[][] {
  const signature = signatureOf(input)
  const fields = Object.entries(given).map(([name, [type]]) => ({ name, type: parseType(type) }))
  const columns = Object.values(given).map(([type, values]) => encodeColumn(parseType(type), values))
  const { columns: read } = argumentReader(signature, fields)({ length: columns[0]?.length ?? 0, columns })
  return read.map((column, index) => [...decodeColumn(signature.inputs[index]!.type, column)])
}

test('columns named by numbers are arguments by their places', () => {
  const given = { '0': ['VARCHAR', ['a']], '1': ['BIGINT', [2n]] } as const
  expect(argumentsFor({ text: 'VARCHAR', n: 'BIGINT' }, given)).toEqual([['a'], [2n]])
})

test('other columns are arguments by their names, in any order and letter case', () => {
  const given = { N: ['BIGINT', [2n]], Text: ['VARCHAR', ['a']] } as const
  expect(argumentsFor({ text: 'VARCHAR', n: 'BIGINT' }, given)).toEqual([['a'], [2n]])
})

test('the column of metadata is no argument', () => {
  const given = { text: ['VARCHAR', ['a']], __chalk_row_metadata__: ['BLOB', [null]] } as const
  expect(argumentsFor({ text: 'VARCHAR' }, given)).toEqual([['a']])
})

test('an argument row_metadata of type JSON is the metadata of rows, or null', () => {
  const inputs = { row_metadata: 'JSON', text: 'VARCHAR' } as const
  const bytes = Buffer.from('{"k":1}')
  const given = { '0': ['VARCHAR', ['a', 'b']], __chalk_row_metadata__: ['BLOB', [bytes, null]] } as const
  expect(argumentsFor(inputs, given)).toEqual([
    ['{"k":1}', null],
    ['a', 'b'],
  ])
  expect(argumentsFor(inputs, { text: ['VARCHAR', ['a']] })).toEqual([[null], ['a']])
  expect(argumentsFor(inputs, { text: ['VARCHAR', ['a']], row_metadata: ['VARCHAR', ['{}']] })).toEqual([
    ['{}'],
    ['a'],
  ])
})

test.each<[Given, string]>([
  [{}, "function 'f' takes 2, got 0 columns"],
  [{ text: ['VARCHAR', ['a']] }, "function 'f' takes 2, got 1 column: 'text'"],
  [{ text: ['VARCHAR', ['a']], m: ['BIGINT', [1n]] }, "function 'f' got no column 'n': 'text', 'm'"],
  [{ n: ['BIGINT', [1n]], N: ['BIGINT', [1n]] }, "function 'f' got no column 'text': 'n', 'N'"],
  [
    { text: ['VARCHAR', ['a']], n: ['VARCHAR', ['x']] },
    "function 'f' cannot take its argument 'n': got 'x' instead of BIGINT, a bigint of 64 bits or a safe integer in row 0",
  ],
  [
    { text: ['VARCHAR', ['a']], n: ['TIMESTAMP', [1n]] },
    "function 'f' cannot take its argument 'n': got TIMESTAMP instead of BIGINT",
  ],
])('other columns than the function takes are refused: %o', (given, message) => {
  expect(() => argumentsFor({ text: 'VARCHAR', n: 'BIGINT' }, given)).toThrow(
    `${message}\n  f(text VARCHAR, n BIGINT) → VARCHAR`,
  )
})

test('numbers of other types are taken where they fit', () => {
  expect(argumentsFor({ n: 'BIGINT' }, { n: ['INTEGER', [1, null, -3]] })).toEqual([[1n, null, -3n]])
  expect(argumentsFor({ n: 'INTEGER' }, { n: ['BIGINT', [1n, null]] })).toEqual([[1, null]])
  expect(argumentsFor({ n: 'DOUBLE' }, { n: ['FLOAT', [0.5]] })).toEqual([[0.5]])
  expect(argumentsFor({ n: 'DOUBLE' }, { n: ['INTEGER', [7]] })).toEqual([[7]])
  expect(() => argumentsFor({ n: 'TINYINT' }, { n: ['INTEGER', [7, 300]] })).toThrow(
    "function 'f' cannot take its argument 'n': got 300 instead of TINYINT, a whole number from -128 to 127 in row 1",
  )
})

test('a column of nothing but nulls is taken for any type', () => {
  expect(argumentsFor({ n: 'DATE' }, { n: ['"NULL"', [null, null]] })).toEqual([[null, null]])
})

test('whole numbers survive in every type that holds them', () => {
  const widths = { TINYINT: 7, SMALLINT: 15, INTEGER: 31, BIGINT: 63 } as const
  const names = fc.constantFrom(...(Object.keys(widths) as (keyof typeof widths)[]))
  fc.assert(
    fc.property(names, names, fc.array(fc.bigInt(-(2n ** 62n), 2n ** 62n)), (from, to, wide) => {
      const values = wide.map((value) => BigInt.asIntN(Math.min(widths[from], widths[to]) + 1, value))
      const plain = from === 'BIGINT' ? values : values.map(Number)
      const [read] = argumentsFor({ n: to }, { n: [from, plain] })
      expect(read?.map((value) => BigInt(value as number))).toEqual(values)
    }),
  )
})

test('timestamps of other units are scaled where nothing is lost', () => {
  expect(argumentsFor({ t: 'TIMESTAMP' }, { t: ['TIMESTAMP_NS', [5000n, null]] })).toEqual([[5n, null]])
  expect(argumentsFor({ t: 'TIMESTAMP' }, { t: ['TIMESTAMP_MS', [5n]] })).toEqual([[5000n]])
  expect(() => argumentsFor({ t: 'TIMESTAMP' }, { t: ['TIMESTAMP_NS', [5001n]] })).toThrow(
    "cannot take its argument 't': got TIMESTAMP_NS between two values of TIMESTAMP in row 0",
  )
})
