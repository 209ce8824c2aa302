import type { TensorInfo } from '../../../../catalog/models/model.ts'
import type { TextGraph } from '../../../../catalog/models/textGraph.ts'
import type { TensorData } from '../pipeline.ts'
import type { RunLayout } from './runLayout.ts'
import type { Padding, TokenRows } from './tokenizer.ts'

/** What a graph is given for a run of texts. */
export function inputTensors(
  { ids, mask, types }: TextGraph,
  layout: RunLayout,
  { texts, padding }: { readonly texts: TokenRows; readonly padding: Padding },
): Record<string, TensorData> {
  const tensors = { [ids.name]: tensorOf(ids, layout, spread(texts, texts.ids, layout, padding.id)) }
  if (mask !== null) tensors[mask.name] = tensorOf(mask, layout, ownTokens(layout))
  if (types !== null) {
    const own = texts.types ?? new Int32Array(texts.ids.length)
    tensors[types.name] = tensorOf(types, layout, spread(texts, own, layout, padding.type))
  }
  return tensors
}

/** Values of the texts' own tokens in their places, and `padding` elsewhere. */
function spread({ offsets }: TokenRows, values: Int32Array, layout: RunLayout, padding: number): Int32Array {
  const { texts, tokens, starts } = layout
  const placed = new Int32Array(texts.length * tokens)
  if (padding !== 0) placed.fill(padding)
  for (let row = 0; row < texts.length; row++) {
    const text = texts[row]!
    placed.set(values.subarray(offsets[text], offsets[text + 1]), starts[row])
  }
  return placed
}

/** 1 for each of the texts' own tokens, and 0 elsewhere. */
function ownTokens({ texts, tokens, starts, lengths }: RunLayout): Int32Array {
  const own = new Int32Array(texts.length * tokens)
  for (let row = 0; row < texts.length; row++) own.fill(1, starts[row], starts[row]! + lengths[row]!)
  return own
}

function tensorOf({ type }: TensorInfo, { texts, tokens }: RunLayout, values: Int32Array): TensorData {
  return { type, dims: [texts.length, tokens], data: type === 'int64' ? widened(values) : values }
}

/** The same numbers, all from 0, in 64 bits. Little-endian, as all of Node's platforms are: the low half comes first. */
function widened(values: Int32Array): BigInt64Array {
  const halves = new Int32Array(values.length * 2)
  for (let k = 0; k < values.length; k++) halves[k * 2] = values[k]!
  return new BigInt64Array(halves.buffer)
}
