import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { zodToDataType } from '../catalog/zodType.ts'
import { formatType } from '../src/base/formatType.ts'

const typeOf = (schema: z.ZodType): string => formatType(zodToDataType(schema, "function 'f': input 'x'"))

describe('zod schemas as types', () => {
  it.each<[string, z.ZodType, string]>([
    ['string', z.string().min(3).trim(), 'VARCHAR'],
    ['email', z.email(), 'VARCHAR'],
    ['uuid', z.uuid(), 'VARCHAR'],
    ['iso date', z.iso.datetime(), 'VARCHAR'],
    ['template literal', z.templateLiteral(['v', z.number()]), 'VARCHAR'],
    ['number', z.number().min(0), 'DOUBLE'],
    ['number().int()', z.number().int().positive(), 'BIGINT'],
    ['int', z.int(), 'BIGINT'],
    ['int32', z.int32(), 'INTEGER'],
    ['uint32', z.uint32(), 'UINTEGER'],
    ['float32', z.float32(), 'FLOAT'],
    ['float64', z.float64(), 'DOUBLE'],
    ['bigint', z.bigint(), 'BIGINT'],
    ['int64', z.int64(), 'BIGINT'],
    ['uint64', z.uint64(), 'UBIGINT'],
    ['boolean', z.boolean(), 'BOOLEAN'],
    ['date', z.date(), 'TIMESTAMP'],
    ['enum', z.enum(['a', 'b']), "ENUM('a', 'b')"],
    ['literal', z.literal('a'), "ENUM('a')"],
    ['literals', z.literal(['a', 'b', null]), "ENUM('a', 'b')"],
    [
      'union of literals',
      z.union([z.literal('a'), z.literal('b'), z.enum(['b', 'c'])]),
      "ENUM('a', 'b', 'c')",
    ],
    ['union with null', z.union([z.string(), z.null()]), 'VARCHAR'],
    ['union of equal types', z.union([z.email(), z.uuid()]), 'VARCHAR'],
    ['array', z.array(z.array(z.int32())), 'INTEGER[][]'],
    [
      'object',
      z.object({ kind: z.enum(['a']), n: z.int32().optional() }),
      "STRUCT(kind ENUM('a'), n INTEGER)",
    ],
    ['record', z.record(z.string(), z.number()), 'MAP(VARCHAR, DOUBLE)'],
    ['map', z.map(z.int32(), z.boolean()), 'MAP(INTEGER, BOOLEAN)'],
    ['nullable', z.string().nullable(), 'VARCHAR'],
    ['nullish', z.int32().nullish(), 'INTEGER'],
    ['default', z.string().default('x'), 'VARCHAR'],
    ['prefault', z.string().prefault('x'), 'VARCHAR'],
    ['catch', z.string().catch('x'), 'VARCHAR'],
    ['readonly', z.array(z.string()).readonly(), 'VARCHAR[]'],
    ['brand', z.string().brand('Memo'), 'VARCHAR'],
    ['refine', z.string().refine((text) => text !== ''), 'VARCHAR'],
    ['lazy', z.lazy(() => z.string()), 'VARCHAR'],
    ['json', z.json(), 'JSON'],
    ['any', z.any(), 'JSON'],
    ['unknown', z.unknown(), 'JSON'],
    ['coerce', z.coerce.number(), 'DOUBLE'],
    ['null', z.null(), '"NULL"'],
  ])('%s', (_, schema, expected) => {
    expect(typeOf(schema)).toBe(expected)
  })

  it('says how handlers see values that have two forms', () => {
    expect(zodToDataType(z.int(), '')).toEqual({ kind: 'bigint', as: 'number' })
    expect(zodToDataType(z.date(), '')).toEqual({ kind: 'timestamp', as: 'date' })
    expect(zodToDataType(z.json(), '')).toEqual({ kind: 'json', as: 'parsed' })
    expect(zodToDataType(z.bigint(), '')).toEqual({ kind: 'bigint' })
  })

  interface Tree {
    readonly children: readonly Tree[]
  }
  const tree: z.ZodType<Tree> = z.lazy(() => z.object({ children: z.array(tree) }))

  it.each<[string, z.ZodType, string]>([
    [
      'a tuple',
      z.tuple([z.string()]),
      ' is z.tuple(), which has no type in DuckDB\n  use z.object() with a name for each item, or z.array() if all have one type',
    ],
    ['a set', z.array(z.set(z.string())), ' at [] is z.set(), which has no type in DuckDB\n  use z.array()'],
    [
      'a transformation',
      z.object({ a: z.array(z.object({ b: z.string().transform(Number) })) }),
      ' at .a[].b is z.pipe(), which has no type in DuckDB\n  use the schema that the transformation starts from, and transform in the handler',
    ],
    [
      'a preprocessor',
      z.preprocess(String, z.string()),
      ' is z.pipe(), which has no type in DuckDB\n  use the schema that the transformation starts from, and transform in the handler',
    ],
    [
      'a promise',
      z.promise(z.string()),
      ' is z.promise(), which has no type in DuckDB\n  use the schema of what the promise gives, and an async handler',
    ],
    [
      'an intersection',
      z.intersection(z.object({ a: z.string() }), z.object({ b: z.string() })),
      ' is z.intersection(), which has no type in DuckDB\n  use one z.object(), made with .extend()',
    ],
    [
      'an instance',
      z.instanceof(Uint8Array),
      ' is z.custom(), which has no type in DuckDB\n  use a type in DuckDB\'s words, such as "BLOB" for bytes',
    ],
    [
      'a symbol',
      z.symbol(),
      ' is z.symbol(), which has no type in DuckDB\n  use a type in DuckDB\'s words, such as "BLOB"',
    ],
    [
      'numbers as literals',
      z.literal([1, 2]),
      ' is an enumeration with a number, which has no type in DuckDB\n  use z.number(), or strings only',
    ],
    [
      'an empty object',
      z.map(z.string(), z.object({})),
      ' at .value is z.object() without a field, which has no type in DuckDB\n  give it at least one field',
    ],
    [
      'a union',
      z.union([z.string(), z.number()]),
      ' is z.union() of several types, which has no type in DuckDB\n  use z.object() with a nullable field for each, z.json(), or a type in DuckDB\'s words, such as "UNION(number DOUBLE, text VARCHAR)"',
    ],
    [
      'a recursive type',
      tree,
      ' at .children[] is recursive, which has no type in DuckDB\n  use z.json() for values of any depth',
    ],
  ])('refuses %s', (_, schema, message) => {
    expect(() => typeOf(schema)).toThrow(
      expect.objectContaining({ code: 'DEFINITION_INVALID', message: `function 'f': input 'x'${message}` }),
    )
  })
})
