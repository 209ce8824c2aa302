import type { DataType } from '../../src/base/dataType.ts'
import { EngineError } from '../../src/base/errors.ts'
import type {
  ModelInterface,
  TensorInfo,
  TextClassificationPipeline,
  TextEmbeddingPipeline,
} from './model.ts'

export type TextPipeline = TextEmbeddingPipeline | TextClassificationPipeline

/** The inputs and the output of a graph by their parts in a text model. */
export interface TextGraph {
  /** Token ids, int64 or int32, `[batch, tokens]`; so are the other two. */
  readonly ids: TensorInfo
  /** 1 for tokens of the text, 0 for padding; null where the graph does not ask for it. */
  readonly mask: TensorInfo | null
  /** Which of two texts a token belongs to. */
  readonly types: TensorInfo | null
  readonly output: TensorInfo
  /** Numbers in an embedding, or labels. */
  readonly width: number
}

const inputNames: readonly string[] = ['input_ids', 'attention_mask', 'token_type_ids']
const inputTypes: ReadonlySet<TensorInfo['type']> = new Set(['int64', 'int32'] as const)
const outputTypes: ReadonlySet<TensorInfo['type']> = new Set(['float32', 'float16', 'float64'] as const)

/**
 * Finds the parts of a text model in its graph. `model` is its name or path, for messages. Fails with MODEL_INVALID where an input
 * or output is missing, of another type or shape, or where labels are not as many as the graph's scores.
 */
export function textGraph(pipeline: TextPipeline, graph: ModelInterface, model: string): TextGraph {
  const subject = `model '${model}'`
  for (const input of graph.inputs) checkInput(input, subject)
  const [ids, mask, types] = inputNames.map((name) => graph.inputs.find((input) => input.name === name))
  if (ids === undefined) {
    throw invalid(`${subject} has no input 'input_ids', as a text model does: it has ${listed(graph.inputs)}`)
  }
  const output = outputOf(pipeline, graph, subject)
  const width = output.shape.at(-1)
  if (typeof width !== 'number') {
    const size = pipeline.kind === 'textEmbedding' ? 'size of its embeddings' : 'number of its labels'
    throw invalid(
      `${subject} does not say the ${size}: the last dimension of its output ${described(output)} is of any size`,
      'export it with that dimension fixed',
    )
  }
  if (pipeline.kind === 'textClassification' && pipeline.labels.length !== width) {
    throw invalid(
      `${subject} gives scores of ${width} labels in its output ${described(output)}, and ${pipeline.labels.length} are given: ${pipeline.labels.join(', ')}`,
      'give a label for each of them, in the order of config.json',
    )
  }
  return Object.freeze({ ids, mask: mask ?? null, types: types ?? null, output, width })
}

/** What calls of a text model give: FLOAT[h], or a struct of the best label, its score, and the scores of all. */
export function textOutput({ kind }: TextPipeline, { width }: TextGraph): DataType {
  const numbers = { kind: 'array', item: { kind: 'float' }, size: width } as const
  if (kind === 'textEmbedding') return numbers
  return {
    kind: 'struct',
    fields: [
      { name: 'label', type: { kind: 'varchar' } },
      { name: 'score', type: { kind: 'float' } },
      { name: 'scores', type: numbers },
    ],
  }
}

function checkInput(input: TensorInfo, subject: string): void {
  if (!inputNames.includes(input.name)) {
    throw invalid(
      `${subject} has an input ${described(input)}, which a text model does not: it may have ${inputNames.join(', ')}`,
    )
  }
  if (!inputTypes.has(input.type) || input.shape.length !== 2) {
    throw invalid(
      `${subject} has an input ${described(input)}: it must be int64 or int32, of two dimensions [batch, tokens]`,
    )
  }
}

/** A graph may give more than one output: the first of the right rank is meant. */
function outputOf(pipeline: TextPipeline, { outputs }: ModelInterface, subject: string): TensorInfo {
  const pooled = pipeline.kind === 'textClassification' || pipeline.pooling === 'none'
  const rank = pooled ? 2 : 3
  const output = outputs.find(({ type, shape }) => outputTypes.has(type) && shape.length === rank)
  if (output !== undefined) return output
  if (pipeline.kind === 'textClassification') {
    throw invalid(
      `${subject} has no output of scores, floats of two dimensions [batch, labels]: it has ${listed(outputs)}`,
    )
  }
  const expected = pooled ? 'two dimensions [batch, size]' : 'three dimensions [batch, tokens, size]'
  const other = outputs.find(({ type, shape }) => outputTypes.has(type) && shape.length === 5 - rank)
  throw invalid(
    `${subject} has no output for pooling '${pipeline.pooling}', floats of ${expected}: it has ${listed(outputs)}`,
    other === undefined
      ? undefined
      : pooled
        ? "it gives an embedding for each token: pool them with 'mean' or 'cls', as its authors say"
        : "it pools them itself: give pooling: 'none'",
  )
}

function listed(tensors: readonly TensorInfo[]): string {
  return tensors.length === 0 ? 'none' : tensors.map(described).join(', ')
}

/** `'emb' float32[b, 384]`. */
function described({ name, type, shape }: TensorInfo): string {
  const sizes = shape.map((size) => (size === '' ? '?' : String(size)))
  return `'${name}' ${type}[${sizes.join(', ')}]`
}

function invalid(message: string, hint?: string): EngineError {
  return new EngineError('MODEL_INVALID', message, hint === undefined ? {} : { hint })
}
