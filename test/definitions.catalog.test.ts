import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import {
  bindArguments,
  checkArity,
  createSnapshot,
  findFunction,
  formatSignature,
  lookup,
} from '../catalog/catalog.ts'
import { defineFunction } from '../catalog/defineFunction.ts'
import { generateCatalogTypes } from '../catalog/generateTypes.ts'
import { registerFunction } from '../catalog/registerFunction.ts'
import { messageOf } from '../src/base/errors.ts'

const entities = defineFunction({
  name: 'extract_entities',
  description: 'People, places and money.\nWith spans. */',
  input: { memo: z.string() },
  output: z.array(z.object({ kind: z.enum(['person', "place's"]), text: z.string() })),
  handler: () => [],
})
const score = defineFunction({
  name: 'text.score',
  input: { memo: 'VARCHAR', weight: 'BIGINT', at: 'TIMESTAMP' },
  output: 'DECIMAL(9,2)',
  handler: () => '1.00',
})
const tick = defineFunction({ name: 'tick', input: {}, output: 'BIGINT', handler: () => 1n })
const snapshot = createSnapshot(
  [entities, score, tick].map((definition) => registerFunction(definition, null)),
)

/** What a lookup fails with. */
function unknown(name: string, position: number | null = null): unknown {
  try {
    return lookup(snapshot, name, position)
  } catch (error) {
    return error
  }
}

describe('a snapshot', () => {
  it('finds functions in any letter case', () => {
    expect(lookup(snapshot, 'extract_entities').name).toBe('extract_entities')
    expect(lookup(snapshot, 'Text.SCORE').name).toBe('text.score')
    expect(findFunction(snapshot, 'nothing')).toBeNull()
  })

  it('suggests for unknown names, or lists what there is', () => {
    expect(unknown('extract_entites', 7)).toMatchObject({
      code: 'UNKNOWN_FUNCTION',
      message: "unknown catalog function 'extract_entites': did you mean 'extract_entities'?",
      details: { function: 'extract_entites', position: 7 },
    })
    expect(unknown('zzzzzz')).toMatchObject({
      message: "unknown catalog function 'zzzzzz': the catalog has extract_entities, text.score, tick",
    })
    expect(() => lookup(createSnapshot([]), 'f')).toThrow(
      "unknown catalog function 'f': the catalog is empty",
    )
  })
})

const signature = lookup(snapshot, 'text.score')

/** What binding arguments to text.score fails with. */
function problem(positional: readonly number[], named: Readonly<Record<string, number>> = {}): string {
  try {
    return bindArguments(signature, positional, new Map(Object.entries(named)), 3).join()
  } catch (error) {
    expect(error).toMatchObject({
      code: 'WRONG_ARGUMENTS',
      details: { function: 'text.score', version: 1, position: 3 },
    })
    return messageOf(error)
  }
}

describe('a signature', () => {
  it('reads as a declaration', () => {
    expect(formatSignature(lookup(snapshot, 'extract_entities'))).toBe(
      "extract_entities(memo VARCHAR) → STRUCT(kind ENUM('person', 'place''s'), \"text\" VARCHAR)[]",
    )
    expect(formatSignature(signature)).toBe(
      'text.score(memo VARCHAR, weight BIGINT, at TIMESTAMP) → DECIMAL(9,2)',
    )
    expect(formatSignature(lookup(snapshot, 'tick'))).toBe('tick() → BIGINT')
  })

  it('binds positional and named arguments', () => {
    expect(bindArguments(signature, ['m', 'w', 'a'])).toEqual(['m', 'w', 'a'])
    expect(
      bindArguments(
        signature,
        ['m'],
        new Map([
          ['at', 'a'],
          ['WEIGHT', 'w'],
        ]),
      ),
    ).toEqual(['m', 'w', 'a'])
    expect(bindArguments(lookup(snapshot, 'tick'), [])).toEqual([])
  })

  it('says what is wrong with arguments, and the signature', () => {
    const shown = '\n  text.score(memo VARCHAR, weight BIGINT, at TIMESTAMP) → DECIMAL(9,2)'
    expect(problem([1])).toBe(`function 'text.score' takes 3 arguments, got 1${shown}`)
    expect(problem([1, 2], { at: 3, memo: 4 })).toBe(
      `function 'text.score' got argument 'memo' twice${shown}`,
    )
    expect(problem([1], { at: 3 })).toBe(`function 'text.score' got no argument 'weight'${shown}`)
    expect(problem([1], { wieght: 3 })).toBe(
      `function 'text.score' has no argument 'wieght': did you mean 'weight'?${shown}`,
    )
    expect(problem([1, 2, 3, 4], { at: 3 })).toBe(`function 'text.score' got argument 'at' twice${shown}`)
    expect(() => checkArity(lookup(snapshot, 'tick'), 2)).toThrow(
      "function 'tick' takes no arguments, got 2\n  tick() → BIGINT",
    )
    expect(() => checkArity(lookup(snapshot, 'extract_entities'), 0)).toThrow(
      "function 'extract_entities' takes 1 argument, got 0",
    )
  })
})

describe('where a function runs', () => {
  const module = { url: 'file:///f.ts', exportName: 'f' }
  const base = { name: 'f', input: {}, output: 'BIGINT', handler: () => 1n } as const

  it('is the pool for functions of modules, and main for closures and async ones, if they do not say', () => {
    expect(registerFunction(defineFunction(base), module).signature).toMatchObject({
      executor: 'pool',
      module,
      version: 1,
    })
    expect(registerFunction(defineFunction(base), null).signature.executor).toBe('main')
    const waits = { ...base, handler: async () => 1n }
    expect(registerFunction(defineFunction(waits), module).signature.executor).toBe('main')
    expect(registerFunction(defineFunction({ ...waits, executor: 'pool' }), module).signature.executor).toBe(
      'pool',
    )
    expect(() => registerFunction(defineFunction({ ...base, executor: 'pool' }), null)).toThrow(
      "function 'f' asks for executor 'pool' but is not in a module\n  export it from a module and give the path of the module, so that threads can load it",
    )
  })
})

describe('catalog.d.ts', () => {
  const text = generateCatalogTypes(snapshot)

  it('declares each function', () => {
    expect(text).toBe(`// Written by \`callplane types\`. Write it again when functions change.
export {}

declare module 'callplane' {
  interface CatalogFunctions {
    /** People, places and money. With spans. * / */
    extract_entities: { args: [memo: string | null]; result: ({ kind: 'person' | 'place\\'s' | null; text: string | null } | null)[] | null }
    'text.score': { args: [memo: string | null, weight: number | bigint | null, at: bigint | number | Date | null]; result: string | null }
    tick: { args: []; result: bigint | null }
  }
}
`)
  })

  it('merges into the types of the package, whatever types its functions have', async () => {
    const types = [
      'BOOLEAN',
      'TINYINT',
      'HUGEINT',
      'DOUBLE',
      'DECIMAL(38,3)',
      'VARCHAR',
      'BLOB',
      'UUID',
      'DATE',
      'TIME',
      'TIMESTAMP WITH TIME ZONE',
      'INTERVAL',
      "ENUM('a', 'it''s')",
      'INTEGER[3]',
      'STRUCT("a b" INTEGER, "c" VARCHAR[])',
      'MAP(VARCHAR, INTEGER)',
      'UNION(n INTEGER, s VARCHAR)',
    ]
    const functions = types.map((type, index) =>
      registerFunction(
        defineFunction({
          name: `f${index}`,
          input: { function: type, default: type },
          output: type,
          handler: () => null,
        }),
        null,
      ),
    )
    const directory = await mkdtemp(join(tmpdir(), 'callplane-types-'))
    try {
      const declarations = join(import.meta.dirname, '../catalog/catalogFunctions.ts')
      await writeFile(
        join(directory, 'callplane.d.ts'),
        `export type { CatalogFunctions } from '${declarations}'\n`,
      )
      await writeFile(join(directory, 'catalog.d.ts'), generateCatalogTypes(createSnapshot(functions)))
      await writeFile(
        join(directory, 'use.ts'),
        `import type { CatalogFunctions } from 'callplane'
export const map: CatalogFunctions['f15']['result'] = new Map([['a', 1]])
export const union: CatalogFunctions['f16']['result'] = { tag: 's', value: 'x' }
// @ts-expect-error: no such function
export type Missing = CatalogFunctions['missing']
// @ts-expect-error: one argument too few
export const args: CatalogFunctions['f1']['args'] = [1]
`,
      )
      await writeFile(
        join(directory, 'tsconfig.json'),
        JSON.stringify({
          compilerOptions: {
            module: 'nodenext',
            strict: true,
            noEmit: true,
            allowImportingTsExtensions: true,
            types: [],
            paths: { callplane: ['./callplane.d.ts'] },
          },
          include: ['*.ts'],
        }),
      )
      const tsc = join(import.meta.dirname, '../node_modules/.bin/tsc')
      await expect(promisify(execFile)(tsc, ['-p', directory])).resolves.toMatchObject({ stdout: '' })
    } finally {
      await rm(directory, { recursive: true })
    }
  })
})
