import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkSchemas, fixedRows, typesOfGraph } from '../../catalog/models/graphTypes.ts'
import type { ModelInterface, TensorInfo, TensorType } from '../../catalog/models/model.ts'
import { EngineError } from '../../src/base/errors.ts'
import { formatType } from '../../src/base/formatType.ts'
import { parseType } from '../../src/base/parseType.ts'
import { fromHalves, toHalves } from '../../udf/executors/onnx/elements.ts'

const tensor = (name: string, shape: TensorInfo['shape'], type: TensorType = 'float32'): TensorInfo => ({
  name,
  type,
  shape,
})
const x = (...shape: TensorInfo['shape']): ModelInterface => ({
  inputs: [tensor('x', shape)],
  outputs: [tensor('y', ['N'])],
})

function problem(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    if (error instanceof EngineError) return `${error.code} ${error.message}`
    throw error
  }
  return 'none'
}

describe('the types of a graph', () => {
  it('are those of a row', () => {
    const inputs = [
      tensor('plain', ['N'], 'int64'),
      tensor('column', ['', 1], 'bool'),
      tensor('vector', ['N', 384], 'float16'),
      tensor('image', ['batch', 3, 'h', 'w'], 'uint8'),
      tensor('texts', [1, 'n'], 'string'),
    ]
    const one = typesOfGraph({ inputs, outputs: [tensor('y', ['N', 2, 3], 'float64')] })
    expect(one.inputs.map(({ name, type }) => `${name} ${formatType(type)}`)).toEqual([
      'plain BIGINT',
      'column BOOLEAN',
      'vector FLOAT[384]',
      'image UTINYINT[][][3]',
      'texts VARCHAR[]',
    ])
    expect(formatType(one.output)).toBe('DOUBLE[3][2]')
    const two = typesOfGraph({ inputs, outputs: [tensor('label', ['N'], 'int64'), tensor('p', ['N', 2])] })
    expect(formatType(two.output)).toBe('STRUCT("label" BIGINT, p FLOAT[2])')
    expect(fixedRows({ inputs, outputs: [] })).toBe(1)
    expect(fixedRows(x('N', 3))).toBeNull()
  })

  it('are none for tensors without rows', () => {
    const hint = '\n  give the model a preprocess function that makes its tensors'
    expect(problem(() => typesOfGraph(x()))).toBe(
      `MODEL_INVALID input 'x' of the model, float32[], has no axis for rows${hint}`,
    )
    expect(problem(() => typesOfGraph(x('N', 0)))).toBe(
      `MODEL_INVALID input 'x' of the model, float32[N, 0], has an axis of size 0${hint}`,
    )
    expect(problem(() => typesOfGraph(x('time', 'batch', 3)))).toBe(
      `MODEL_INVALID input 'x' of the model, float32[time, batch, 3], has its rows along axis 1 instead of the first${hint}`,
    )
    const uneven = { inputs: [tensor('a', [1, 2]), tensor('b', [2, 2])], outputs: [] }
    expect(problem(() => fixedRows(uneven))).toBe(
      `MODEL_INVALID inputs 'a' and 'b' of the model are for 1 and 2 rows${hint}`,
    )
  })
})

describe('schemas of a model', () => {
  const graph = {
    inputs: [tensor('Ids', ['N', 'seq'], 'int64'), tensor('x', ['N', 2])],
    outputs: [tensor('y', ['N', 1])],
  }
  const check = (inputs: Readonly<Record<string, string>>, output = 'FLOAT'): string =>
    problem(() =>
      checkSchemas(
        graph,
        Object.entries(inputs).map(([name, type]) => ({ name, type: parseType(type) })),
        parseType(output),
      ),
    )

  it('fit in any order and case, with lists for arrays and arrays for lists', () => {
    expect(check({ ids: 'BIGINT[]', X: 'FLOAT[2]' })).toBe('none')
    expect(check({ X: 'FLOAT[]', IDS: 'BIGINT[128]' }, 'FLOAT[1]')).toBe('none')
    expect(check({ ids: 'BIGINT[]', x: 'FLOAT[2]' }, 'STRUCT(Y FLOAT)')).toBe('none')
  })

  it('name what does not', () => {
    const takes = "\n  the model takes 'Ids' int64[N, seq], 'x' float32[N, 2]"
    expect(check({ ids: 'BIGINT[]', x: 'FLOAT[3]' })).toBe(
      "MODEL_INVALID input 'x' of the model, float32[N, 2], takes FLOAT[2], but its schema says FLOAT[3]",
    )
    expect(check({ ids: 'INTEGER[]', x: 'FLOAT[2]' })).toBe(
      "MODEL_INVALID input 'Ids' of the model, int64[N, seq], takes BIGINT[], but its schema says INTEGER[]",
    )
    expect(check({ x: 'FLOAT[2]' })).toBe(
      `MODEL_INVALID input 'Ids' of the model is not in its input schema${takes}`,
    )
    expect(check({ ids: 'BIGINT[]', x: 'FLOAT[2]', z: 'FLOAT' })).toBe(
      `MODEL_INVALID the model has no input 'z' that its input schema names${takes}`,
    )
    expect(check({ ids: 'BIGINT[]', x: 'FLOAT[2]' }, 'DOUBLE')).toBe(
      "MODEL_INVALID output 'y' of the model, float32[N, 1], gives FLOAT, but its schema says DOUBLE",
    )
    expect(check({ ids: 'BIGINT[]', x: 'FLOAT[2]' }, 'STRUCT(z FLOAT)')).toBe(
      "MODEL_INVALID the model has no output 'z' that its output schema names\n  the model gives 'y' float32[N, 1]",
    )
  })
})

describe('16-bit floats', () => {
  it('are all taken and given back', () => {
    const all = Uint16Array.from({ length: 0x10000 }, (_, index) => index)
    const floats = fromHalves(all)
    const back = toHalves(floats)
    const isNan = Array.from(all, (half) => (half & 0x7fff) > 0x7c00)
    expect(Array.from(floats, Number.isNaN)).toEqual(isNan)
    expect(Array.from(back, (half, index) => (isNan[index] ? null : half))).toEqual(
      Array.from(all, (half, index) => (isNan[index] ? null : half)),
    )
  })

  it('are the nearest to a float, the even one of two', () => {
    const finite = Array.from({ length: 0x7c00 }, (_, half) => fromHalves(Uint16Array.of(half))[0] ?? 0)
    // Halfway from the largest to what would be the next, they become infinite.
    const steps = [...finite, 65536]
    fc.assert(
      fc.property(fc.float({ noNaN: true, min: 0, max: 70000 }), (value) => {
        const [half = 0] = toHalves(Float32Array.of(value))
        const [negative] = toHalves(Float32Array.of(-value))
        expect(negative).toBe(half | 0x8000)
        const nearest = Math.min(
          ...[half - 1, half, half + 1].map((near) => Math.abs((steps[near] ?? Infinity) - value)),
        )
        if (value < 65536) expect(Math.abs((steps[half] ?? Infinity) - value)).toBe(nearest)
        else expect(half).toBe(0x7c00)
      }),
    )
    expect([
      ...toHalves(Float32Array.of(1 + 2 ** -11, 1 + 3 * 2 ** -11, 2 ** -25, 3 * 2 ** -25, 65519, 65520)),
    ]).toEqual([0x3c00, 0x3c02, 0, 2, 0x7bff, 0x7c00])
  })
})
