import { type Graph, onnxModel } from '../../test/models/onnxModel.ts'

/** The bytes of a model that adds a number to FLOAT `x`: its results tell which model gave them. */
export function numberedModel(number: number): Uint8Array {
  return onnxModel({
    ...columnGraph,
    nodes: [{ op: 'Add', inputs: ['x', 'number'], outputs: ['y'] }],
    initializers: [constant('number', [1], Float32Array.of(number))],
  })
}

const INNER = 1024
const OUTER = 9216

/** The same with weights of 36 MiB, which it adds up to nothing. */
export function largeNumberedModel(number: number): Uint8Array {
  return onnxModel({
    ...columnGraph,
    nodes: [
      { op: 'MatMul', inputs: ['x', 'spread'], outputs: ['wide'] },
      { op: 'MatMul', inputs: ['wide', 'weights'], outputs: ['mixed'] },
      { op: 'MatMul', inputs: ['mixed', 'sum'], outputs: ['nothing'] },
      { op: 'Add', inputs: ['nothing', 'x'], outputs: ['same'] },
      { op: 'Add', inputs: ['same', 'number'], outputs: ['y'] },
    ],
    initializers: [
      constant('spread', [1, INNER], new Float32Array(INNER).fill(1)),
      constant('weights', [INNER, OUTER], weights()),
      constant('sum', [OUTER, 1], new Float32Array(OUTER)),
      constant('number', [1], Float32Array.of(number)),
    ],
  })
}

const columnGraph = {
  inputs: [{ name: 'x', type: 'float32', shape: ['rows', 1] }],
  outputs: [{ name: 'y', type: 'float32', shape: ['rows', 1] }],
} as const

function constant(
  name: string,
  dims: readonly number[],
  data: Float32Array,
): NonNullable<Graph['initializers']>[number] {
  return { name, type: 'float32', dims, data }
}

function weights(): Float32Array {
  return Float32Array.from({ length: INNER * OUTER }, (_, index) => ((index % 251) - 125) / 1000)
}
