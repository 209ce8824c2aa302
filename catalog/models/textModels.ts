import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { hasLoneSurrogate } from '../../src/arrow/strings.ts'
import type { DataType } from '../../src/base/dataType.ts'
import {
  checkNames,
  choice,
  type Fields,
  field,
  flag,
  type Given,
  isObject,
  nullable,
  optional,
  text,
  wholeNumber,
  wrong,
} from '../policy/fields.ts'
import { factoryPlace } from '../policy/place.ts'
import type { ModelInterface, Pooling } from './model.ts'
import { type TextPipeline, textGraph, textOutput } from './textGraph.ts'

interface TextModelOptions {
  /** Path of the ONNX file. */
  readonly model: string
  /** Path of its tokenizer.json. A tokenizer_config.json beside it is taken along. */
  readonly tokenizer: string
  /**
   * Tokens of a text at most, special ones included; what is longer is cut. By default what tokenizer.json says under truncation,
   * or else model_max_length of tokenizer_config.json; a graph that takes a fixed number of tokens takes no more.
   */
  readonly maxLength?: number
  /** Put before each text, as `query: ` for models that were trained so. Default: nothing. */
  readonly prefix?: string
}

export interface TextEmbeddingOptions extends TextModelOptions {
  /**
   * How the embeddings of a text's tokens become one: their mean (the default), that of the first token (`cls`), or `none` where
   * the graph itself gives one a text.
   */
  readonly pooling?: Pooling
  /** Whether embeddings get the length 1, so that their product is their cosine. Default: true. */
  readonly normalize?: boolean
}

export interface TextClassificationOptions extends TextModelOptions {
  /** Names of the graph's scores, in order: `id2label` of the model's config.json. */
  readonly labels: readonly string[]
}

/** A text model as it is registered. */
export interface TextModel {
  readonly kind: 'textModel'
  readonly model: string
  readonly tokenizer: string
  /** Path of the tokenizer_config.json beside the tokenizer; null where there is none. */
  readonly tokenizerConfig: string | null
  readonly pipeline: TextPipeline
  /** The type of its results. Fails as `check` does. */
  outputOf(graph: ModelInterface): DataType
  /** Fails with MODEL_INVALID where the graph is not that of such a model. */
  check(graph: ModelInterface): void
}

/** A model that makes embeddings of texts: FLOAT[size]. Fails with WRONG_ARGUMENTS for options that it does not know. */
export function textEmbedding(options: TextEmbeddingOptions): TextModel {
  const option = readFields('textEmbedding', options, ['pooling', 'normalize'])
  const pooling = optional(
    option('pooling'),
    (given) => choice(given, ['mean', 'cls', 'none'] as const),
    'mean',
  )
  const normalize = optional(option('normalize'), flag, true)
  return textModel(option, { kind: 'textEmbedding', pooling, normalize, ...readShared(option) })
}

/**
 * A model that gives each text a label: STRUCT(label VARCHAR, score FLOAT, scores FLOAT[labels]). Scores sum to 1 (softmax); where
 * there is one label alone, its score is that of a yes (sigmoid). Fails with WRONG_ARGUMENTS for options that it does not know.
 */
export function textClassification(options: TextClassificationOptions): TextModel {
  const option = readFields('textClassification', options, ['labels'])
  const labels = readLabels(option('labels'))
  return textModel(option, { kind: 'textClassification', labels, ...readShared(option) })
}

type Option = (name: string) => Given

function readFields(factory: string, options: unknown, own: readonly string[]): Option {
  const place = factoryPlace(factory)
  const whole = { value: options, name: 'options', place }
  if (!isObject(options)) throw wrong(whole, 'an object')
  const fields: Fields = { ...options }
  checkNames(fields, ['model', 'tokenizer', 'maxLength', 'prefix', ...own], place)
  return (name) => field({ value: fields, name: '', place }, fields, name)
}

function readShared(option: Option): { readonly maxLength: number | null; readonly prefix: string } {
  return {
    maxLength: nullable(option('maxLength'), (given) => wholeNumber(given, 1)),
    prefix: optional(option('prefix'), anyText, ''),
  }
}

function textModel(option: Option, pipeline: TextPipeline): TextModel {
  const model = text(option('model'))
  const tokenizer = text(option('tokenizer'))
  const config = join(dirname(tokenizer), 'tokenizer_config.json')
  return Object.freeze({
    kind: 'textModel',
    model,
    tokenizer,
    tokenizerConfig: existsSync(config) ? config : null,
    pipeline: Object.freeze(pipeline),
    outputOf(graph: ModelInterface) {
      return textOutput(pipeline, textGraph(pipeline, graph, model))
    },
    check(graph: ModelInterface) {
      textGraph(pipeline, graph, model)
    },
  })
}

function readLabels(given: Given): readonly string[] {
  const { value } = given
  if (!Array.isArray(value) || value.length === 0) throw wrong(given, 'a list of texts, one a label')
  const labels = value.map((label, index) => {
    const one = { ...given, value: label, name: `${given.name}[${index}]` }
    return wellFormed(one, text(one))
  })
  const twice = labels.find((label, index) => labels.indexOf(label) !== index)
  if (twice !== undefined)
    throw wrong({ ...given, value: twice, name: `${given.name}[${labels.lastIndexOf(twice)}]` }, 'there once')
  return Object.freeze(labels)
}

function anyText(given: Given): string {
  if (typeof given.value !== 'string') throw wrong(given, 'a text')
  return wellFormed(given, given.value)
}

function wellFormed(given: Given, value: string): string {
  if (hasLoneSurrogate(value)) throw wrong(given, 'well-formed, without half a surrogate pair')
  return value
}
