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
  const { offsets } = texts
  const tensors = {
    [ids.name]: tokenTensor(ids, layout, padding.id, ofTokens(texts.ids, layout, offsets)),
  }
  if (mask !== null) tensors[mask.name] = tokenTensor(mask, layout, 0, () => 1)
  if (types !== null) {
    const own = texts.types === null ? () => 0 : ofTokens(texts.types, layout, offsets)
    tensors[types.name] = tokenTensor(types, layout, padding.type, own)
  }
  return tensors
}

/** The value of a token of the text in some row. */
type TokenValue = (row: number, token: number) => number

function ofTokens(values: Int32Array, { texts }: RunLayout, offsets: Int32Array): TokenValue {
  return (row, token) => values[offsets[texts[row]!]! + token]!
}

/** Values of the texts' own tokens, and `padding` elsewhere. */
function tokenTensor(
  { type }: TensorInfo,
  { tokens, starts, lengths }: RunLayout,
  padding: number,
  valueOf: TokenValue,
): TensorData {
  const size = starts.length * tokens
  // Of 64-bit integers from 0, little-endian as all of Node's platforms are, only the low halves are written.
  const step = type === 'int64' ? 2 : 1
  const values = new Int32Array(size * step)
  if (padding !== 0) for (let at = 0; at < values.length; at += step) values[at] = padding
  for (let row = 0; row < starts.length; row++) {
    const start = starts[row]! * step
    for (let token = 0; token < lengths[row]!; token++) values[start + token * step] = valueOf(row, token)
  }
  const data = type === 'int64' ? new BigInt64Array(values.buffer) : values
  return { type, dims: [starts.length, tokens], data }
}
