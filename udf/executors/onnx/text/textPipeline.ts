import type { ModelBinding } from '../../../../catalog/models/model.ts'
import { type TextGraph, type TextPipeline, textGraph } from '../../../../catalog/models/textGraph.ts'
import { bytesOf, offsetsOf } from '../../../../src/arrow/access.ts'
import { bitmapBytes, setBits } from '../../../../src/arrow/bitmap.ts'
import { type Batch, type ColumnData, isValid } from '../../../../src/arrow/column.ts'
import { decodeStrings } from '../../../../src/arrow/strings.ts'
import { EngineError } from '../../../../src/base/errors.ts'
import type { CallResult, RowFailure } from '../../../executor.ts'
import { type ModelPlace, placeOf } from '../modelErrors.ts'
import type { OpenPipeline, Pipeline, PipelineContext, RunModel } from '../pipeline.ts'
import { Classes } from './classes.ts'
import { Embeddings } from './embeddings.ts'
import { inputTensors } from './inputTensors.ts'
import { outputNumbers } from './outputNumbers.ts'
import { type FixedSizes, fixedSizes, layOut, type RunLayout } from './runLayout.ts'
import { planRuns, type RunLimits } from './runs.ts'
import { nullText, runFailed, wrongShape } from './textFailures.ts'
import type { TextResults } from './textResults.ts'
import { openTokenizer, type Tokenizer, type TokenRows } from './tokenizer.ts'

/**
 * What a run costs besides its tokens, in tokens: the time in which the model's weights are read, which more threads do not shorten.
 * On a device, which works on thousands of tokens at once, it is far more.
 */
const RUN_COST_OF_THREAD = 16
const RUN_COST_OF_DEVICE = 2048

/** Runs a model over texts: tokenizes them, puts those of like length together, and makes embeddings or classes of what it gives. */
export const openTextPipeline: OpenPipeline = async (binding) => {
  const { name, pipeline, graph, artifacts } = binding.version
  if (pipeline.kind === 'tensors') {
    throw new EngineError('INTERNAL', `model '${name}' is opened as a text model, and is none`)
  }
  const { tokenizer, tokenizerConfig } = artifacts
  if (tokenizer === undefined) {
    throw new EngineError('MODEL_INVALID', `model '${name}' is a text model without a tokenizer`, {
      hint: 'register it with textEmbedding or textClassification',
    })
  }
  const parts = textGraph(pipeline, graph, name)
  const files = { tokenizer: tokenizer.path, config: tokenizerConfig?.path ?? null }
  const { maxLength } = pipeline
  const opened = await openTokenizer(files, { maxLength, graphLength: fixedSizes(parts).tokens })
  return new TextModelPipeline(binding, pipeline, parts, opened)
}

class TextModelPipeline implements Pipeline {
  readonly #binding: ModelBinding
  readonly #pipeline: TextPipeline
  readonly #graph: TextGraph
  readonly #tokenizer: Tokenizer
  readonly #fixed: FixedSizes
  readonly #limits: RunLimits

  constructor(binding: ModelBinding, pipeline: TextPipeline, graph: TextGraph, tokenizer: Tokenizer) {
    const { batchSize, executionProviders, intraOpNumThreads } = binding.runtime
    this.#binding = binding
    this.#pipeline = pipeline
    this.#graph = graph
    this.#tokenizer = tokenizer
    this.#fixed = fixedSizes(graph)
    this.#limits = {
      maxRows: this.#fixed.rows ?? batchSize,
      runCost: executionProviders[0] === 'cpu' ? RUN_COST_OF_THREAD * intraOpNumThreads : RUN_COST_OF_DEVICE,
      pads: graph.mask !== null || this.#fixed.tokens !== null,
    }
  }

  async invoke(batch: Batch, run: RunModel, context: PipelineContext): Promise<CallResult> {
    const { version } = this.#binding
    const { length } = batch
    const [column] = batch.columns
    if (column === undefined) throw new EngineError('INTERNAL', 'a text model was called without a text')
    const place = placeOf(version, context, length)
    const nulls = nullRows(column)
    const failures: RowFailure[] = nulls.map((row) => ({ row, error: nullText(place, version, row) }))
    const [failure] = failures
    if (failure !== undefined && !context.reportsRows) throw failure.error
    const rows = rowsWithout(nulls, length)
    const tokens = this.#tokenizer.tokenize(this.#textsOf(column, rows))
    const results = this.#results(length)
    for (const part of planRuns(lengthsOf(tokens), this.#limits)) {
      const layout = layOut(part, tokens, { fixed: this.#fixed, padding: this.#tokenizer.padding })
      const places = part.rows.map((text) => rows[text]!)
      const output = await this.#run({ run, layout, tokens }, { place, rows: places })
      places.forEach((to, row) => results.put(output, layout, row, to))
    }
    return { column: results.column(validityWithout(nulls, length)), failures }
  }

  /** The texts of some rows, with what is put before them. */
  #textsOf(column: ColumnData, rows: Int32Array): readonly string[] {
    const { prefix } = this.#pipeline
    const all = decodeStrings(offsetsOf(column), bytesOf(column))
    const texts = rows.length === all.length ? all : Array.from(rows, (row) => all[row]!)
    return prefix === '' ? texts : texts.map((text) => prefix + text)
  }

  async #run({ run, layout, tokens }: Run, at: RunPlace): Promise<Float32Array | Float64Array> {
    const { padding, maxLength } = this.#tokenizer
    const { output, width } = this.#graph
    const outputs = await run(inputTensors(this.#graph, layout, { texts: tokens, padding })).catch(
      (error: unknown) => {
        const { version } = this.#binding
        throw runFailed(error, version, { ...at, texts: tokens, tokens: layout.tokens, maxLength })
      },
    )
    const tensor = outputs[output.name]
    if (tensor === undefined) throw new EngineError('INTERNAL', `a run gave no output '${output.name}'`)
    const { dims } = tensor
    const rows = layout.texts.length
    const expected = output.shape.length === 3 ? [rows, layout.tokens, width] : [rows, width]
    const fits = dims.length === expected.length && dims.every((size, axis) => size === expected[axis])
    if (!fits) throw wrongShape(at.place, output.name, { dims, expected })
    return outputNumbers(tensor)
  }

  #results(rows: number): TextResults {
    const pipeline = this.#pipeline
    if (pipeline.kind === 'textEmbedding') return new Embeddings(pipeline, this.#graph.width, rows)
    return new Classes(pipeline.labels, rows)
  }
}

/** Texts that a model is to run over, and the model. */
interface Run {
  readonly run: RunModel
  readonly layout: RunLayout
  readonly tokens: TokenRows
}

/** The rows of a batch that they come of. */
interface RunPlace {
  readonly place: ModelPlace
  readonly rows: Int32Array
}

function lengthsOf({ offsets }: TokenRows): Int32Array {
  return offsets.subarray(1).map((end, text) => end - offsets[text]!)
}

function nullRows(column: ColumnData): readonly number[] {
  const rows: number[] = []
  if (column.nullCount === 0) return rows
  for (let row = 0; row < column.length; row++) if (!isValid(column, row)) rows.push(row)
  return rows
}

function rowsWithout(nulls: readonly number[], length: number): Int32Array {
  const rows = Int32Array.from({ length }, (_, row) => row)
  const left = new Set(nulls)
  return nulls.length === 0 ? rows : rows.filter((row) => !left.has(row))
}

function validityWithout(nulls: readonly number[], length: number): Uint8Array | null {
  if (nulls.length === 0) return null
  const validity = new Uint8Array(bitmapBytes(length))
  setBits(validity, 0, length)
  for (const row of nulls) validity[row >> 3]! &= ~(1 << (row & 7))
  return validity
}
