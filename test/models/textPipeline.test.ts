import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ModelInterface } from '../../catalog/models/model.ts'
import type { TextPipeline } from '../../catalog/models/textGraph.ts'
import { decodeColumn } from '../../src/arrow/decode.ts'
import { hasLoneSurrogate } from '../../src/arrow/strings.ts'
import { EngineError } from '../../src/base/errors.ts'
import type { RunModel, TensorData, Tensors } from '../../udf/executors/onnx/pipeline.ts'
import { openTextPipeline } from '../../udf/executors/onnx/text/textPipeline.ts'
import {
  batchOf,
  bertTokenizer,
  bindingOf,
  context,
  embeddingPipeline,
  folderOf,
  graphOf,
  rowsOf,
} from './textHarness.ts'

const folder = folderOf({
  'tokenizer.json': bertTokenizer(),
  'left.json': bertTokenizer({
    padding: { strategy: 'BatchLongest', direction: 'Left', pad_id: 0, pad_type_id: 1 },
  }),
  'bare.json': bertTokenizer({ post_processor: null }),
})
const tokenizer = `${folder}/tokenizer.json`
const id = new Map(Object.entries((bertTokenizer()['model'] as { vocab: Record<string, number> }).vocab))
const [CLS, SEP, A, B] = ['[CLS]', '[SEP]', 'a', 'b'].map((word) => id.get(word)!) as [
  number,
  number,
  number,
  number,
]

/** Numbers that tell a token and its place in the text, whatever stands around it: [id, id², place]. */
const SIZE = 3
const tokensModel: RunModel = async ({ input_ids: ids, attention_mask: mask }) => {
  const [rows = 0, tokens = 0] = ids!.dims
  const data = new Float32Array(rows * tokens * SIZE)
  for (let row = 0; row < rows; row++) {
    let place = 0
    for (let at = row * tokens; at < (row + 1) * tokens; at++) {
      const token = Number(ids!.data[at])
      const isOwn = mask === undefined || Number(mask.data[at]) === 1
      // What stands in padding must not be seen in any result.
      data.set(isOwn ? [token, token * token, place++] : [1e30, Number.NaN, -1e30], at * SIZE)
    }
  }
  return { out: { type: 'float32', dims: [rows, tokens, SIZE], data } }
}

interface Recorded {
  readonly run: RunModel
  readonly inputs: Tensors[]
}

function recorded(run: RunModel = tokensModel): Recorded {
  const inputs: Tensors[] = []
  return {
    inputs,
    run: (tensors) => {
      inputs.push(tensors)
      return run(tensors)
    },
  }
}

interface Given {
  readonly pipeline?: TextPipeline
  readonly graph?: ModelInterface
  readonly batchSize?: number
  readonly file?: string
}

function open({
  pipeline = embeddingPipeline,
  graph = graphOf(SIZE, 3),
  file = tokenizer,
  batchSize = 32,
}: Given = {}) {
  return openTextPipeline(bindingOf(pipeline, graph, { tokenizer: file, batchSize }))
}

async function embed(
  texts: readonly (string | null)[],
  given: Given = {},
  run = tokensModel,
): Promise<number[][]> {
  const { column } = await (await open(given)).invoke(batchOf(texts), run, context)
  return rowsOf(column)
}

/** The expected mean of what the model above gives for these tokens. */
function meanOf(ids: readonly number[]): number[] {
  const sum = ids.reduce(([a, b, c], token, place) => [a! + token, b! + token * token, c! + place], [0, 0, 0])
  return sum.map((value) => Math.fround(value / ids.length))
}

const shape = ({ data, dims }: TensorData): number[][] => {
  const [rows = 0, tokens = 0] = dims
  const numbers = Array.from(data as BigInt64Array, Number)
  return Array.from({ length: rows }, (_, row) => numbers.slice(row * tokens, (row + 1) * tokens))
}

describe('embeddings', () => {
  it('are the mean of the own tokens, of the first one, or what the graph gives', async () => {
    expect(await embed(['a b', 'a'])).toEqual([meanOf([CLS, A, B, SEP]), meanOf([CLS, A, SEP])])
    expect(await embed(['a b', 'a'], { pipeline: { ...embeddingPipeline, pooling: 'cls' } })).toEqual([
      [CLS, CLS * CLS, 0],
      [CLS, CLS * CLS, 0],
    ])
    const graph = graphOf(2, 2)
    const pipeline = { ...embeddingPipeline, pooling: 'none' } as const
    expect(await embed(['b', 'a'], { graph, pipeline }, firstTokens)).toEqual([
      [B, B],
      [A, A],
    ])
  })

  it('get the length 1, but for one that has none', async () => {
    const pipeline = { ...embeddingPipeline, normalize: true }
    const [row = []] = await embed(['a b'], { pipeline })
    expect(Math.hypot(...row)).toBeCloseTo(1, 6)
    expect(await embed(['a'], { pipeline }, constant(0))).toEqual([[0, 0, 0]])
  })

  it('pass NaN through', async () => {
    const pipeline = { ...embeddingPipeline, normalize: true }
    expect(await embed(['a'], { pipeline }, constant(Number.NaN))).toEqual([
      [Number.NaN, Number.NaN, Number.NaN],
    ])
  })

  it('come of float16 too', async () => {
    const halves = [0x3c00, 0xc000, 0x0001, 0x7c00, 0x3555]
    const graph: ModelInterface = {
      ...graphOf(5, 2),
      outputs: [{ name: 'out', type: 'float16', shape: ['b', 5] }],
    }
    const run: RunModel = async () => ({
      out: { type: 'float16', dims: [1, 5], data: Uint16Array.from(halves) },
    })
    const pipeline = { ...embeddingPipeline, pooling: 'none' } as const
    const [row] = await embed(['a'], { graph, pipeline }, run)
    expect(row).toEqual([1, -2, 2 ** -24, Number.POSITIVE_INFINITY, 1365 / 4096])
  })

  it('are those of the text with its prefix, within the greatest length', async () => {
    const pipeline = { ...embeddingPipeline, prefix: 'a ', maxLength: 4 }
    const { run, inputs } = recorded()
    await embed(['b b b b', ''], { pipeline }, run)
    expect(inputs.flatMap(({ input_ids }) => shape(input_ids!))).toEqual([
      [CLS, A, SEP, 0],
      [CLS, A, B, SEP],
    ])
  })

  it('are there for no rows', async () => {
    expect(await embed([])).toEqual([])
  })
})

describe('runs', () => {
  it('are filled up on the side that the tokenizer says, in the types that the graph takes', async () => {
    const graph: ModelInterface = {
      ...graphOf(SIZE, 3),
      inputs: [
        { name: 'input_ids', type: 'int64', shape: ['b', 's'] },
        { name: 'attention_mask', type: 'int32', shape: ['b', 's'] },
        { name: 'token_type_ids', type: 'int64', shape: ['b', 's'] },
      ],
    }
    const { run, inputs } = recorded()
    const rows = await embed(['a a', 'b'], { graph, file: `${folder}/left.json` }, run)
    expect(rows).toEqual([meanOf([CLS, A, A, SEP]), meanOf([CLS, B, SEP])])
    const [tensors = {}] = inputs
    expect(shape(tensors['input_ids']!)).toEqual([
      [0, CLS, B, SEP],
      [CLS, A, A, SEP],
    ])
    expect(shape(tensors['attention_mask']!)).toEqual([
      [0, 1, 1, 1],
      [1, 1, 1, 1],
    ])
    expect(shape(tensors['token_type_ids']!)).toEqual([
      [1, 0, 0, 0],
      [0, 0, 0, 0],
    ])
    expect(tensors['attention_mask']!.data).toBeInstanceOf(Int32Array)
    expect(tensors['token_type_ids']!.data).toBeInstanceOf(BigInt64Array)
  })

  it('have the sizes that a graph is exported for', async () => {
    const inputs = [
      { name: 'input_ids', type: 'int64', shape: [2, 6] },
      { name: 'attention_mask', type: 'int64', shape: [2, 6] },
    ] as const
    const { run, inputs: seen } = recorded()
    const rows = await embed(['a', 'a b a b a b a b', 'b'], { graph: { ...graphOf(SIZE, 3), inputs } }, run)
    expect(rows).toEqual([meanOf([CLS, A, SEP]), meanOf([CLS, A, B, A, B, SEP]), meanOf([CLS, B, SEP])])
    expect(seen.map(({ input_ids }) => input_ids!.dims)).toEqual([
      [2, 6],
      [2, 6],
    ])
  })

  it('hold texts of one length where the graph is not told what is padding', async () => {
    const { run, inputs } = recorded()
    const rows = await embed(['a', 'a b', 'b', ''], { graph: graphOf(SIZE, 3, ['input_ids']) }, run)
    expect(rows).toEqual([
      meanOf([CLS, A, SEP]),
      meanOf([CLS, A, B, SEP]),
      meanOf([CLS, B, SEP]),
      meanOf([CLS, SEP]),
    ])
    expect(inputs.map(({ input_ids }) => input_ids!.dims)).toEqual([
      [1, 4],
      [2, 3],
      [1, 2],
    ])
    expect(Object.keys(inputs[0]!)).toEqual(['input_ids'])
  })

  it('give a text without any token one to stand on', async () => {
    expect(await embed([''], { file: `${folder}/bare.json` })).toEqual([[0, 0, 0]])
  })

  it('give each row what it gets alone, in any company', async () => {
    const text = fc.oneof(
      fc
        .array(fc.constantFrom('a', 'b', 'hello', 'unable', 'unab', '?', '漢', '[MASK]'), { maxLength: 40 })
        .map((words) => words.join(' ')),
      fc.string({ unit: 'binary', maxLength: 30 }).filter((value) => !hasLoneSurrogate(value)),
    )
    const single = await open()
    await fc.assert(
      fc.asyncProperty(
        fc.array(text, { maxLength: 60 }),
        fc.integer({ min: 1, max: 9 }),
        async (texts, batchSize) => {
          const { run, inputs } = recorded()
          const together = await embed(texts, { batchSize }, run)
          const alone = await Promise.all(
            texts.map((own) => single.invoke(batchOf([own]), tokensModel, context)),
          )
          expect(together).toEqual(alone.flatMap(({ column }) => rowsOf(column)))
          expect(inputs.every(({ input_ids }) => input_ids!.dims[0]! <= batchSize)).toBe(true)
          expect(inputs.reduce((sum, { input_ids }) => sum + input_ids!.dims[0]!, 0)).toBe(texts.length)
        },
      ),
    )
  })
})

describe('classes', () => {
  const pipeline: TextPipeline = {
    kind: 'textClassification',
    labels: ['bad', 'göod', 'so'],
    maxLength: null,
    prefix: '',
  }
  const type = {
    kind: 'struct',
    fields: [
      { name: 'label', type: { kind: 'varchar' } },
      { name: 'score', type: { kind: 'float' } },
      { name: 'scores', type: { kind: 'array', item: { kind: 'float' }, size: 3 } },
    ],
  } as const

  it('are the best label, its score, and the scores of all', async () => {
    const opened = await open({ pipeline, graph: graphOf(3, 2) })
    const run = logits([
      [0, Math.log(2), 0],
      [1000, 1000, -1000],
    ])
    const { column } = await opened.invoke(batchOf(['a', 'b']), run, context)
    expect(decodeColumn(type, column)).toEqual([
      { label: 'göod', score: 0.5, scores: [0.25, 0.5, 0.25] },
      { label: 'bad', score: 0.5, scores: [0.5, 0.5, 0] },
    ])
  })

  it('say yes or no of one label', async () => {
    const opened = await open({ pipeline: { ...pipeline, labels: ['relevant'] }, graph: graphOf(1, 2) })
    const { column } = await opened.invoke(batchOf(['a']), logits([[Math.log(3)]]), context)
    expect(column.children[1]?.values).toEqual(Float32Array.of(0.75))
  })

  it('are null for a row that failed', async () => {
    const opened = await open({ pipeline, graph: graphOf(3, 2) })
    const reporting = { ...context, reportsRows: true }
    const { column, failures } = await opened.invoke(
      batchOf([null, 'a', null]),
      logits([[0, 0, 0]]),
      reporting,
    )
    expect(decodeColumn(type, column).map((value) => value === null)).toEqual([true, false, true])
    expect(failures.map(({ row }) => row)).toEqual([0, 2])
  })

  it('fail to open where labels and graph differ', async () => {
    await expect(open({ pipeline, graph: graphOf(2, 2) })).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message:
        "model 'words' gives scores of 2 labels in its output 'out' float32[b, 2], and 3 are given: bad, göod, so\n  give a label for each of them, in the order of config.json",
    })
  })
})

describe('failures', () => {
  const message =
    "function 'model.words' (version 3) cannot take its input 'text' in batch 7 of 3 rows, row 1: it is null, where the model takes a text"

  it('tell the row of a NULL, or fail with the first', async () => {
    const opened = await open()
    const batch = batchOf(['a', null, 'b'])
    await expect(opened.invoke(batch, tokensModel, context)).rejects.toMatchObject({
      code: 'MODEL_INPUT_INVALID',
      message,
      details: { function: 'model.words', version: 3, batch: 7, batchRows: 3, row: 1 },
    })
    const { column, failures } = await opened.invoke(batch, tokensModel, { ...context, reportsRows: true })
    expect(failures.map(({ row, error }) => [row, error.message])).toEqual([[1, message]])
    expect(column.nullCount).toBe(1)
    const [first, , last] = rowsOf(column)
    expect([first, last]).toEqual([meanOf([CLS, A, SEP]), meanOf([CLS, B, SEP])])
  })

  it('say that a tokenizer does not fit, or how long texts are', async () => {
    const beyond = `Non-zero status code returned while running Gather node. Name:'' Status Message: indices element out of data bounds, idx=${B} must be within the inclusive range [-5,4]`
    await expect(embed(['b'], {}, failing(beyond))).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: `tokenizer '${tokenizer}' does not fit model 'words' (version 3): it gives token ${B}, and the model knows tokens up to 4\n  register the model with the tokenizer.json that it was published with`,
    })
    await expect(embed(['b a'], {}, failing('axis == 1 || axis == largest was false'))).rejects.toMatchObject(
      {
        code: 'MODEL_FAILED',
        message:
          "function 'model.words' (version 3) failed in batch 7 of 1 row, row 0: axis == 1 || axis == largest was false\n  its longest text has 4 tokens, and texts are not cut: if the model takes fewer, register it with a maxLength",
      },
    )
  })

  it('say that a graph gave another shape', async () => {
    await expect(embed(['a'], {}, logits([[0, 0]]))).rejects.toMatchObject({
      code: 'MODEL_FAILED',
      message:
        "function 'model.words' (version 3) failed in batch 7 of 1 row: the model's output 'out' has the shape [1, 2] where [1, 3, 3] was expected",
    })
  })
})

/** Gives the first own token of each text, twice. */
async function firstTokens({ input_ids: ids }: Tensors): Promise<Tensors> {
  const [rows = 0, tokens = 0] = ids!.dims
  const data = Float32Array.from({ length: rows * 2 }, (_, k) => Number(ids!.data[(k >> 1) * tokens + 1]))
  return { out: { type: 'float32', dims: [rows, 2], data } }
}

/** Gives the same number for everything, in 64 bits. */
function constant(value: number): RunModel {
  return async ({ input_ids: ids }) => {
    const dims = [...ids!.dims, SIZE]
    const size = dims.reduce((product, length) => product * length)
    return { out: { type: 'float64', dims, data: new Float64Array(size).fill(value) } }
  }
}

function logits(rows: readonly (readonly number[])[]): RunModel {
  const dims = [rows.length, rows[0]!.length]
  return async () => ({ out: { type: 'float32', dims, data: Float32Array.from(rows.flat()) } })
}

function failing(message: string): RunModel {
  return async () => {
    throw new EngineError('MODEL_FAILED', message)
  }
}
