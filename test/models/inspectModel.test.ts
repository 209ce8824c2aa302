import { describe, expect, it } from 'vitest'
import { inspectModel } from '../../dist/udf/executors/onnx/inspectModel.js'
import { failureOf } from '../invocations.ts'
import { writeFixture } from './onnxFixtures.ts'
import { type Graph, onnxModel } from './onnxModel.ts'

const inspect = (name: string, graph: Graph) => inspectModel(writeFixture(name, onnxModel(graph)))

const identity = (type: 'string' | 'float32'): Graph => ({
  nodes: [{ op: 'Neg', inputs: ['x'], outputs: ['y'] }],
  inputs: [{ name: 'x', type, shape: ['N'] }],
  outputs: [{ name: 'y', type, shape: ['N'] }],
})
const failing = async (name: string, content: string | Uint8Array): Promise<string> => {
  const path = writeFixture(name, content)
  const { code, message } = await failureOf(inspectModel(path))
  return `${code} ${message.replaceAll(path, name)}`
}

describe('looking at a model', () => {
  it('tells what its graph takes and gives', async () => {
    const graph: Graph = {
      nodes: [
        { op: 'Add', inputs: ['a', 'b'], outputs: ['sum'] },
        { op: 'SequenceConstruct', inputs: ['a'], outputs: ['list'] },
        { op: 'Cast', inputs: ['a'], outputs: ['whole'], attributes: { to: 'int64' } },
      ],
      inputs: [
        { name: 'a', type: 'float32', shape: ['N', 3, null] },
        { name: 'b', type: 'float32', shape: [1] },
      ],
      outputs: [
        { name: 'sum', type: 'float32', shape: ['N', 3, null] },
        { name: 'whole', type: 'int64', shape: ['N', 3, null] },
      ],
    }
    expect(await inspect('inspected.onnx', graph)).toEqual({
      inputs: [
        { name: 'a', type: 'float32', shape: ['N', 3, ''] },
        { name: 'b', type: 'float32', shape: [1] },
      ],
      outputs: [
        { name: 'sum', type: 'float32', shape: ['N', 3, ''] },
        { name: 'whole', type: 'int64', shape: ['N', 3, ''] },
      ],
    })
  })

  it('says what is wrong with it', async () => {
    const garbage = ['no model at all', '', '\0\0\0\0', '{"ir_version": 8}']
    for (const [index, content] of garbage.entries()) {
      expect(await failing(`garbage${index}`, content)).toBe(
        `MODEL_INVALID 'garbage${index}' is no ONNX model`,
      )
    }
    const whole = onnxModel(identity('float32'))
    expect(await failing('cut', whole.subarray(0, whole.length - 20))).toBe(
      "MODEL_INVALID 'cut' is no ONNX model",
    )
    expect(
      await failing(
        'operator',
        onnxModel({ ...identity('float32'), nodes: [{ op: 'Frobnicate', inputs: ['x'], outputs: ['y'] }] }),
      ),
    ).toBe("MODEL_INVALID 'operator' uses operator 'Frobnicate' of opset 17, which onnxruntime does not know")
    expect(await failing('type', onnxModel(identity('string')))).toBe(
      "MODEL_INVALID 'type' does not load: This is an invalid model. Type Error: Type 'tensor(string)' of input parameter (x) of operator (Neg) in node () is invalid.",
    )
    const sequence: Graph = {
      ...identity('float32'),
      nodes: [{ op: 'ConcatFromSequence', inputs: ['x'], outputs: ['y'], attributes: { axis: 0 } }],
      inputs: [],
      sequences: [{ name: 'x', type: 'float32', shape: ['N'] }],
    }
    expect(await failing('sequence', onnxModel(sequence))).toBe(
      "MODEL_INVALID input 'x' of 'sequence' is no tensor but a list or map, which no column can be made into",
    )
    expect(await failureOf(inspectModel('/nowhere/model.onnx'))).toEqual({
      code: 'IO_FAILED',
      message:
        "'/nowhere/model.onnx' cannot be read from '/nowhere/model.onnx': Load model /nowhere/model.onnx failed. File doesn't exist",
      details: { path: '/nowhere/model.onnx' },
    })
  })
})
