import { EngineError } from '../../../../src/base/errors.ts'
import { fromHalves } from '../elements.ts'
import type { TensorData } from '../pipeline.ts'

/** The numbers of a tensor of floats, in any of ONNX's widths. */
export function outputNumbers({ type, data }: TensorData): Float32Array | Float64Array {
  if (data instanceof Float32Array || data instanceof Float64Array) return data
  if (type === 'float16' && data instanceof Uint16Array) return fromHalves(data)
  throw new EngineError('INTERNAL', `a text model gave a tensor of ${type}`)
}
