import { DuckDBInstance } from '@duckdb/node-api'
import { Field, Float64, Int32, List, Utf8 } from 'apache-arrow'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import * as mini from 'zod/mini'
import { defineFunction, isFunctionDefinition } from '../catalog/defineFunction.ts'
import { checkFunctionName } from '../catalog/functionName.ts'
import { isEngineError } from '../src/base/errors.ts'
import { formatType } from '../src/base/formatType.ts'

const handler = (): null => null

/** What defineFunction says of options that the compiler would refuse. */
function refusal(options: object): string {
  try {
    Reflect.apply(defineFunction, undefined, [
      { name: 'f', input: {}, output: 'VARCHAR', handler, ...options },
    ])
  } catch (error) {
    if (!isEngineError(error)) throw error
    return `${error.code} ${error.message}`
  }
  return 'accepted'
}

describe('defineFunction', () => {
  it('gives a frozen definition with its defaults', () => {
    const definition = defineFunction({
      name: 'shout',
      input: { memo: z.string(), times: 'TINYINT' },
      output: z.string(),
      handler: ({ memo, times }) => memo?.toUpperCase().repeat(times ?? 1) ?? null,
    })
    expect(isFunctionDefinition(definition)).toBe(true)
    expect(definition).toMatchObject({
      name: 'shout',
      description: null,
      inputs: [
        { name: 'memo', type: { kind: 'varchar' } },
        { name: 'times', type: { kind: 'tinyint' } },
      ],
      output: { kind: 'varchar' },
      style: 'row',
      volatility: 'immutable',
      nullHandling: 'call',
      batching: null,
      async: false,
      executor: null,
      costPerRow: null,
      selectivity: null,
    })
    for (const part of [
      definition,
      definition.inputs,
      definition.inputs[0],
      definition.inputs[0]?.type,
      definition.output,
    ]) {
      expect(Object.isFrozen(part)).toBe(true)
    }
  })

  it('fills in batching and knows the style and async handlers', () => {
    const base = { name: 'f', input: { memo: 'VARCHAR' }, output: 'VARCHAR' } as const
    const batched = defineFunction({ ...base, batching: {}, handler: ({ memo }) => memo })
    expect(batched).toMatchObject({
      style: 'batch',
      batching: { maxBatchingSize: 10, maxBufferDuration: 1000 },
      async: false,
    })
    const large = defineFunction({
      ...base,
      batching: { maxBatchingSize: 512 },
      handler: async ({ memo }) => memo,
    })
    expect(large).toMatchObject({
      style: 'batch',
      batching: { maxBatchingSize: 512, maxBufferDuration: 1000 },
      async: true,
    })
    const arrow = defineFunction({
      ...base,
      format: 'arrow',
      handler: (table) => table.getChildAt(0) ?? failed(),
    })
    expect(arrow).toMatchObject({ style: 'arrow', batching: null })
  })

  it('is known to other copies of the package, and nothing else is', () => {
    expect(isFunctionDefinition({ [Symbol.for('callplane.FunctionDefinition')]: true })).toBe(true)
    expect(isFunctionDefinition({ name: 'f', handler })).toBe(false)
    expect(isFunctionDefinition(null)).toBe(false)
  })

  it('allows functions without arguments', () => {
    expect(defineFunction({ name: 'now_ns', input: {}, output: 'BIGINT', handler: () => 1n }).inputs).toEqual(
      [],
    )
  })

  it('takes DuckDB types, Arrow types and schemas side by side', () => {
    const definition = defineFunction({
      name: 'f',
      input: {
        a: 'STRUCT(a INTEGER, b VARCHAR)[]',
        b: new Int32(),
        c: new List(new Field('item', new Utf8(), true)),
        d: z.array(z.float32()),
        e: mini.optional(mini.string()),
      },
      output: new Float64(),
      handler: () => 1,
    })
    expect(definition.inputs.map(({ type }) => formatType(type))).toEqual([
      'STRUCT(a INTEGER, b VARCHAR)[]',
      'INTEGER',
      'VARCHAR[]',
      'FLOAT[]',
      'VARCHAR',
    ])
    expect(formatType(definition.output)).toBe('DOUBLE')
  })

  it('refuses what is incomplete, unknown or out of range', () => {
    expect(refusal({ name: undefined })).toBe('DEFINITION_INVALID a function definition has no name')
    expect(refusal({ input: undefined })).toBe("DEFINITION_INVALID function 'f' has no input")
    expect(refusal({ output: undefined })).toBe("DEFINITION_INVALID function 'f' has no output")
    expect(refusal({ handler: undefined })).toBe("DEFINITION_INVALID function 'f' has no handler")
    expect(refusal({ handler: 'x' })).toBe(
      "DEFINITION_INVALID function 'f' has a handler that is 'x', no function",
    )
    expect(refusal({ bacthing: {} })).toBe(
      "DEFINITION_INVALID function 'f' has an unknown option 'bacthing': did you mean 'batching'?",
    )
    expect(refusal({ batching: { maxBatchSize: 1 } })).toBe(
      "DEFINITION_INVALID function 'f' has an unknown option 'batching.maxBatchSize': did you mean 'maxBatchingSize'?",
    )
    for (const maxBatchingSize of [0, -1, 1.5, Number.NaN, '10', 2 ** 60]) {
      const shown = typeof maxBatchingSize === 'string' ? `'${maxBatchingSize}'` : String(maxBatchingSize)
      expect(refusal({ batching: { maxBatchingSize } })).toBe(
        `DEFINITION_INVALID function 'f' has batching.maxBatchingSize ${shown}; it must be a whole number above 0`,
      )
    }
    expect(refusal({ batching: 10 })).toBe(
      "DEFINITION_INVALID function 'f' has batching 10; it must be an object\n  batching: { maxBatchingSize: 10, maxBufferDuration: 1000 }",
    )
    expect(refusal({ volatility: 'random' })).toBe(
      "DEFINITION_INVALID function 'f' has volatility 'random'; it must be 'immutable' or 'stable' or 'volatile'",
    )
    expect(refusal({ format: 'json' })).toBe(
      "DEFINITION_INVALID function 'f' has format 'json'; it must be 'arrow'",
    )
    expect(refusal({ selectivity: 2 })).toBe(
      "DEFINITION_INVALID function 'f' has selectivity 2; it must be a number, between 0 and 1",
    )
    expect(refusal({ costPerRow: -1 })).toBe(
      "DEFINITION_INVALID function 'f' has costPerRow -1; it must be a number, 0 or more",
    )
    expect(refusal({ description: 1 })).toBe(
      "DEFINITION_INVALID function 'f' has description 1; it must be a string",
    )
  })

  it('refuses inputs that have no type, no usable name, or one name twice', () => {
    expect(refusal({ input: 'VARCHAR' })).toBe(
      "DEFINITION_INVALID function 'f' has input 'VARCHAR'; it must be an object of column names and types",
    )
    expect(refusal({ input: z.object({ memo: z.string() }) })).toBe(
      "DEFINITION_INVALID function 'f' has a zod schema as its input\n  give the columns themselves: input: { memo: z.string() }",
    )
    expect(refusal({ input: { '1': 'VARCHAR' } })).toBe(
      "DEFINITION_INVALID function 'f' has an input named '1'\n  use letters, digits and '_', starting with a letter",
    )
    expect(refusal({ input: { memo: 'VARCHAR', Memo: 'VARCHAR' } })).toBe(
      "DEFINITION_INVALID function 'f' has inputs 'memo' and 'Memo', which are one name in SQL",
    )
    expect(refusal({ input: { metadata: 'VARCHAR' } })).toBe(
      "DEFINITION_INVALID function 'f' has an input named 'metadata'\n  metadata => {…} of a call is for the context; choose another name",
    )
    const types =
      "use a schema of zod 4, a type of apache-arrow, or DuckDB's words, such as 'BIGINT' or 'VARCHAR[]'"
    expect(refusal({ input: { memo: undefined } })).toBe(
      `DEFINITION_INVALID function 'f': input 'memo' has no type\n  ${types}`,
    )
    expect(refusal({ input: { memo: 5 } })).toBe(
      `DEFINITION_INVALID function 'f': input 'memo' is a number, which is no type\n  ${types}`,
    )
    expect(refusal({ input: { memo: { _def: {} } } })).toBe(
      `DEFINITION_INVALID function 'f': input 'memo' is a schema of zod 3\n  ${types}`,
    )
    expect(refusal({ output: 'VARCHA' })).toMatch(/^DEFINITION_INVALID function 'f': output: .*VARCHA/)
  })
})

describe('names', () => {
  const allowed =
    "use letters, digits and '_', starting with a letter; one '.' may part a namespace from the name (text.extract_entities)"
  const cases: readonly (readonly [unknown, string])[] = [
    ['', "function name '' is empty"],
    ['1f', "function name '1f' has a part '1f' that does not start with a letter"],
    ['_f', "function name '_f' has a part '_f' that does not start with a letter"],
    ['f; DROP TABLE x', "function name 'f; DROP TABLE x' contains ';'"],
    ['f"', "function name 'f\"' contains '\"'"],
    ['naïve', "function name 'naïve' contains 'ï'"],
    ['f\n', "function name 'f\\n' contains '\\n'"],
    ['a.b.c', "function name 'a.b.c' contains more than one '.'"],
    ['a.', "function name 'a.' has nothing on one side of its '.'"],
    ['.a', "function name '.a' has nothing on one side of its '.'"],
    ['😀', "function name '😀' contains '😀'"],
    [7, "a function's name must be a string, got number"],
  ]
  it.each(cases)('refuses %j', (name, message) => {
    expect(refusal({ name })).toBe(`NAME_INVALID ${message}\n  ${allowed}`)
  })

  it('refuses keywords, catalog_call and long names', () => {
    expect(refusal({ name: 'Select' })).toBe(
      "NAME_INVALID function name 'Select' is reserved: 'select' is a keyword of SQL\n  choose another, such as 'Select_value'",
    )
    expect(refusal({ name: 'text.case' })).toMatch(
      /^NAME_INVALID function name 'text.case' is reserved: 'case'/,
    )
    expect(refusal({ name: 'catalog_call' })).toBe(
      "NAME_INVALID function name 'catalog_call' is reserved: 'catalog_call' is how SQL calls the catalog",
    )
    expect(refusal({ name: 'x'.repeat(129) })).toBe(
      `NAME_INVALID function name '${'x'.repeat(32)}…' has 129 characters; at most 128 are allowed`,
    )
    expect(() => checkFunctionName('x'.repeat(128))).not.toThrow()
  })

  it('knows the keywords that DuckDB cannot call as functions', async () => {
    const connection = await (await DuckDBInstance.create()).connect()
    const reader = await connection.runAndReadAll(
      "SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category IN ('reserved', 'column_name')",
    )
    const keywords = reader.getRows().map(([name]) => String(name))
    expect(keywords.length).toBeGreaterThan(100)
    expect(keywords.filter((name) => !refusal({ name }).includes('is a keyword of SQL'))).toEqual([])
  })
})

function failed(): never {
  throw new Error('unexpected')
}
