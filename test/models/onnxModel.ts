import type { TensorType } from '../../catalog/models/model.ts'

/** Numbers of ONNX's element types. */
const elementTypes: Readonly<Record<TensorType, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
}

/** An input or output of a graph; `null` stands for a dimension without a name. */
export interface ValueInfo {
  readonly name: string
  readonly type: TensorType
  readonly shape: readonly (number | string | null)[]
}

/** A constant of a graph; `data` is little-endian. */
export interface Initializer {
  readonly name: string
  readonly type: TensorType
  readonly dims: readonly number[]
  readonly data: ArrayBufferView
}

export interface Node {
  readonly op: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  /** Integers, lists of integers, and element types by their names. */
  readonly attributes?: Readonly<Record<string, number | readonly number[] | TensorType>>
}

export interface Graph {
  readonly nodes: readonly Node[]
  readonly inputs: readonly ValueInfo[]
  readonly outputs: readonly ValueInfo[]
  readonly initializers?: readonly Initializer[]
  /** Inputs that are lists of tensors. */
  readonly sequences?: readonly ValueInfo[]
  readonly opset?: number
}

/** The bytes of an ONNX file. */
export function onnxModel(graph: Graph): Uint8Array {
  return message(
    varintField(1, 8),
    bytesField(7, graphProto(graph)),
    bytesField(8, message(varintField(2, graph.opset ?? 17))),
  )
}

function graphProto({ nodes, inputs, outputs, initializers = [], sequences = [] }: Graph): Uint8Array {
  return message(
    ...nodes.map((node) => bytesField(1, nodeProto(node))),
    textField(2, 'graph'),
    ...initializers.map((initializer) => bytesField(5, tensorProto(initializer))),
    ...inputs.map((info) => bytesField(11, valueInfoProto(info))),
    ...sequences.map((info) => bytesField(11, valueInfoProto(info, true))),
    ...outputs.map((info) => bytesField(12, valueInfoProto(info))),
  )
}

function nodeProto({ op, inputs, outputs, attributes = {} }: Node): Uint8Array {
  return message(
    ...inputs.map((name) => textField(1, name)),
    ...outputs.map((name) => textField(2, name)),
    textField(4, op),
    ...Object.entries(attributes).map(([name, value]) =>
      bytesField(
        5,
        typeof value === 'object'
          ? message(textField(1, name), ...value.map((item) => varintField(8, item)), varintField(20, 7))
          : message(
              textField(1, name),
              varintField(3, typeof value === 'number' ? value : elementTypes[value]),
              varintField(20, 2),
            ),
      ),
    ),
  )
}

function tensorProto({ name, type, dims, data }: Initializer): Uint8Array {
  return message(
    ...dims.map((size) => varintField(1, size)),
    varintField(2, elementTypes[type]),
    textField(8, name),
    bytesField(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
  )
}

function valueInfoProto({ name, type, shape }: ValueInfo, isSequence = false): Uint8Array {
  const dimensions = shape.map((size) =>
    bytesField(1, typeof size === 'number' ? varintField(1, size) : size === null ? [] : textField(2, size)),
  )
  const tensor = bytesField(
    1,
    message(varintField(1, elementTypes[type]), bytesField(2, message(...dimensions))),
  )
  const typeProto = isSequence ? bytesField(4, message(bytesField(1, tensor))) : tensor
  return message(textField(1, name), bytesField(2, typeProto))
}

// Protobuf: a field is its number and wire type, then a varint or bytes with their length.

type Bytes = ArrayLike<number>

function message(...fields: readonly Bytes[]): Uint8Array {
  const whole = new Uint8Array(fields.reduce((sum, field) => sum + field.length, 0))
  let end = 0
  for (const field of fields) {
    whole.set(field, end)
    end += field.length
  }
  return whole
}

function varint(value: number): number[] {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, BigInt(value))
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
  bytes.push(Number(rest))
  return bytes
}

function varintField(field: number, value: number): Uint8Array {
  return message(varint(field << 3), varint(value))
}

function bytesField(field: number, bytes: Bytes): Uint8Array {
  return message(varint((field << 3) | 2), varint(bytes.length), bytes)
}

function textField(field: number, text: string): Uint8Array {
  return bytesField(field, new TextEncoder().encode(text))
}
