import { Float64, vectorFromArray } from 'apache-arrow'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineFunction, type FunctionDefinition } from '../catalog/defineFunction.ts'
import { type RegisteredFunction, registerFunction } from '../catalog/registerFunction.ts'
import { isEngineError } from '../src/base/errors.ts'
import { createDispatcher } from '../udf/dispatcher.ts'
import { MainExecutor } from '../udf/executors/main.ts'
import { invokeHandlerSync } from '../udf/invokeHandler.ts'
import { batchOf, valuesOf } from './executor.conformance.ts'
import { contextOf } from './invocations.ts'
import { repeats } from './repeats.ts'

/** The results of a function where nothing can be waited for, as in DuckDB's callback. */
function call(definition: FunctionDefinition, ...columns: readonly (readonly unknown[])[]): unknown[] {
  const fn = registerFunction(definition, null)
  return valuesOf(fn, { column: invokeHandlerSync(fn, batchOf(fn, ...columns), contextOf()) })
}

function failure(definition: FunctionDefinition, ...columns: readonly (readonly unknown[])[]) {
  try {
    return call(definition, ...columns)
  } catch (error) {
    if (!isEngineError(error)) throw error
    return `${error.code} ${error.message}`
  }
}

const rejected = (): Promise<never> => Promise.reject(new Error('nobody waits for it'))

const one = { name: 'f', input: { x: 'INTEGER' } } as const

describe('a handler called where nothing can be waited for', () => {
  it('returns its results', () => {
    expect(call(defineFunction({ ...one, output: 'INTEGER', handler: ({ x }) => x }), [1, null, 3])).toEqual([
      1,
      null,
      3,
    ])
    expect(
      call(defineFunction({ ...one, output: z.int(), batching: {}, handler: ({ x }) => x }), [1, null]),
    ).toEqual([1, null])
    expect(call(defineFunction({ name: 'f', input: {}, output: 'INTEGER', handler: () => 7 }))).toEqual([])
  })

  it('must not return a promise, nor be async', async () => {
    const advice =
      '\n  declare its handler async, so that it is called outside DuckDB: async ({ … }) => { … }'
    const problem =
      "FUNCTION_RETURNED_PROMISE function 'f' (version 1) returned a promise where it runs inside DuckDB, in batch 7"
    expect(failure(defineFunction({ ...one, output: 'INTEGER', handler: rejected }), [1])).toBe(
      problem + advice,
    )
    expect(failure(defineFunction({ ...one, output: 'INTEGER', batching: {}, handler: rejected }), [1])).toBe(
      problem + advice,
    )
    expect(failure(defineFunction({ ...one, output: 'INTEGER', handler: async () => 1 }), [1])).toBe(
      problem + advice,
    )
    await new Promise((resolve) => setTimeout(resolve, 10))
  })
})

describe('values', () => {
  it('reach handlers, and come back, in the forms that their types ask for', () => {
    const seen: unknown[] = []
    const definition = defineFunction({
      name: 'f',
      input: {
        id: z.int(),
        at: z.date(),
        any: z.json(),
        tags: z.record(z.string(), z.number()),
        big: 'HUGEINT',
        price: 'DECIMAL(9,2)',
      },
      output: z.object({ id: z.int(), at: z.date().optional(), any: z.unknown() }),
      handler: ({ id, at, any, tags, big, price }) => {
        seen.push(id, at, any, tags, big, price)
        return { id: id ?? 0, ...(at === null ? {} : { at }), any }
      },
    })
    const tags = new Map([['a', 1]])
    const at = new Date(86_400_000)
    expect(
      call(
        definition,
        [5, null],
        [at, null],
        [{ a: [1] }, null],
        [tags, null],
        [2n ** 100n, null],
        ['1.50', null],
      ),
    ).toEqual([
      { id: 5, at, any: { a: [1] } },
      { id: 0, at: null, any: null },
    ])
    expect(seen).toEqual([5, at, { a: [1] }, tags, 2n ** 100n, '1.50', null, null, null, null, null, null])
  })

  it('of numbers without nulls are typed arrays, of what the type stores', () => {
    const types: unknown[] = []
    const input = {
      a: 'DOUBLE',
      b: z.number(),
      c: z.int(),
      d: 'BIGINT',
      e: z.int32(),
      f: z.float32(),
      g: z.uint64(),
      h: 'TINYINT',
      i: 'VARCHAR',
    } as const
    const definition = defineFunction({
      name: 'f',
      input,
      output: 'DOUBLE',
      nullHandling: 'propagate',
      batching: {},
      handler: (columns) => {
        types.push(...Object.values(columns).map((column) => column.constructor.name))
        return columns.a
      },
    })
    const row = [1.5, 2.5, 3, 4n, 5, 6.5, 7n, 8, 'x']
    expect(call(definition, ...row.map((value) => [value, null]))).toEqual([1.5, null])
    expect(types).toEqual([
      'Float64Array',
      'Float64Array',
      'Float64Array',
      'BigInt64Array',
      'Int32Array',
      'Float32Array',
      'BigUint64Array',
      'Int8Array',
      'Array',
    ])
  })

  it('that do not fit the output are named with their row, in the batch as it was given', () => {
    const tiny = defineFunction({
      ...one,
      output: 'TINYINT',
      nullHandling: 'propagate',
      handler: ({ x }) => x * 100,
    })
    expect(failure(tiny, [null, 1, null, 2])).toBe(
      "FUNCTION_RESULT_INVALID function 'f' (version 1) returned 200 instead of TINYINT, a whole number from -128 to 127 in batch 7, row 3",
    )
    const surrogate = defineFunction({
      ...one,
      output: 'VARCHAR',
      batching: {},
      handler: ({ x }) => x.map(() => '\ud800'),
    })
    expect(failure(surrogate, [1])).toMatch(
      /^FUNCTION_RESULT_INVALID function 'f' \(version 1\) returned .*surrogate.* in batch 7, row 0$/,
    )
    const throwing = defineFunction({
      ...one,
      output: 'INTEGER',
      nullHandling: 'propagate',
      handler: () => {
        throw new Error('no')
      },
    })
    expect(failure(throwing, [null, null, 5])).toBe(
      "FUNCTION_FAILED function 'f' (version 1) failed in batch 7 of 3 rows, row 2: no",
    )
  })

  it('too large for a number say so before the handler is called', () => {
    const definition = defineFunction({
      name: 'f',
      input: { id: z.int() },
      output: 'VARCHAR',
      handler: () => 'called',
    })
    expect(failure(definition, [1, 2n ** 60n])).toBe(
      "WRONG_ARGUMENTS function 'f' (version 1) cannot take its argument 'id' in batch 7, row 1: 1152921504606846976 is beyond what a number holds exactly\n  declare the column as BIGINT to get it as a bigint",
    )
  })

  it('of Arrow are checked like others', () => {
    const base = { name: 'f', input: { x: 'DOUBLE' }, format: 'arrow' } as const
    const numbers = vectorFromArray([1, 2], new Float64())
    expect(call(defineFunction({ ...base, output: 'DOUBLE', handler: () => numbers }), [5, 6])).toEqual([
      1, 2,
    ])
    expect(call(defineFunction({ ...base, output: 'INTEGER', handler: () => numbers }), [5, 6])).toEqual([
      1, 2,
    ])
    expect(failure(defineFunction({ ...base, output: 'DOUBLE', handler: () => numbers }), [5])).toBe(
      "FUNCTION_RESULT_ROWS function 'f' (version 1) returned 2 results for 1 row in batch 7",
    )
    expect(failure(defineFunction({ ...base, output: 'BOOLEAN', handler: () => numbers }), [5, 6])).toMatch(
      /^FUNCTION_RESULT_INVALID function 'f' \(version 1\) returned 1 instead of BOOLEAN.* in batch 7, row 0$/,
    )
    const list: FunctionDefinition = {
      ...defineFunction({ ...base, output: 'DOUBLE', handler: () => numbers }),
      handler: () => [1, 2],
    }
    expect(failure(list, [5, 6])).toBe(
      "FUNCTION_RESULT_INVALID function 'f' (version 1) returned an object instead of a Vector in batch 7",
    )
  })
})

const nullableInts = fc.array(fc.option(fc.integer({ min: -1000, max: 1000 })), { maxLength: 60 })
const definitions = (nullHandling: 'call' | 'propagate', maxBatchingSize: number): RegisteredFunction[] => {
  const base = {
    name: 'f',
    input: { a: 'INTEGER', b: 'INTEGER' },
    output: 'VARCHAR',
    nullHandling,
  } as const
  return [
    defineFunction({ ...base, handler: ({ a, b }) => `${a} ${b}` }),
    defineFunction({ ...base, handler: async ({ a, b }) => `${a} ${b}` }),
    defineFunction({
      ...base,
      batching: { maxBatchingSize },
      handler: ({ a, b }) => Array.from(a, (value, row) => `${value} ${b[row]}`),
    }),
    defineFunction({
      ...base,
      batching: { maxBatchingSize },
      handler: async ({ a, b }) => Array.from(a, (value, row) => `${value} ${b[row]}`),
    }),
  ].map((definition) => registerFunction(definition, null))
}

describe('any batching', () => {
  it('gives the same results', async () => {
    const dispatcher = createDispatcher({ executors: { main: new MainExecutor(), pool: new MainExecutor() } })
    await fc.assert(
      fc.asyncProperty(
        nullableInts,
        fc.integer({ min: 1, max: 70 }),
        fc.boolean(),
        async (a, size, propagate) => {
          const b = a.map((value, row) => (row % 3 === 0 ? null : (value ?? 0) + row))
          const expected = a.map((value, row) =>
            propagate && (value === null || b[row] === null) ? null : `${value} ${b[row]}`,
          )
          for (const fn of definitions(propagate ? 'propagate' : 'call', size)) {
            expect(valuesOf(fn, await dispatcher.invoke(fn, batchOf(fn, a, b), contextOf()))).toEqual(
              expected,
            )
          }
        },
      ),
      { numRuns: repeats(60) },
    )
    await dispatcher.close()
  })
})
