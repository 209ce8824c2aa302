import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeColumn, decodeTyped } from '../src/arrow/decode.ts'
import { encodeColumn } from '../src/arrow/encode.ts'
import type { DataType } from '../src/base/dataType.ts'
import { parseType } from '../src/base/parseType.ts'
import { arbitraryType } from './arbitraryType.ts'
import { arbitraryColumn } from './arbitraryValue.ts'
import { repeats } from './repeats.ts'

function roundTrip(type: DataType, values: ArrayLike<unknown>): readonly unknown[] {
  return decodeColumn(type, encodeColumn(type, values))
}

describe('values', () => {
  it('come back from a column as they went in, whatever their type', () => {
    fc.assert(
      fc.property(arbitraryColumn(arbitraryType()), ({ type, values }) => {
        const column = encodeColumn(type, values)
        expect(column.length).toBe(values.length)
        expect(column.nullCount).toBe(values.filter((value) => value === null).length)
        expect(decodeColumn(type, column)).toEqual(values)
      }),
      { numRuns: repeats(500) },
    )
  })

  it.each<[string, ArrayLike<unknown>, readonly unknown[]]>([
    ['BOOLEAN', [true, undefined, false], [true, null, false]],
    ['INTEGER', [1, 2n, null], [1, 2, null]],
    ['INTEGER', new Float64Array([1, 2]), [1, 2]],
    ['SMALLINT', new Int16Array([1, -2]), [1, -2]],
    ['BIGINT', [1, 2n, Number.MAX_SAFE_INTEGER], [1n, 2n, 9007199254740991n]],
    ['UBIGINT', new BigUint64Array([2n ** 64n - 1n]), [18446744073709551615n]],
    ['HUGEINT', [1, -(2n ** 127n)], [1n, -(2n ** 127n)]],
    ['BIGNUM', [0, -1n, 10n ** 40n], [0n, -1n, 10n ** 40n]],
    ['DOUBLE', [1, -0, Number.NaN, Infinity, 5n], [1, -0, Number.NaN, Infinity, 5]],
    ['DOUBLE', new Float32Array([1.5]), [1.5]],
    ['FLOAT', [0.1, Infinity], [Math.fround(0.1), Infinity]],
    [
      'DECIMAL(5,2)',
      ['1.5', 1.25, 3n, '-0.10', '1e2', '.5'],
      ['1.50', '1.25', '3.00', '-0.10', '100.00', '0.50'],
    ],
    [
      'DECIMAL(38,10)',
      ['1234567890123456789012345678.0123456789'],
      ['1234567890123456789012345678.0123456789'],
    ],
    [
      'VARCHAR',
      ['', 'twelve bytes', 'thirteen byte', 'Zoë 🦆'],
      ['', 'twelve bytes', 'thirteen byte', 'Zoë 🦆'],
    ],
    ['JSON', ['{"a": 1}', { a: [1, null] }, 3, true], ['{"a": 1}', '{"a":[1,null]}', '3', 'true']],
    ['BLOB', [Buffer.from('ab'), new Uint8Array(0)], [new Uint8Array([97, 98]), new Uint8Array(0)]],
    ['UUID', ['A0EEBC99-9c0b-4ef8-bb6d-6bb9bd380a11'], ['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11']],
    ['DATE', [new Date('1970-01-03T23:00Z'), -1, new Date('1969-12-31T23:00Z')], [2, -1, -1]],
    ['TIMESTAMP', [new Date(1.5e12), 7, 8n], [1_500_000_000_000_000n, 7n, 8n]],
    ['TIMESTAMP_S', [new Date(-1)], [-1n]],
    ['TIMESTAMP_NS', [new Date(1)], [1_000_000n]],
    ['INTERVAL', [{ months: 1, days: -2, micros: 3 }], [{ months: 1, days: -2, micros: 3n }]],
    ['INTEGER[]', [new Int32Array([1, 2]), [], null, [null, 3]], [[1, 2], [], null, [null, 3]]],
    [
      'FLOAT[2]',
      [new Float32Array([1, 2]), new Float32Array([3, 4])],
      [
        [1, 2],
        [3, 4],
      ],
    ],
    ['FLOAT[2]', [new Float32Array([1, 2]), null, [3, null]], [[1, 2], null, [3, null]]],
    ['STRUCT(a INTEGER, b VARCHAR)', [{ a: 1, other: 2 }, null], [{ a: 1, b: null }, null]],
    ['STRUCT(INTEGER, VARCHAR)', [[1, 'a']], [[1, 'a']]],
    [
      'MAP(VARCHAR, INTEGER)',
      [{ a: 1 }, new Map([['b', null]])],
      [new Map([['a', 1]]), new Map([['b', null]])],
    ],
    [
      'UNION(a INTEGER, b VARCHAR)',
      [
        { tag: 'b', value: 'x' },
        { tag: 'a', value: null },
      ],
      [
        { tag: 'b', value: 'x' },
        { tag: 'a', value: null },
      ],
    ],
    ['"NULL"', [null, undefined], [null, null]],
  ])('of %s may be given in several ways: %o', (type, given, expected) => {
    expect(roundTrip(parseType(type), given)).toEqual(expected)
  })

  it('are seen as their type asks', () => {
    const date: DataType = { kind: 'date', as: 'date' }
    expect(roundTrip(date, [1, null])).toEqual([new Date('1970-01-02'), null])
    expect(roundTrip({ kind: 'timestamp', as: 'date' }, [-1n])).toEqual([new Date(-1)])
    expect(roundTrip({ kind: 'timestamp_s', as: 'date' }, [-1n])).toEqual([new Date(-1000)])
    expect(roundTrip({ kind: 'bigint', as: 'number' }, [5n, null])).toEqual([5, null])
    expect(roundTrip({ kind: 'json', as: 'parsed' }, ['text', { a: 1 }, [1], null])).toEqual([
      'text',
      { a: 1 },
      [1],
      null,
    ])
  })

  it.each<[DataType, unknown, string]>([
    [
      { kind: 'bigint', as: 'number' },
      2n ** 53n,
      '9007199254740992 is beyond what a number holds exactly\n  declare the column as BIGINT to get it as a bigint',
    ],
    [
      { kind: 'date', as: 'date' },
      2 ** 31 - 1,
      "infinity is beyond the dates of JavaScript\n  declare the column in DuckDB's words, such as 'TIMESTAMP'",
    ],
    [
      { kind: 'timestamp', as: 'date' },
      2n ** 63n - 2n,
      "294247-01-10 04:00:54.775806 is beyond the dates of JavaScript\n  declare the column in DuckDB's words, such as 'TIMESTAMP'",
    ],
  ])('that cannot be seen so name their row: %o', (type, value, message) => {
    expect(() => roundTrip(type, [null, value])).toThrow(
      expect.objectContaining({
        code: 'WRONG_ARGUMENTS',
        message: `row 1: ${message}`,
        details: expect.objectContaining({ row: 1 }),
      }),
    )
  })

  it('keep names that mean something to JavaScript', () => {
    const type = parseType('STRUCT("__proto__" INTEGER, "constructor" VARCHAR, "toString" INTEGER)')
    const value: unknown = JSON.parse('{"__proto__": 1, "constructor": "a", "toString": 2}')
    const [decoded] = roundTrip(type, [value])
    expect(JSON.stringify(decoded)).toBe('{"__proto__":1,"constructor":"a","toString":2}')
    expect(Object.getPrototypeOf(decoded)).toBe(Object.prototype)
    const [missing] = roundTrip(type, [{}])
    expect(JSON.stringify(missing)).toBe('{"__proto__":null,"constructor":null,"toString":null}')
  })

  it('leave the memory that they came from alone', () => {
    const given = new Float64Array([1, 2])
    const column = encodeColumn({ kind: 'double' }, given)
    given[0] = 9
    expect(decodeColumn({ kind: 'double' }, column)).toEqual([1, 2])
    const blobs = encodeColumn({ kind: 'blob' }, [new Uint8Array([1])])
    const [blob] = decodeColumn({ kind: 'blob' }, blobs)
    if (blob instanceof Uint8Array) blob[0] = 9
    expect(decodeColumn({ kind: 'blob' }, blobs)).toEqual([new Uint8Array([1])])
  })
})

describe('decodeTyped', () => {
  it('gives numbers without nulls as typed arrays over the column', () => {
    const column = encodeColumn({ kind: 'double' }, [1, 2])
    expect(decodeTyped({ kind: 'double' }, column)).toBe(column.values)
    expect(decodeTyped({ kind: 'bigint', as: 'number' }, encodeColumn({ kind: 'bigint' }, [1n]))).toEqual(
      new Float64Array([1]),
    )
    expect(decodeTyped({ kind: 'bigint' }, encodeColumn({ kind: 'bigint' }, [1n]))).toEqual(
      new BigInt64Array([1n]),
    )
  })

  it('answers null for all else', () => {
    expect(decodeTyped({ kind: 'double' }, encodeColumn({ kind: 'double' }, [1, null]))).toBeNull()
    expect(decodeTyped({ kind: 'boolean' }, encodeColumn({ kind: 'boolean' }, [true]))).toBeNull()
    expect(decodeTyped({ kind: 'date' }, encodeColumn({ kind: 'date' }, [1]))).toBeNull()
    expect(decodeTyped({ kind: 'varchar' }, encodeColumn({ kind: 'varchar' }, ['a']))).toBeNull()
  })
})

describe('a value that does not fit', () => {
  const list = "STRUCT(kind ENUM('a', 'b'), \"text\" VARCHAR)[]"
  it.each<[string, unknown, string]>([
    ['"NULL"', 1, '1 instead of "NULL", null'],
    ['BOOLEAN', 1, '1 instead of BOOLEAN, true or false'],
    ['TINYINT', 128, '128 instead of TINYINT, a whole number from -128 to 127'],
    ['INTEGER', 'abc', "'abc' instead of INTEGER, a whole number from -2147483648 to 2147483647"],
    ['INTEGER', 1.5, '1.5 instead of INTEGER, a whole number from -2147483648 to 2147483647'],
    ['UINTEGER', -1, '-1 instead of UINTEGER, a whole number from 0 to 4294967295'],
    ['BIGINT', 2n ** 63n, '9223372036854775808n instead of BIGINT, a bigint of 64 bits or a safe integer'],
    ['BIGINT', 2 ** 53, '9007199254740992 instead of BIGINT, a bigint of 64 bits or a safe integer'],
    ['UBIGINT', -1n, '-1n instead of UBIGINT, a bigint of 64 bits or a safe integer, not below 0'],
    ['DOUBLE', '1', "'1' instead of DOUBLE, a number"],
    ['FLOAT', 1e300, '1e+300 instead of FLOAT, a number of 32 bits'],
    [
      'DECIMAL(4,1)',
      '1.25',
      "'1.25' instead of DECIMAL(4,1), a number that has at most 3 digits before and 1 after the point",
    ],
    [
      'DECIMAL(4,1)',
      1000,
      '1000 instead of DECIMAL(4,1), a number that has at most 3 digits before and 1 after the point',
    ],
    [
      'DECIMAL(4,1)',
      'one',
      "'one' instead of DECIMAL(4,1), a number that has at most 3 digits before and 1 after the point",
    ],
    ['VARCHAR', 5, '5 instead of VARCHAR, a string without lone surrogates'],
    ['JSON', '{', "'{' instead of JSON, JSON, as text or as a value"],
    ['JSON', 5n, '5n instead of JSON, JSON, as text or as a value'],
    ['BLOB', 'a', "'a' instead of BLOB, a Uint8Array"],
    ['BIT', '012', "'012' instead of BIT, a string of 0 and 1"],
    ['UUID', 'x', "'x' instead of UUID, a string such as 123e4567-e89b-12d3-a456-426614174000"],
    ['DATE', new Date(Number.NaN), 'Invalid Date instead of DATE, a valid Date or whole days since 1970'],
    ['TIME', -1n, '-1n instead of TIME, microseconds since midnight, as a bigint or a safe integer'],
    [
      'TIMETZ',
      { micros: 0n, offset: 57_600 },
      '{ micros: 0n, offset: 57600 } instead of TIME WITH TIME ZONE, { micros, offset } with an offset of less than 16 hours in seconds',
    ],
    [
      'TIMESTAMP_NS',
      new Date('2300-01-01'),
      '2300-01-01T00:00:00.000Z instead of TIMESTAMP_NS, a valid Date or nanoseconds since 1970',
    ],
    ['INTERVAL', { days: 1 }, '{ days: 1 } instead of INTERVAL, { months, days, micros }, all whole'],
    ["ENUM('a', 'b')", 'c', "'c' instead of ENUM('a', 'b'), one of its values"],
    ['INTEGER[]', 'abc', "'abc' instead of INTEGER[], an array"],
    ['INTEGER[3]', [1, 2], '[ 1, 2 ] instead of INTEGER[3], an array of 3'],
    [
      'STRUCT(a INTEGER)',
      [1],
      '[ 1 ] instead of STRUCT(a INTEGER), an object, or an array where names do not tell the fields apart',
    ],
    [
      'STRUCT(INTEGER, INTEGER)',
      [1],
      '[ 1 ] instead of STRUCT(INTEGER, INTEGER), an object, or an array where names do not tell the fields apart',
    ],
    [
      'MAP(INTEGER, VARCHAR)',
      { a: 'x' },
      "'a' at [0].key instead of INTEGER, a whole number from -2147483648 to 2147483647",
    ],
    [
      'MAP(VARCHAR, INTEGER)',
      new Map([[null, 1]]),
      'null at [0].key instead of VARCHAR, a string without lone surrogates',
    ],
    [
      'UNION(a INTEGER, b VARCHAR)',
      { tag: 'c', value: 1 },
      "{ tag: 'c', value: 1 } instead of UNION(a INTEGER, b VARCHAR), { tag, value } with one of its tags",
    ],
    [
      'UNION(a INTEGER, b VARCHAR)',
      { tag: 'b', value: 1 },
      '1 at .value instead of VARCHAR, a string without lone surrogates',
    ],
    [
      list,
      [{ kind: 'a' }, { kind: 'zebra' }],
      "'zebra' at [1].kind instead of ENUM('a', 'b'), one of its values",
    ],
    [
      `${list}[]`,
      [[], [{ text: 'x' }, { text: 7 }]],
      '7 at [1][1].text instead of VARCHAR, a string without lone surrogates',
    ],
    [
      'INTEGER[2][2]',
      [
        [1, 2],
        [3, 'x'],
      ],
      "'x' at [1][1] instead of INTEGER, a whole number from -2147483648 to 2147483647",
    ],
  ])('%s: %o', (type, value, problem) => {
    const fitting: unknown = null
    expect(() => encodeColumn(parseType(type), [fitting, fitting, value])).toThrow(
      expect.objectContaining({
        code: 'FUNCTION_RESULT_INVALID',
        message: `row 2: got ${problem}`,
        details: { row: 2 },
      }),
    )
  })

  it.each(['a\ud800', '\udc00a', 'x'.repeat(5000) + '\ud800', '\ud800\ud800\udc00'])(
    'is half a surrogate pair: %o',
    (value) => {
      const fitting = ['\ufffd', null, '\ud83e\udd86']
      expect(() => encodeColumn({ kind: 'varchar' }, [...fitting, value])).toThrow(
        /^row 3: got '.*instead of VARCHAR, a string without lone surrogates$/,
      )
      expect(decodeColumn({ kind: 'varchar' }, encodeColumn({ kind: 'varchar' }, fitting))).toEqual(fitting)
    },
  )

  it('is shortened to 80 characters', () => {
    expect(() => encodeColumn({ kind: 'integer' }, ['x'.repeat(500)])).toThrow(
      `row 0: got '${'x'.repeat(79)}… instead of INTEGER, a whole number from -2147483648 to 2147483647`,
    )
  })

  it('is told to whoever asks', () => {
    expect(() =>
      encodeColumn({ kind: 'integer' }, [1, null, 'x'], (row, problem) => {
        throw new Error(`${row}: ${problem}`)
      }),
    ).toThrow("2: 'x' instead of INTEGER, a whole number from -2147483648 to 2147483647")
  })
})
