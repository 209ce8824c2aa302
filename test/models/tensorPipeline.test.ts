import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Cancellation } from '../../src/base/cancellation.ts'
import type { RunModel, TensorData } from '../../udf/executors/onnx/pipeline.ts'
import { openTensorPipeline } from '../../udf/executors/onnx/tensorPipeline.ts'
import { batchOf, valuesOf } from '../executor.conformance.ts'
import { bindingOf, functionOf, graphOf } from './onnxFixtures.ts'

type Row = readonly (readonly (number | null)[] | null)[] | null

const integer = fc.integer({ min: -1000, max: 1000 })
const innerList = fc.oneof(
  { weight: 5, arbitrary: fc.array(integer, { minLength: 2, maxLength: 3 }) },
  { weight: 1, arbitrary: fc.constant(null) },
  { weight: 1, arbitrary: fc.array(fc.option(integer), { minLength: 2, maxLength: 2 }) },
)
const row: fc.Arbitrary<Row> = fc.option(fc.array(innerList, { maxLength: 3 }), { freq: 8 })

/** Whether a tensor can be made of the row: it is whole, and all its lists are as long. */
function isTaken(value: Row): boolean {
  if (value === null) return false
  const [first = []] = value
  return value.every(
    (list) => list !== null && list.length === first?.length && list.every((item) => item !== null),
  )
}

const doubled = ({ type, dims, data }: TensorData): TensorData => ({
  type,
  dims,
  data: Float32Array.from<unknown>([...data], (value) => 2 * Number(value)),
})

it('rows of any shapes come back in their places, in runs of one shape and no more rows than asked for', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { maxLength: 12 }),
      fc.integer({ min: 1, max: 5 }),
      fc.boolean(),
      async (rows, size, isFixed) => {
        const item = { kind: 'list', item: { kind: 'float' } } as const
        const type = { kind: 'list', item } as const
        const binding = bindingOf(graphOf('Identity', [isFixed ? size : 'rows', 'a', 'b']), {
          inputs: [{ name: 'x', type }],
          output: type,
          runtime: { batchSize: size },
        })
        const run: RunModel = async ({ x }) => {
          const count = x?.dims[0] ?? 0
          if (isFixed) expect(count).toBe(size)
          else expect(count).toBeLessThanOrEqual(size)
          return x === undefined ? {} : { y: doubled(x) }
        }
        const pipeline = await openTensorPipeline(binding)
        const fn = functionOf(binding)
        const context = {
          function: 'f',
          batch: 0,
          firstRow: 0,
          reportsRows: true,
          signal: new Cancellation(),
        }
        const result = await pipeline.invoke(batchOf(fn, rows), run, context)
        expect(valuesOf(fn, result)).toEqual(
          rows.map((value) =>
            isTaken(value) ? value?.map((list) => list?.map((number) => 2 * (number ?? 0))) : null,
          ),
        )
        expect(result.failures.map((failure) => failure.row)).toEqual(
          rows.flatMap((value, index) => (isTaken(value) ? [] : [index])),
        )
      },
    ),
    { numRuns: 200 },
  )
})
