import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import type { DataType } from '../src/base/dataType.ts'
import { formatType, sameType } from '../src/base/formatType.ts'
import { isKeyword } from '../src/base/identifier.ts'
import { parseType } from '../src/base/parseType.ts'
import { simpleTypeNames } from '../src/base/typeNames.ts'
import { arbitraryType } from './arbitraryType.ts'
import { repeats } from './repeats.ts'

let connection: DuckDBConnection

beforeAll(async () => {
  connection = await (await DuckDBInstance.create(':memory:')).connect()
})

/** The first column of a result. */
async function texts(sql: string): Promise<readonly string[]> {
  return (await connection.runAndReadAll(sql)).getRows().map(([text]) => String(text))
}

/** How DuckDB itself prints a type. */
async function printed(type: string): Promise<string> {
  return (await texts(`SELECT typeof(NULL::${type})`)).join()
}

describe('formatType', () => {
  it('prints every column type of test_all_types() as DuckDB does', async () => {
    const types = await texts('SELECT column_type FROM (DESCRIBE FROM test_all_types())')
    expect(types.length).toBeGreaterThan(50)
    for (const type of types) expect(formatType(parseType(type))).toBe(type)
  })

  it('quotes names as DuckDB does', async () => {
    const names = [
      'A',
      'aB',
      '_1',
      '1',
      'a b',
      'select',
      'Key',
      'a"b',
      'É',
      '日本',
      'a$',
      'a.b',
      'varchar',
      'x\ny',
    ]
    for (const name of names) {
      const text = `STRUCT("${name.replaceAll('"', '""')}" INTEGER)`
      const type: DataType = { kind: 'struct', fields: [{ name, type: { kind: 'integer' } }] }
      expect(formatType(type)).toBe(await printed(text))
      expect(parseType(text)).toEqual(type)
    }
  })

  it('knows every keyword of DuckDB', async () => {
    const keywords = await texts('SELECT DISTINCT keyword_name FROM duckdb_keywords()')
    expect(keywords.filter((word) => !isKeyword(word))).toEqual([])
  })

  it('prints unnamed structs, which DuckDB prints and does not read', async () => {
    const [text = ''] = await texts("SELECT typeof(row(1, 'a'))")
    expect(text).toBe('STRUCT(INTEGER, VARCHAR)')
    expect(formatType(parseType(text))).toBe(text)
  })

  it('prints random types as DuckDB does', async () => {
    // DuckDB reads neither unnamed structs nor NUL in a name, and takes what is no enum's value for one.
    const readable = arbitraryType().filter((type) => !hasUnnamedStruct(type))
    await fc.assert(
      fc.asyncProperty(readable, async (type) => {
        expect(await printed(formatType(type))).toBe(formatType(type))
      }),
      { numRuns: repeats(150) },
    )
  })
})

function hasUnnamedStruct(type: DataType): boolean {
  return /(?:STRUCT|ROW)\((?!"|\w+ )/.test(formatType(type)) || JSON.stringify(type).includes('"name":""')
}

describe('parseType', () => {
  it('reads back what formatType prints', () => {
    fc.assert(
      fc.property(arbitraryType(), (type) => {
        expect(parseType(formatType(type))).toEqual(type)
        expect(sameType(parseType(formatType(type)), type)).toBe(true)
      }),
      { numRuns: repeats(500) },
    )
  })

  it('reads every alias as DuckDB does', async () => {
    const names = [...simpleTypeNames.keys(), 'DECIMAL', 'NUMERIC', 'DEC'].filter((name) => name !== 'NULL')
    for (const name of names) {
      expect([name, formatType(parseType(name.toLowerCase()))]).toEqual([name, await printed(name)])
    }
  })

  it('knows every type name that DuckDB lists, but for variants and types of types', async () => {
    const listed = await texts('SELECT DISTINCT upper(type_name) FROM duckdb_types() ORDER BY 1')
    const nested = ['ARRAY', 'DEC', 'DECIMAL', 'ENUM', 'LIST', 'MAP', 'NUMERIC', 'ROW', 'STRUCT', 'UNION']
    const missing = listed.filter((name) => !simpleTypeNames.has(name) && !nested.includes(name))
    expect(missing).toEqual(['TYPE', 'VARIANT'])
  })

  it.each([
    'INT ARRAY',
    'INT ARRAY[3]',
    'VARCHAR(10)',
    'NATIONAL CHARACTER VARYING(10)',
    'TIMESTAMP(0)',
    'TIMESTAMP(3)',
    'TIMESTAMP(6)',
    'TIMESTAMP(9)',
    'DATETIME(3)',
    'FLOAT(24)',
    'FLOAT(25)',
    'BIT(3)',
    'DECIMAL(5)',
    'NUMERIC( 38 , 38 )',
    'TIMESTAMP WITHOUT TIME ZONE',
    'double  precision[]',
    'INT[ 3 ][ ]',
    '"DECIMAL"(4,1)',
    '"int"',
    'ROW(a INT, b INT)',
    'STRUCT(time TIME, "national" CHAR, a STRUCT("b" JSON[])[2])',
    'MAP(VARCHAR, INTEGER[3][])',
    "ENUM('a', 'b''c', 'd\"')",
    'UNION("name" VARCHAR, age SMALLINT)',
  ])('reads %s as DuckDB does', async (text) => {
    expect(formatType(parseType(text))).toBe(await printed(text))
  })

  const written =
    '\n  a type is written as in DuckDB: BIGINT, DECIMAL(18, 3), VARCHAR[], STRUCT(a INTEGER, b VARCHAR)'
  it.each([
    ['', `expected a type, got the end at position 1${written}`],
    [
      'BIGNIT',
      "'BIGNIT' is no type of DuckDB at position 1\n  did you mean 'BIGINT' or 'BIGNUM' or 'UBIGINT'?",
    ],
    ['VARIANT', `'VARIANT' is no type of DuckDB at position 1\n  did you mean 'VARINT'?`],
    ['STRUCT(a zebra)', `'ZEBRA' is no type of DuckDB at position 10${written}`],
    ['STRUCT(a INTEGER', `expected ',' or ')', got the end at position 17${written}`],
    ['STRUCT(a INTEGER, )', `expected a name, got ')' at position 19${written}`],
    ['STRUCT()', `expected a type, got ')' at position 8${written}`],
    ['STRUCT(a INT, "A" INT)', `the name "A" is there twice at position 15${written}`],
    ['MAP(INT)', `expected ',', got ')' at position 8${written}`],
    ['ENUM(a)', `expected a value in single quotes, got 'a' at position 6${written}`],
    ["ENUM('a', 'a')", `the value 'a' is there twice at position 11${written}`],
    ['DECIMAL(39, 1)', `the width of a DECIMAL is 1 to 38 at position 9${written}`],
    ['DECIMAL(3, 4)', `the scale of a DECIMAL is 0 to its width, 3 at position 9${written}`],
    ['DECIMAL(1, 2, 3)', `expected at most 2 parameters at position 8${written}`],
    ['INT[0]', `expected a whole number from 1 to 100000, got '0' at position 5${written}`],
    ['INT[1', `expected ']', got the end at position 6${written}`],
    ['TIMESTAMP(10)', `expected a whole number from 0 to 9, got '10' at position 11${written}`],
    ['INTEGER(3)', `INTEGER takes no parameters at position 8${written}`],
    ['INT INT', `expected '[', '(' or the end, got 'INT' at position 5${written}`],
    ["INT 'x", `expected '[', '(' or the end, got ''' at position 5${written}`],
  ])('says what is wrong with %s', (text, message) => {
    expect(() => parseType(text)).toThrow(
      expect.objectContaining({
        code: 'DEFINITION_INVALID',
        message: `cannot read the type '${text}': ${message}`,
      }),
    )
  })

  it('refuses types that nest without end', () => {
    expect(() => parseType(`INT${'[]'.repeat(100_000)}`)).toThrow(
      'types nest at most 128 deep at position 258',
    )
    expect(() => parseType('STRUCT(a '.repeat(100_000))).toThrow('types nest at most 128 deep')
    expect(formatType(parseType(`INT${'[]'.repeat(127)}`))).toBe(`INTEGER${'[]'.repeat(127)}`)
  })

  it('never fails with anything else, whatever the text', () => {
    const piece = fc.constantFrom(
      'STRUCT',
      '(',
      ')',
      'INT',
      '[',
      ']',
      ',',
      '"a"',
      "'b'",
      '3',
      ' ',
      'TIME',
      'WITH',
      '"',
      "'",
    )
    const text = fc.oneof(
      fc.string(),
      fc.array(piece).map((pieces) => pieces.join('')),
    )
    fc.assert(
      fc.property(text, (each) => {
        try {
          formatType(parseType(each))
        } catch (error) {
          expect(error).toMatchObject({ code: 'DEFINITION_INVALID' })
        }
      }),
      { numRuns: repeats(1_000) },
    )
  })
})

describe('sameType', () => {
  it('ignores how a handler sees the values and nothing else', () => {
    expect(sameType({ kind: 'date', as: 'date' }, { kind: 'date' })).toBe(true)
    fc.assert(
      fc.property(arbitraryType(), arbitraryType(), (a, b) => {
        expect(sameType(a, b)).toBe(JSON.stringify(a) === JSON.stringify(b))
      }),
    )
  })
})
