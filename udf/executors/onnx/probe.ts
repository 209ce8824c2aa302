import { fixedRows, outputsOf } from '../../../catalog/models/graphTypes.ts'
import type { ModelBinding, TensorInfo } from '../../../catalog/models/model.ts'
import { encodeColumn } from '../../../src/arrow/encode.ts'
import { Cancellation } from '../../../src/base/cancellation.ts'
import { EngineError, messageOf } from '../../../src/base/errors.ts'
import { arrayOf } from './elements.ts'
import type { Pipeline, RunModel, TensorData, Tensors } from './pipeline.ts'

/** Names of the graph's outputs that make the result: others are not computed. */
export function outputNames({ version: { graph, pipeline, output } }: ModelBinding): readonly string[] {
  if (pipeline.kind !== 'tensors' || pipeline.postprocess !== null)
    return graph.outputs.map(({ name }) => name)
  const chosen = outputsOf(graph, output)
  return chosen.kind === 'one' ? [chosen.info.name] : chosen.fields.map(({ info }) => info.name)
}

/**
 * Runs a model once that was just loaded, with a text or with zeros: it then has its memory, and is known to answer. Fails with
 * MODEL_INVALID.
 */
export async function probe(binding: ModelBinding, pipeline: Pipeline, run: RunModel): Promise<void> {
  const { version } = binding
  try {
    if (version.pipeline.kind === 'tensors') await run(zeros(binding))
    else await probeText(binding, pipeline, run)
  } catch (thrown) {
    // Where axes may be of any size, the one that is tried here may still be too small.
    if (version.pipeline.kind === 'tensors' && hasOpenAxes(binding)) return
    const message = `model '${version.name}' (version ${version.version}) does not answer its probe: ${messageOf(thrown)}`
    throw new EngineError('MODEL_INVALID', message, { path: version.model.path }, thrown)
  }
}

async function probeText({ version }: ModelBinding, pipeline: Pipeline, run: RunModel): Promise<void> {
  const columns = version.inputs.map(({ type }) => encodeColumn(type, ['probe']))
  const context = {
    function: `model.${version.name}`,
    batch: 0,
    firstRow: 0,
    reportsRows: false,
    signal: new Cancellation(),
  }
  await pipeline.invoke({ length: 1, columns }, run, context)
}

function hasOpenAxes({ version: { graph } }: ModelBinding): boolean {
  return graph.inputs.some(({ shape }) => shape.slice(1).some((size) => typeof size === 'string'))
}

function zeros({ version: { graph } }: ModelBinding): Tensors {
  const rows = fixedRows(graph) ?? 1
  return Object.fromEntries(graph.inputs.map((info) => [info.name, zeroTensor(info, rows)]))
}

function zeroTensor({ type, shape }: TensorInfo, rows: number): TensorData {
  const dims = shape.map((size, axis) => (typeof size === 'number' ? size : axis === 0 ? rows : 1))
  const length = dims.reduce((product, size) => product * size, 1)
  return {
    type,
    dims,
    data: type === 'string' ? Array<string>(length).fill('') : new (arrayOf(type))(length),
  }
}
