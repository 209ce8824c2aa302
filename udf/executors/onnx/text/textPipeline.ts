import type { ModelBinding } from '../../../../catalog/models/model.ts'
import { type TextGraph, type TextPipeline, textGraph } from '../../../../catalog/models/textGraph.ts'
import { bytesOf, offsetsOf } from '../../../../src/arrow/access.ts'
import { bitmapBytes, setBits } from '../../../../src/arrow/bitmap.ts'
import { type Batch, type ColumnData, isValid } from '../../../../src/arrow/column.ts'
import { decodeStrings } from '../../../../src/arrow/strings.ts'
import { EngineError } from '../../../../src/base/errors.ts'
import type { CallResult, RowFailure } from '../../../executor.ts'
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

/** What a run costs besides its tokens, in tokens: on a device, which works on thousands of them at once, far more. */
const RUN_COST_CPU = 16
const RUN_COST_DEVICE = 2048

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
    const { batchSize, executionProviders } = binding.runtime
    this.#binding = binding
    this.#pipeline = pipeline
    this.#graph = graph
    this.#tokenizer = tokenizer
    this.#fixed = fixedSizes(graph)
    this.#limits = {
      maxRows: this.#fixed.rows ?? batchSize,
      runCost: executionProviders[0] === 'cpu' ? RUN_COST_CPU : RUN_COST_DEVICE,
      pads: graph.mask !== null || this.#fixed.tokens !== null,
    }
  }

  async invoke(batch: Batch, run: RunModel, context: PipelineContext): Promise<CallResult> {
    const { version } = this.#binding
    const [column] = batch.columns
    if (column === undefined) throw new EngineError('INTERNAL', 'a text model was called without a text')
    const { length } = batch
    const nulls = nullRows(column)
    const failures: RowFailure[] = nulls.map((row) => ({
      row,
      error: nullText(version, context, { row, rows: length }),
    }))
    const [failure] = failures
    if (failure !== undefined && !context.reportsRows) throw failure.error
    const places = nulls.length === 0 ? null : otherRows(nulls, length)
    const results = this.#results(length)
    await this.#runAll(this.#textsOf(column, places), run, (output, layout, row, text) =>
      results.put(output, layout, row, places?.[text] ?? text),
    )
    return { column: results.column(validityWithout(nulls, length)), failures }
  }

  /** Texts of the valid rows, with what is put before them. */
  #textsOf(column: ColumnData, places: readonly number[] | null): readonly string[] {
    const { prefix } = this.#pipeline
    const all = decodeStrings(offsetsOf(column), bytesOf(column))
    const texts = places === null ? all : places.map((row) => all[row]!)
    return prefix === '' ? texts : texts.map((text) => prefix + text)
  }

  async #runAll(texts: readonly string[], run: RunModel, put: Put): Promise<void> {
    const tokens = this.#tokenizer.tokenize(texts)
    const lengths = Int32Array.from(texts, (_, text) => tokens.offsets[text + 1]! - tokens.offsets[text]!)
    const { padding } = this.#tokenizer
    for (const part of planRuns(lengths, this.#limits)) {
      const layout = layOut(part, tokens, { fixed: this.#fixed, padding })
      const output = await this.#run(tokens, layout, run)
      for (let row = 0; row < part.rows.length; row++) put(output, layout, row, part.rows[row]!)
    }
  }

  async #run(texts: TokenRows, layout: RunLayout, run: RunModel): Promise<Float32Array | Float64Array> {
    const { version } = this.#binding
    const { padding, maxLength } = this.#tokenizer
    const { name } = this.#graph.output
    const inputs = inputTensors(this.#graph, layout, { texts, padding })
    const outputs = await run(inputs).catch((error: unknown) => {
      throw runFailed(error, version, { texts, tokens: layout.tokens, maxLength })
    })
    const output = outputs[name]
    if (output === undefined) throw new EngineError('INTERNAL', `a run gave no output '${name}'`)
    const { width } = this.#graph
    const rows = layout.texts.length
    const expected = this.#graph.output.shape.length === 3 ? [rows, layout.tokens, width] : [rows, width]
    if (expected.some((size, dimension) => size !== output.dims[dimension])) {
      throw wrongShape(version, name, { dims: output.dims, expected })
    }
    return outputNumbers(output)
  }

  #results(rows: number): TextResults {
    const pipeline = this.#pipeline
    if (pipeline.kind === 'textEmbedding') return new Embeddings(pipeline, this.#graph.width, rows)
    return new Classes(pipeline.labels, rows)
  }
}

type Put = (output: Float32Array | Float64Array, layout: RunLayout, row: number, text: number) => void

function nullRows(column: ColumnData): readonly number[] {
  const rows: number[] = []
  if (column.nullCount === 0) return rows
  for (let row = 0; row < column.length; row++) if (!isValid(column, row)) rows.push(row)
  return rows
}

function otherRows(nulls: readonly number[], length: number): readonly number[] {
  const left = new Set(nulls)
  return Array.from({ length }, (_, row) => row).filter((row) => !left.has(row))
}

function validityWithout(nulls: readonly number[], length: number): Uint8Array | null {
  if (nulls.length === 0) return null
  const validity = new Uint8Array(bitmapBytes(length))
  setBits(validity, 0, length)
  for (const row of nulls) validity[row >> 3]! &= ~(1 << (row & 7))
  return validity
}
