import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { Cancellation } from '../../src/base/cancellation.ts'
import type { RunModel } from '../../udf/executors/onnx/pipeline.ts'
import { openTensorPipeline } from '../../udf/executors/onnx/tensorPipeline.ts'
import { batchOf, valuesOf } from '../executor.conformance.ts'
import { failureOf } from '../invocations.ts'
import { bindingOf, functionOf, graphOf } from './onnxFixtures.ts'

const url = new URL('../fixtures/models/hooks.ts', import.meta.url).href
const path = fileURLToPath(url)

/** What the model gives that negates its input. */
const negate: RunModel = async ({ x }) => {
  if (x === undefined) return {}
  const numbers: readonly unknown[] = [...x.data]
  return { y: { ...x, data: Float32Array.from(numbers, (value) => 0 - Number(value)) } }
}

async function call(
  {
    preprocess = 'measure',
    postprocess = null,
  }: { readonly preprocess?: string; readonly postprocess?: string | null },
  texts: readonly string[],
): Promise<unknown[]> {
  const binding = bindingOf(graphOf('Neg', ['N', 2]), {
    inputs: [{ name: 'text', type: { kind: 'varchar' } }],
    output: postprocess === null ? { kind: 'array', item: { kind: 'float' }, size: 2 } : { kind: 'varchar' },
    version: {
      name: 'm',
      pipeline: {
        kind: 'tensors',
        preprocess: { url, exportName: preprocess },
        postprocess: postprocess === null ? null : { url, exportName: postprocess },
      },
    },
    runtime: { batchSize: 2 },
  })
  const fn = functionOf(binding)
  const pipeline = await openTensorPipeline(binding)
  const context = {
    function: 'model.m',
    batch: 7,
    firstRow: 0,
    reportsRows: false,
    signal: new Cancellation(),
  }
  return valuesOf(fn, await pipeline.invoke(batchOf(fn, texts), negate, context))
}

async function failing(
  options: Parameters<typeof call>[0],
  texts: readonly string[] = ['a b'],
): Promise<string> {
  const { code, message } = await failureOf(call(options, texts))
  return `${code} ${message}`
}

const where = (rows: string): string => `function 'model.m' (version 3) failed in batch 7 of ${rows}: `
const before = (name: string): string => `preprocess '${name}' of ${path}`
const behind = (name: string): string => `postprocess '${name}' of ${path}`

describe('functions around a model', () => {
  it('make its tensors, and values of them', async () => {
    const texts = ['a b', '', 'one two three', 'x', 'y z']
    const lengths = texts.map((text) => [-text.length || 0, -text.split(' ').length])
    expect(await call({}, texts)).toEqual(lengths)
    expect(await call({ postprocess: 'best' }, texts)).toEqual(lengths.map(([a, b]) => `${a}/${b}`))
  })

  it('are named with what is wrong with their tensors', async () => {
    expect(await failing({ preprocess: 'fails' })).toBe(
      `FUNCTION_FAILED ${where('1 row')}${before('fails')}: nothing works`,
    )
    for (const [name, problem] of [
      ['wrongLength', 'a tensor of [2, 2] with 3 elements'],
      ['wrongElement', "a tensor with 'two' instead of FLOAT, a number of 32 bits as element 1"],
      ['wrongType', 'a tensor of int64 instead of float32'],
      ['forgets', 'no tensor'],
    ] as const) {
      expect(await failing({ preprocess: name })).toBe(
        `FUNCTION_RESULT_INVALID ${where('1 row')}${before(name)} returned ${problem} for input 'x'`,
      )
    }
  })

  it('are named with what is wrong with their values', async () => {
    expect(await failing({ postprocess: 'tooFew' })).toBe(
      `FUNCTION_RESULT_ROWS ${where('1 row')}${behind('tooFew')} returned 0 results for 1 rows`,
    )
    expect(await failing({ postprocess: 'noTexts' }, ['a', 'b', 'c', 'd'])).toBe(
      `FUNCTION_RESULT_INVALID function 'model.m' (version 3) failed in batch 7 of 4 rows, row 1: ${behind('noTexts')} returned { no: 'text' } instead of VARCHAR, a string without lone surrogates`,
    )
  })

  it('must be there', async () => {
    expect(await failing({ preprocess: 'noFunction' })).toBe(
      `MODULE_LOAD_FAILED ${path} exports no function 'noFunction', which a model has for its preprocess`,
    )
  })
})
