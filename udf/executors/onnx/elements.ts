import type { TensorType } from '../../../catalog/models/model.ts'
import type { FixedWidthConstructor } from '../../../src/arrow/layout.ts'

const arrays: Readonly<Record<Exclude<TensorType, 'string'>, FixedWidthConstructor>> = {
  float16: Uint16Array,
  float32: Float32Array,
  float64: Float64Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
}

/** The array that holds the elements of a tensor. */
export function arrayOf(type: Exclude<TensorType, 'string'>): FixedWidthConstructor {
  return arrays[type]
}

const bits = new Uint32Array(1)
const float = new Float32Array(bits.buffer)

/** Floats as the bits of 16-bit floats, rounded to the nearest, to an even one where two are. Too large ones become infinite. */
export function toHalves(floats: Float32Array): Uint16Array {
  const halves = new Uint16Array(floats.length)
  for (let k = 0; k < floats.length; k++) halves[k] = toHalf(floats[k]!)
  return halves
}

/** The floats that the bits of 16-bit floats stand for. */
export function fromHalves(halves: Uint16Array): Float32Array {
  const floats = new Float32Array(halves.length)
  for (let k = 0; k < halves.length; k++) floats[k] = fromHalf(halves[k]!)
  return floats
}

function toHalf(value: number): number {
  float[0] = value
  const word = bits[0]!
  const sign = (word >>> 16) & 0x8000
  const magnitude = word & 0x7fffffff
  if (magnitude > 0x7f800000) return sign | 0x7e00
  // From 65,520 on, the nearest is infinite.
  if (magnitude >= 0x477ff000) return sign | 0x7c00
  if (magnitude < 0x38800000) {
    // Below 2^-14 halves have a fixed point: adding 0.5 makes the float's last bits count 2^-24.
    float[0] = Math.abs(value) + 0.5
    return sign | (bits[0]! - 0x3f000000)
  }
  const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1)
  return sign | ((rounded - 0x38000000) >>> 13)
}

function fromHalf(half: number): number {
  const sign = (half & 0x8000) === 0 ? 1 : -1
  const exponent = (half >> 10) & 0x1f
  const fraction = half & 0x3ff
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}
