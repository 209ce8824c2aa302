import { fixedRows, isNamed, outputsOf } from '../../../catalog/models/graphTypes.ts'
import type { ModelBinding, ModelInterface, ModelVersion } from '../../../catalog/models/model.ts'
import type { Batch, ColumnData } from '../../../src/arrow/column.ts'
import {
  concatColumns,
  nullColumn,
  type ScatterPart,
  scatterColumn,
  sliceColumn,
} from '../../../src/arrow/columns.ts'
import { decodeColumn } from '../../../src/arrow/decode.ts'
import { encodeColumn } from '../../../src/arrow/encode.ts'
import type { DataType } from '../../../src/base/dataType.ts'
import { EngineError } from '../../../src/base/errors.ts'
import { formatType } from '../../../src/base/formatType.ts'
import { type CallResult, type RowFailure, succeeded } from '../../executor.ts'
import { cutTensor, padTensor, tensorOf } from './columnTensors.ts'
import { type Hook, loadHook, tensorsOf, valuesOf } from './hooks.ts'
import { failedIn, failedRun, inputInvalid, type ModelPlace, placeOf } from './modelErrors.ts'
import type { OpenPipeline, Pipeline, PipelineContext, RunModel, TensorData, Tensors } from './pipeline.ts'
import { type InputColumn, shapesOfRows } from './rowShapes.ts'
import { columnOf } from './tensorColumns.ts'

/** For models whose inputs and outputs are columns, or are made of columns by functions of a module. */
export const openTensorPipeline: OpenPipeline = async ({ version, runtime }) => {
  const { pipeline } = version
  if (pipeline.kind !== 'tensors') {
    throw new EngineError('INTERNAL', `model '${version.name}' is not one of tensors but of ${pipeline.kind}`)
  }
  return new TensorPipeline(
    { version, runtime },
    {
      preprocess: await loadHook('preprocess', pipeline.preprocess),
      postprocess: await loadHook('postprocess', pipeline.postprocess),
    },
  )
}

interface Hooks {
  readonly preprocess: Hook | null
  readonly postprocess: Hook | null
}

/** The rows of one run, and what makes their tensors. */
interface Run {
  readonly rows: Int32Array
  readonly tensors: (place: ModelPlace) => Promise<Tensors>
}

class TensorPipeline implements Pipeline {
  readonly #version: ModelVersion
  readonly #graph: ModelInterface
  readonly #hooks: Hooks
  /** Rows of every run, where the graph takes no other number. */
  readonly #fixed: number | null
  readonly #rowsAtOnce: number

  constructor({ version, runtime }: ModelBinding, hooks: Hooks) {
    this.#version = version
    this.#graph = version.graph
    this.#hooks = hooks
    this.#fixed = fixedRows(version.graph)
    this.#rowsAtOnce = this.#fixed ?? runtime.batchSize
  }

  async invoke(batch: Batch, run: RunModel, context: PipelineContext): Promise<CallResult> {
    const { output } = this.#version
    if (batch.length === 0) return succeeded(nullColumn(output, 0))
    const place = placeOf(this.#version, context, batch.length)
    const failures: RowFailure[] = []
    const parts: ScatterPart[] = []
    for (const { rows, tensors } of this.#runsOf(batch, place, context.reportsRows ? failures : null)) {
      const outputs = await this.#run(await tensors(place), { rows, run, place })
      parts.push({ rows, column: await this.#resultOf(outputs, rows, place) })
    }
    return { column: assemble(output, parts, batch.length), failures }
  }

  /** Without `failures` the batch fails with the first row that the graph does not take. */
  #runsOf(batch: Batch, place: ModelPlace, failures: RowFailure[] | null): readonly Run[] {
    const { preprocess } = this.#hooks
    if (preprocess !== null) {
      const all = Int32Array.from({ length: batch.length }, (_, row) => row)
      return this.#chunks(all).map((rows) => ({
        rows,
        tensors: () => this.#preprocess(preprocess, batch, rows, place),
      }))
    }
    const inputs = this.#inputsOf(batch)
    const { groups, misfits } = shapesOfRows(inputs, batch.length)
    for (const { row, input, problem } of misfits) {
      const error = inputInvalid(place, input, row, problem)
      if (failures === null) throw error
      failures.push({ row, error })
    }
    return groups.flatMap(({ rows: all, dims }) =>
      this.#chunks(all).map((rows) => ({
        rows,
        tensors: async () =>
          Object.fromEntries(
            inputs.map((input, index) => [input.info.name, tensorOf(input, rows, dims[index] ?? [])]),
          ),
      })),
    )
  }

  #chunks(rows: Int32Array): readonly Int32Array[] {
    const size = this.#rowsAtOnce
    return Array.from({ length: Math.ceil(rows.length / size) }, (_, index) =>
      rows.subarray(index * size, (index + 1) * size),
    )
  }

  #inputsOf({ columns }: Batch): readonly InputColumn[] {
    const { inputs, name } = this.#version
    return this.#graph.inputs.map((info) => {
      const index = inputs.findIndex((field) => isNamed(field.name, info.name))
      const type = inputs[index]?.type
      const column = columns[index]
      if (type !== undefined && column !== undefined) return { info, type, column }
      throw new EngineError('INTERNAL', `model '${name}' got no column for its input '${info.name}'`)
    })
  }

  async #preprocess(hook: Hook, batch: Batch, rows: Int32Array, place: ModelPlace): Promise<Tensors> {
    const columns = this.#version.inputs.map(({ name, type }, index) => {
      const slice = sliceColumn(type, batch.columns[index]!, rows[0] ?? 0, rows.length)
      return [name, decodeColumn(type, slice)] as const
    })
    return tensorsOf(hook, this.#graph, Object.fromEntries(columns), { rows: rows.length, place })
  }

  async #run(
    tensors: Tensors,
    { rows, run, place }: { readonly rows: Int32Array; readonly run: RunModel; readonly place: ModelPlace },
  ): Promise<Tensors> {
    const fixed = this.#fixed
    const isShort = fixed !== null && rows.length < fixed
    const taken = isShort
      ? mapTensors(tensors, (tensor) => (tensor.dims[0] === rows.length ? padTensor(tensor, fixed) : tensor))
      : tensors
    try {
      const outputs = await run(taken)
      if (!isShort) return outputs
      return mapTensors(outputs, (tensor) =>
        tensor.dims[0] === fixed ? cutTensor(tensor, rows.length) : tensor,
      )
    } catch (thrown) {
      throw failedRun(place, thrown, rows)
    }
  }

  async #resultOf(outputs: Tensors, rows: Int32Array, place: ModelPlace): Promise<ColumnData> {
    const { output } = this.#version
    const { postprocess } = this.#hooks
    if (postprocess !== null) {
      const values = await valuesOf(postprocess, outputs, { rows: rows.length, place })
      return encodeColumn(output, values, (index, problem) => {
        const failure = { code: 'FUNCTION_RESULT_INVALID', row: rows[index] ?? null } as const
        throw failedIn(place, { ...failure, problem: `${postprocess.label} returned ${problem}` })
      })
    }
    const chosen = outputsOf(this.#graph, output)
    if (chosen.kind === 'one') return outputColumn(chosen.info.name, output, outputs, { rows, place })
    const children = chosen.fields.map(({ info, type }) =>
      outputColumn(info.name, type, outputs, { rows, place }),
    )
    return { length: rows.length, nullCount: 0, validity: null, offsets: null, values: null, children }
  }
}

function outputColumn(
  name: string,
  type: DataType,
  outputs: Tensors,
  { rows, place }: { readonly rows: Int32Array; readonly place: ModelPlace },
): ColumnData {
  const tensor = outputs[name]
  const fail = (code: 'MODEL_FAILED' | 'FUNCTION_RESULT_ROWS', problem: string): EngineError =>
    failedIn(place, { code, problem })
  if (tensor === undefined) throw fail('MODEL_FAILED', `the model gave no output '${name}'`)
  const shape = `[${tensor.dims.join(', ')}]`
  if (tensor.dims[0] !== rows.length) {
    const problem = `the model's output '${name}' has the shape ${shape} for a run of ${rows.length} rows`
    throw fail('FUNCTION_RESULT_ROWS', problem)
  }
  const column = columnOf(type, tensor)
  if (column !== null) return column
  throw fail(
    'MODEL_FAILED',
    `the model's output '${name}' has the shape ${shape}, which is no ${formatType(type)} for each row`,
  )
}

/** Rows of all runs in their places; others are null. */
function assemble(type: DataType, parts: readonly ScatterPart[], length: number): ColumnData {
  const [first] = parts
  if (parts.length === 1 && first?.rows.length === length) return first.column
  let next = 0
  const isInOrder = parts.every(({ rows }) => rows.every((row) => row === next++))
  if (!isInOrder || next !== length) return scatterColumn(type, parts, length)
  return concatColumns(
    type,
    parts.map(({ column }) => column),
  )
}

function mapTensors(tensors: Tensors, change: (tensor: TensorData) => TensorData): Tensors {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, change(tensor)]))
}
