import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { typesOfGraph } from '../../catalog/models/graphTypes.ts'
import type { ModelBinding, ModelRuntime, ModelVersion, TensorType } from '../../catalog/models/model.ts'
import { registerModel } from '../../catalog/models/registerModel.ts'
import type { RegisteredFunction } from '../../catalog/registerFunction.ts'
import type { DataType, Field } from '../../src/base/dataType.ts'
import type { Executor, InvokeContext } from '../../udf/executor.ts'
import { batchOf, valuesOf } from '../executor.conformance.ts'
import { contextOf } from '../invocations.ts'
import { type Graph, onnxModel } from './onnxModel.ts'
import { oneSession } from './runtime.ts'

const folder = mkdtempSync(join(tmpdir(), 'callplane-onnx-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Writes a file that is there until the tests of the file have run. */
export function writeFixture(name: string, content: string | Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

export interface BindingOptions {
  readonly version?: Partial<ModelVersion>
  readonly runtime?: Partial<ModelRuntime>
  readonly inputs?: readonly Field[]
  readonly output?: DataType
}

let models = 0

/** A model of the graph, written to a file; its schemas are the graph's own if none are given. */
export function bindingOf(
  graph: Graph,
  { version, runtime, inputs, output }: BindingOptions = {},
): ModelBinding {
  const name = `m${++models}`
  const content = onnxModel(graph)
  const path = writeFixture(`${name}.onnx`, content)
  const shown = {
    inputs: graph.inputs.map((info) => ({ ...info, shape: info.shape.map((size) => size ?? '') })),
    outputs: graph.outputs.map((info) => ({ ...info, shape: info.shape.map((size) => size ?? '') })),
  }
  const types = inputs !== undefined && output !== undefined ? { inputs, output } : typesOfGraph(shown)
  return {
    version: {
      name,
      version: 3,
      created: 0,
      model: { path, digest: createHash('sha256').update(content).digest('hex'), bytes: content.length },
      artifacts: {},
      inputs: inputs ?? types.inputs,
      output: output ?? types.output,
      graph: shown,
      pipeline: { kind: 'tensors', preprocess: null, postprocess: null },
      metadata: {},
      ...version,
    },
    runtime: {
      ...oneSession,
      batchSize: 4,
      ...runtime,
    },
  }
}

export function functionOf(binding: ModelBinding): RegisteredFunction {
  return registerModel(binding.version.name, binding)
}

/** Calls a model with columns of values, and gives the values of its result. */
export async function callModel(
  executor: Executor,
  binding: ModelBinding,
  columns: readonly (readonly unknown[])[],
  options: Partial<InvokeContext> = {},
): Promise<unknown[]> {
  const fn = functionOf(binding)
  return valuesOf(fn, await executor.invoke(fn, batchOf(fn, ...columns), contextOf(options)))
}

/** A graph with one operator over its inputs. */
export function graphOf(
  op: string,
  shape: readonly (number | string | null)[],
  {
    type = 'float32',
    inputs = ['x'],
    outShape = shape,
    outType = type,
  }: {
    readonly type?: TensorType
    readonly inputs?: readonly string[]
    readonly outShape?: readonly (number | string | null)[]
    readonly outType?: TensorType
  } = {},
): Graph {
  return {
    nodes: [{ op, inputs, outputs: ['y'] }],
    inputs: inputs.map((name) => ({ name, type, shape })),
    outputs: [{ name: 'y', type: outType, shape: outShape }],
  }
}

/** A graph whose run takes a while: so many products with the identity matrix of 1,024 by 1,024. */
export function slowGraph(products: number): Graph {
  const size = 1024
  const data = Float32Array.from({ length: size * size }, (_, index) => Number(index % (size + 1) === 0))
  const steps = Array.from({ length: products }, (_, index) => index)
  return {
    nodes: steps.map((step) => ({
      op: 'MatMul',
      inputs: [step === 0 ? 'x' : `h${step}`, 'w'],
      outputs: [step === products - 1 ? 'y' : `h${step + 1}`],
    })),
    inputs: [{ name: 'x', type: 'float32', shape: ['N', size] }],
    outputs: [{ name: 'y', type: 'float32', shape: ['N', size] }],
    initializers: [{ name: 'w', type: 'float32', dims: [size, size], data }],
  }
}
