import { EngineError } from '../../../../src/base/errors.ts'
import type { TensorData } from '../pipeline.ts'

/** The numbers of a tensor of floats, in any of ONNX's widths. */
export function outputNumbers({ type, data }: TensorData): Float32Array | Float64Array {
  if (data instanceof Float32Array || data instanceof Float64Array) return data
  if (type === 'float16' && data instanceof Uint16Array) return Float32Array.from(data, halfToNumber)
  throw new EngineError('INTERNAL', `a text model gave a tensor of ${type}`)
}

/** The number of a float16: a sign, 5 bits of exponent, 10 bits of fraction. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}
