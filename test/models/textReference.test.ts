import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EngineError, messageOf } from '../../src/base/errors.ts'
import type { RunModel, TensorData } from '../../udf/executors/onnx/pipeline.ts'
import { bertCharacter } from '../../udf/executors/onnx/text/bertCharacters.ts'
import { openTextPipeline } from '../../udf/executors/onnx/text/textPipeline.ts'
import { openTokenizer } from '../../udf/executors/onnx/text/tokenizer.ts'
import { missingFile, modelFile, pythonProgram } from './pythonModels.ts'
import { batchOf, bindingOf, context, embeddingPipeline, graphOf, rowsOf } from './textHarness.ts'

const models = modelFile('minilm')
const missing = missingFile(join(models, 'minilm.onnx'), pythonProgram)
const skipped = missing === null ? '' : ` (skipped: ${missing})`

interface Reference {
  readonly text: string
  readonly ids: readonly number[]
  readonly cut: readonly number[]
}

describe.skipIf(missing !== null)(`texts as in Python${skipped}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'callplane-reference-'))
  const tokenizer = join(models, 'tokenizer.json')
  let reference: readonly Reference[] = []
  let texts: readonly string[] = []

  beforeAll(() => {
    const run = spawnSync(pythonProgram, ['test/python/textReference.py', models, folder], {
      encoding: 'utf8',
    })
    if (run.status !== 0) throw new Error(run.stderr)
    reference = read('reference.json') as typeof reference
    texts = reference.map(({ text }) => text)
  }, 180_000)
  afterAll(() => rmSync(folder, { recursive: true }))

  function read(name: string): unknown {
    return JSON.parse(readFileSync(join(folder, name), 'utf8'))
  }

  async function idsOf(path: string, maxLength: number | null, of = texts): Promise<number[][]> {
    const opened = await openTokenizer({ tokenizer: path, config: null }, { maxLength, graphLength: null })
    const { ids, offsets } = opened.tokenize(of)
    return of.map((_, row) => [...ids.subarray(offsets[row], offsets[row + 1])])
  }

  it('has enough of them', () => {
    expect(texts.length).toBeGreaterThanOrEqual(300)
    expect(texts).toContain('')
    expect(reference.some(({ ids, cut }) => ids.length > cut.length)).toBe(true)
  })

  it('gives the same tokens, cut at 256 or where tokenizer.json says', async () => {
    expect(await idsOf(tokenizer, 256)).toEqual(reference.map(({ ids }) => ids))
    expect(await idsOf(tokenizer, null)).toEqual(reference.map(({ cut }) => cut))
  })

  it('makes the same words of every character', () => {
    const how = { cleanText: true, handleChineseChars: true, stripAccents: true, lowercase: true }
    const different: string[] = []
    for (const [key, words] of Object.entries(
      read('characters.json') as Readonly<Record<string, readonly string[] | 0>>,
    )) {
      const code = Number(key)
      const expected = words === 0 ? [`a${String.fromCodePoint(code)}b`] : words
      const parts = [0x61, code, 0x62].flatMap((letter) => bertCharacter(letter, how))
      const own = parts
        .map((part) => {
          if (part.kind === 'space') return ' '
          const letter = String.fromCodePoint(part.code)
          return part.alone ? ` ${letter} ` : letter
        })
        .join('')
        .split(' ')
        .filter((word) => word !== '')
      if (own.join(' ') !== expected.join(' ')) different.push(code.toString(16))
    }
    expect(different).toEqual([])
  })

  it.each(['bpe', 'cased'])('gives the same tokens for a tokenizer of kind %s', async (name) => {
    const ids = await idsOf(join(folder, 'others', `${name}.json`), null)
    expect(ids).toEqual(read(join('others', `${name}.ids.json`)))
  })

  it('gives the same embeddings, whoever pools them', async () => {
    const pooled = await embed('none', join(models, 'minilm.onnx'), texts)
    const expected = vectors('embeddings.f32')
    expect(leastCosine(pooled, expected)).toBeGreaterThanOrEqual(0.9999)
    const some = texts.slice(0, 64)
    const hidden = join(folder, 'tokens.onnx')
    expect(leastCosine(await embed('mean', hidden, some), expected)).toBeGreaterThanOrEqual(0.9999)
    expect(leastCosine(await embed('cls', hidden, some), vectors('first.f32'))).toBeGreaterThanOrEqual(0.9999)
  }, 180_000)

  it('gives the embeddings of the model card', async () => {
    const sentences = [
      'That is a happy person',
      'That is a happy dog',
      'That is a very happy person',
      'Today is a sunny day',
    ]
    const [person = [], ...others] = await embed('none', join(models, 'minilm.onnx'), sentences)
    const rounded = others.map((other) => Number(cosine(person, other).toFixed(3)))
    expect(rounded).toEqual([0.695, 0.943, 0.257])
  })

  it('says that a tokenizer does not fit the model, and how long texts are', async () => {
    const path = join(folder, 'foreign.json')
    const own = JSON.parse(readFileSync(tokenizer, 'utf8'))
    own.model.vocab['hello'] = 40_000
    writeFileSync(path, JSON.stringify(own))
    const file = join(models, 'minilm.onnx')
    await expect(embed('none', file, ['hello'], { path })).rejects.toThrow(
      `tokenizer '${path}' does not fit model 'words' (version 3): it gives token 40000, and the model knows tokens up to 30521`,
    )
    await expect(embed('none', file, ['a '.repeat(600)], { maxLength: 600 })).rejects.toThrow(
      /its longest text has 600 tokens, and texts are cut at 600: if the model takes fewer, register it with a maxLength$/,
    )
  })

  async function embed(
    pooling: 'mean' | 'cls' | 'none',
    file: string,
    of: readonly string[],
    { path = tokenizer, maxLength = 256 } = {},
  ) {
    const session = await InferenceSession.create(file, { intraOpNumThreads: 1, logSeverityLevel: 4 })
    const output = pooling === 'none' ? 'emb' : 'hidden'
    const [own] = graphOf(384, pooling === 'none' ? 2 : 3).outputs
    const graph = { ...graphOf(384, 3), outputs: [{ ...own!, name: output }] }
    const pipeline = { ...embeddingPipeline, pooling, normalize: true, maxLength }
    const opened = await openTextPipeline(bindingOf(pipeline, graph, { tokenizer: path }))
    const { column } = await opened.invoke(batchOf(of), runOf(session), context)
    await session.release()
    return rowsOf(column)
  }

  function vectors(name: string): number[][] {
    const { buffer, byteOffset, byteLength } = readFileSync(join(folder, name))
    const values = new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength))
    return Array.from({ length: values.length / 384 }, (_, row) => [
      ...values.subarray(row * 384, row * 384 + 384),
    ])
  }
})

function runOf(session: InferenceSession): RunModel {
  return async (inputs) => {
    const feeds = Object.entries(inputs).map(([name, { data, dims }]) => {
      return [name, new Tensor('int64', data as BigInt64Array, dims)]
    })
    const outputs = await session.run(Object.fromEntries(feeds)).catch((error: unknown) => {
      throw new EngineError('MODEL_FAILED', messageOf(error))
    })
    const plain = Object.entries(outputs).map(([name, { data, dims }]): [string, TensorData] => {
      return [name, { type: 'float32', dims, data }]
    })
    return Object.fromEntries(plain)
  }
}

function leastCosine(rows: readonly number[][], expected: readonly number[][]): number {
  return Math.min(...rows.map((row, index) => cosine(row, expected[index]!)))
}

function cosine(a: readonly number[], b: readonly number[]): number {
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, k) => sum + value * b[k]!, 0)
}
