import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TensorType } from '../../catalog/models/model.ts'
import { OnnxExecutor } from '../../dist/udf/executors/onnx/onnx.js'
import { batchOf, valuesOf } from '../executor.conformance.ts'
import { contextOf, failureOf } from '../invocations.ts'
import { bindingOf, callModel, functionOf, graphOf } from './onnxFixtures.ts'

let executor: OnnxExecutor
beforeAll(() => {
  executor = new OnnxExecutor({ maxSessions: 2 })
})
afterAll(async () => executor.close())

describe('tensors of columns', () => {
  const numbers = [1, 0, -3, 100, 7]
  const values: Readonly<Record<TensorType, readonly unknown[]>> = {
    float32: [1.5, 0, -3.25, 2 ** 100, NaN, Infinity],
    float64: [1.1, 0, -3.3, 1e300, NaN, -Infinity],
    float16: [1.5, 0, -3.25, 65504, NaN, Infinity, 2 ** -24],
    int8: numbers,
    int16: numbers,
    int32: numbers,
    int64: [1n, 0n, -(2n ** 63n), 2n ** 63n - 1n],
    uint8: [0, 255, 3, 4, 5],
    uint16: [0, 65535, 3],
    uint32: [0, 2 ** 32 - 1, 3],
    uint64: [0n, 2n ** 64n - 1n],
    bool: [true, false, true, true, false],
    string: ['a', '', 'ä😀', 'a longer text, beyond twelve bytes', 'b'],
  }

  for (const [type, given] of Object.entries(values) as [TensorType, readonly unknown[]][]) {
    it(`${type} are ${type}, in any shape`, async () => {
      const shapes = { plain: ['N'], one: ['N', 1], matrix: ['N', 2, 3], list: ['N', 'n'] }
      const names = Object.entries(shapes)
      const binding = bindingOf({
        nodes: names.map(([name]) => ({ op: 'Identity', inputs: [name], outputs: [`${name}_out`] })),
        inputs: names.map(([name, shape]) => ({ name, type, shape })),
        outputs: names.map(([name, shape]) => ({ name: `${name}_out`, type, shape })),
      })
      const at = (index: number): unknown => given[index % given.length]
      const columns = {
        plain_out: given,
        one_out: given.toReversed(),
        matrix_out: given.map((_, row) =>
          [0, 1].map((line) => [0, 1, 2].map((place) => at(row * 6 + line * 3 + place))),
        ),
        list_out: given.map((_, row) => given.slice(0, [2, 0, 2, 1][row % 4])),
      }
      const expected = given.map((_, row) =>
        Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, column[row]])),
      )
      expect(await callModel(executor, binding, Object.values(columns))).toEqual(expected)
    })
  }

  it('come in the order of the arguments, by their names in any case', async () => {
    const graph = graphOf('Sub', ['N', 2], { inputs: ['First', 'second'] })
    const type = { kind: 'array', item: { kind: 'float' }, size: 2 } as const
    const inputs = [
      { name: 'SECOND', type },
      { name: 'first', type },
    ]
    const binding = bindingOf(graph, { inputs, output: type })
    const called = await callModel(executor, binding, [
      [
        [1, 2],
        [3, 4],
      ],
      [
        [10, 20],
        [30, 40],
      ],
    ])
    expect(called).toEqual([
      [9, 18],
      [27, 36],
    ])
  })

  it('make a struct of several outputs, or of some of them', async () => {
    const graph = {
      nodes: [
        { op: 'Neg', inputs: ['x'], outputs: ['minus'] },
        { op: 'Abs', inputs: ['x'], outputs: ['Size'] },
      ],
      inputs: [{ name: 'x', type: 'float32', shape: ['N'] }],
      outputs: [
        { name: 'minus', type: 'float32', shape: ['N'] },
        { name: 'Size', type: 'float32', shape: ['N'] },
      ],
    } as const
    const six = [1, -2, 3, -4, 5, -6]
    expect(await callModel(executor, bindingOf(graph), [six])).toEqual(
      six.map((x) => ({ minus: -x, Size: Math.abs(x) })),
    )
    const output = { kind: 'struct', fields: [{ name: 'size', type: { kind: 'float' } }] } as const
    expect(
      await callModel(
        executor,
        bindingOf(graph, { output, inputs: [{ name: 'x', type: { kind: 'float' } }] }),
        [six],
      ),
    ).toEqual(six.map((x) => ({ size: Math.abs(x) })))
  })

  it('are filled up where a graph takes a fixed number of rows', async () => {
    for (const rows of [1, 3]) {
      const binding = bindingOf(graphOf('Neg', [rows, 2]))
      const given = Array.from({ length: 7 }, (_, row) => [row, row + 0.5])
      expect(await callModel(executor, binding, [given])).toEqual(given.map(([a = 0, b = 0]) => [-a, -b]))
      const texts = bindingOf(graphOf('Identity', [rows], { type: 'string' }))
      expect(await callModel(executor, texts, [['a', 'b', 'c', 'd']])).toEqual(['a', 'b', 'c', 'd'])
    }
  })
})

const failing = async (
  shape: readonly (number | string)[],
  rows: readonly unknown[],
): Promise<{ message: string; details: unknown; report: unknown[]; values: unknown[] }> => {
  const output = { kind: 'list', item: { kind: 'float' } } as const
  const type = shape.length === 3 ? ({ kind: 'list', item: output } as const) : output
  const binding = bindingOf(graphOf('Neg', shape), {
    inputs: [{ name: 'x', type }],
    output: type,
    version: { name: 'm' },
  })
  const fn = functionOf(binding)
  const { code, message, details } = await failureOf(executor.invoke(fn, batchOf(fn, rows), contextOf()))
  expect(code).toBe('MODEL_INPUT_INVALID')
  const result = await executor.invoke(fn, batchOf(fn, rows), contextOf({ reportsRows: true }))
  await executor.retire(binding)
  return {
    message,
    details,
    report: result.failures.map(({ row, error }) => `${row} ${error.message.replace(/.*: /, '')}`),
    values: valuesOf(fn, result),
  }
}

describe('rows that a model does not take', () => {
  it('are told by number and input, and the others run', async () => {
    expect(await failing(['N', 2], [[1, 2], null, [3], [4, null], [5, NaN]])).toEqual({
      message:
        "function 'model.m' (version 3) cannot take its input 'x' in batch 7 of 5 rows, row 1: it is null, where the model takes none",
      details: { function: 'model.m', version: 3, batch: 7, batchRows: 5, row: 1, column: 'x' },
      report: [
        '1 it is null, where the model takes none',
        '2 its shape is [1], where the model takes [2]',
        '3 it holds a null, where the model takes none',
      ],
      values: [[-1, -2], null, null, null, [-5, NaN]],
    })
    expect(await failing(['N', 'a', 'b'], [[[1, 2], [3]], [[1], [2]], [[1], null], [null]])).toMatchObject({
      report: [
        '0 its inner lists have different lengths',
        '2 it holds a null, where the model takes none',
        '3 it holds a null, where the model takes none',
      ],
      values: [null, [[-1], [-2]], null, null],
    })
  })

  it('may be all', async () => {
    const binding = bindingOf(graphOf('Neg', ['N']))
    const fn = functionOf(binding)
    const result = await executor.invoke(fn, batchOf(fn, [null, null]), contextOf({ reportsRows: true }))
    expect(valuesOf(fn, result)).toEqual([null, null])
    expect(result.failures.length).toBe(2)
  })

  it('have inputs that disagree along an axis of one name', async () => {
    const graph = graphOf('Add', ['N', 'seq'], { inputs: ['ids', 'mask'] })
    const binding = bindingOf(graph)
    const fn = functionOf(binding)
    const lists = [
      [[1, 2], [1]],
      [
        [1, 2],
        [1, 2, 3],
      ],
    ]
    expect(await failureOf(executor.invoke(fn, batchOf(fn, ...lists), contextOf()))).toMatchObject({
      message: expect.stringMatching(/, row 1: it has 3 items along 'seq', where input 'ids' has 1$/),
    })
  })
})

describe('results that a model should not give', () => {
  it('are not as many as its rows', async () => {
    const graph = graphOf('Transpose', ['N', 3])
    const binding = bindingOf(graph, { version: { name: 'm' } })
    expect(
      await failureOf(
        callModel(executor, binding, [
          [
            [1, 2, 3],
            [4, 5, 6],
          ],
        ]),
      ),
    ).toEqual({
      code: 'FUNCTION_RESULT_ROWS',
      message:
        "function 'model.m' (version 3) failed in batch 7 of 2 rows: the model's output 'y' has the shape [3, 2] for a run of 2 rows",
      details: { function: 'model.m', version: 3, batch: 7, batchRows: 2 },
    })
  })

  it('have another shape than its schema says', async () => {
    const graph = graphOf('Identity', ['N', 'n'], { outShape: ['N', 'm'] })
    const output = { kind: 'array', item: { kind: 'float' }, size: 3 } as const
    const inputs = [{ name: 'x', type: { kind: 'list', item: { kind: 'float' } } }] as const
    const binding = bindingOf(graph, { inputs, output, version: { name: 'm' } })
    expect(await failureOf(callModel(executor, binding, [[[1, 2]]]))).toMatchObject({
      code: 'MODEL_FAILED',
      message:
        "function 'model.m' (version 3) failed in batch 7 of 1 row: the model's output 'y' has the shape [1, 2], which is no FLOAT[3] for each row",
    })
  })

  it('are none, as the model fails', async () => {
    // An index out of bounds.
    const graph = {
      nodes: [{ op: 'Gather', inputs: ['table', 'x'], outputs: ['y'] }],
      inputs: [{ name: 'x', type: 'int64', shape: ['N'] }],
      outputs: [{ name: 'y', type: 'float32', shape: ['N'] }],
      initializers: [{ name: 'table', type: 'float32', dims: [3], data: Float32Array.of(10, 20, 30) }],
    } as const
    const binding = bindingOf(graph, { version: { name: 'm' } })
    expect(await callModel(executor, binding, [[0n, 2n, 1n]])).toEqual([10, 30, 20])
    expect(await failureOf(callModel(executor, binding, [[0n, 5n]]))).toMatchObject({
      code: 'MODEL_FAILED',
      message:
        "function 'model.m' (version 3) failed in batch 7 of 2 rows: model 'm' (version 3) failed: Non-zero status code returned while running Gather node. Name:'' Status Message: indices element out of data bounds, idx=5 must be within the inclusive range [-3,2]",
    })
    expect(await callModel(executor, binding, [[2n]])).toEqual([30])
  })
})
