import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { ModelInterface } from '../../catalog/models/model.ts'
import { textClassification, textEmbedding } from '../../catalog/models/textModels.ts'
import { graphOf } from './textHarness.ts'

const paths = { model: 'minilm.onnx', tokenizer: 'tokenizer.json' }

describe('textEmbedding', () => {
  it('is plain data, with defaults', () => {
    const model = textEmbedding(paths)
    expect(model).toMatchObject({ kind: 'textModel', ...paths, tokenizerConfig: null })
    expect(model.pipeline).toEqual({
      kind: 'textEmbedding',
      pooling: 'mean',
      normalize: true,
      maxLength: null,
      prefix: '',
    })
    expect(Object.isFrozen(model)).toBe(true)
    expect(Object.isFrozen(model.pipeline)).toBe(true)
  })

  it('takes the configuration beside the tokenizer along', () => {
    const folder = mkdtempSync(join(tmpdir(), 'callplane-text-'))
    const config = join(folder, 'tokenizer_config.json')
    writeFileSync(config, '{}')
    expect(textEmbedding({ ...paths, tokenizer: join(folder, 'tokenizer.json') }).tokenizerConfig).toBe(
      config,
    )
  })

  it('gives FLOAT[size]', () => {
    const type = { kind: 'array', item: { kind: 'float' }, size: 384 }
    expect(textEmbedding(paths).outputOf(graphOf(384, 3))).toEqual(type)
    expect(textEmbedding({ ...paths, pooling: 'none' }).outputOf(graphOf(384, 2))).toEqual(type)
  })

  it('finds the output of the right rank among several', () => {
    const outputs = [
      ...graphOf(384, 3).outputs,
      { name: 'pooled', type: 'float16', shape: ['b', 128] },
    ] as const
    const model = textEmbedding({ ...paths, pooling: 'none' })
    expect(model.outputOf({ ...graphOf(384, 3), outputs })).toMatchObject({ size: 128 })
  })

  it.each<[unknown, string]>([
    [undefined, 'textEmbedding has options undefined; it must be an object'],
    [{ tokenizer: 'a' }, 'textEmbedding has model undefined; it must be a text'],
    [{ model: 'a', tokenizer: '' }, "textEmbedding has tokenizer ''; it must be a text"],
    [{ ...paths, pooling: 'max' }, "textEmbedding has pooling 'max'; it must be 'mean' or 'cls' or 'none'"],
    [{ ...paths, normalize: 1 }, 'textEmbedding has normalize 1; it must be true or false'],
    [{ ...paths, maxLength: 0 }, 'textEmbedding has maxLength 0; it must be a whole number above 0'],
    [{ ...paths, prefix: null }, 'textEmbedding has prefix null; it must be a text'],
    [
      { ...paths, normalise: true },
      "textEmbedding has an unknown option 'normalise': did you mean 'normalize'?",
    ],
  ])('fails for the options %j', (options, message) => {
    expect(() => textEmbedding(options as never)).toThrow(
      expect.objectContaining({ code: 'WRONG_ARGUMENTS', message }),
    )
  })
})

describe('textClassification', () => {
  it('gives the best label, its score and all scores', () => {
    const model = textClassification({ ...paths, labels: ['no', 'yes'], maxLength: 64 })
    expect(model.pipeline).toEqual({
      kind: 'textClassification',
      labels: ['no', 'yes'],
      maxLength: 64,
      prefix: '',
    })
    expect(model.outputOf(graphOf(2, 2))).toEqual({
      kind: 'struct',
      fields: [
        { name: 'label', type: { kind: 'varchar' } },
        { name: 'score', type: { kind: 'float' } },
        { name: 'scores', type: { kind: 'array', item: { kind: 'float' }, size: 2 } },
      ],
    })
  })

  it.each<[unknown, string]>([
    [undefined, 'textClassification has labels undefined; it must be a list of texts, one a label'],
    [[], 'textClassification has labels a list; it must be a list of texts, one a label'],
    [['a', 7], 'textClassification has labels[1] 7; it must be a text'],
    [['a', 'b', 'a'], "textClassification has labels[2] 'a'; it must be there once"],
    [
      ['a', '\ud800'],
      "textClassification has labels[1] '\ud800'; it must be well-formed, without half a surrogate pair",
    ],
  ])('fails for the labels %j', (labels, message) => {
    expect(() => textClassification({ ...paths, labels } as never)).toThrow(
      expect.objectContaining({ code: 'WRONG_ARGUMENTS', message }),
    )
  })
})

describe('a graph that is no text model', () => {
  const mean = textEmbedding(paths)
  const none = textEmbedding({ ...paths, pooling: 'none' })
  const classes = textClassification({ ...paths, labels: ['bad', 'good'] })
  const good = graphOf(384, 3)
  const output = good.outputs[0]!
  const cases: readonly [string, { check(graph: ModelInterface): void }, ModelInterface, string][] = [
    [
      'has no tokens',
      mean,
      { ...good, inputs: [] },
      "model 'minilm.onnx' has no input 'input_ids', as a text model does: it has none",
    ],
    [
      'asks for something else',
      mean,
      graphOf(384, 3, ['input_ids', 'pixels']),
      "model 'minilm.onnx' has an input 'pixels' int64[b, s], which a text model does not: it may have input_ids, attention_mask, token_type_ids",
    ],
    [
      'takes floats',
      mean,
      { ...good, inputs: [{ name: 'input_ids', type: 'float32', shape: ['', 128] }] },
      "model 'minilm.onnx' has an input 'input_ids' float32[?, 128]: it must be int64 or int32, of two dimensions [batch, tokens]",
    ],
    [
      'takes tokens of one text',
      mean,
      { ...good, inputs: [{ name: 'input_ids', type: 'int64', shape: ['s'] }] },
      "model 'minilm.onnx' has an input 'input_ids' int64[s]: it must be int64 or int32, of two dimensions [batch, tokens]",
    ],
    [
      'pools by itself',
      mean,
      graphOf(384, 2),
      "model 'minilm.onnx' has no output for pooling 'mean', floats of three dimensions [batch, tokens, size]: it has 'out' float32[b, 384]\n  it pools them itself: give pooling: 'none'",
    ],
    [
      'does not pool',
      none,
      good,
      "model 'minilm.onnx' has no output for pooling 'none', floats of two dimensions [batch, size]: it has 'out' float32[b, s, 384]\n  it gives an embedding for each token: pool them with 'mean' or 'cls', as its authors say",
    ],
    [
      'gives whole numbers',
      mean,
      { ...good, outputs: [{ ...output, type: 'int64' }] },
      "model 'minilm.onnx' has no output for pooling 'mean', floats of three dimensions [batch, tokens, size]: it has 'out' int64[b, s, 384]",
    ],
    [
      'does not say its size',
      mean,
      { ...good, outputs: [{ ...output, shape: ['b', 's', 'h'] }] },
      "model 'minilm.onnx' does not say the size of its embeddings: the last dimension of its output 'out' float32[b, s, h] is of any size\n  export it with that dimension fixed",
    ],
    [
      'has no scores',
      classes,
      good,
      "model 'minilm.onnx' has no output of scores, floats of two dimensions [batch, labels]: it has 'out' float32[b, s, 384]",
    ],
    [
      'has other labels',
      classes,
      graphOf(3, 2),
      "model 'minilm.onnx' gives scores of 3 labels in its output 'out' float32[b, 3], and 2 are given: bad, good\n  give a label for each of them, in the order of config.json",
    ],
  ]

  it.each(cases)('which %s', (_, model, graph, message) => {
    expect(() => model.check(graph)).toThrow(expect.objectContaining({ code: 'MODEL_INVALID', message }))
  })
})
