import type { DataType, Field, SimpleKind } from '../../src/base/dataType.ts'
import { EngineError } from '../../src/base/errors.ts'
import { formatType } from '../../src/base/formatType.ts'
import type { ModelInterface, TensorInfo, TensorType } from './model.ts'

/** What a graph takes and gives for a row, as DuckDB's types. */
export interface GraphTypes {
  readonly inputs: readonly Field[]
  /** The type of the only output, or a struct of all. */
  readonly output: DataType
}

/** The kinds of DuckDB whose values are elements of tensors. */
export const elementKinds: Readonly<Record<TensorType, SimpleKind>> = {
  float16: 'float',
  float32: 'float',
  float64: 'double',
  int8: 'tinyint',
  int16: 'smallint',
  int32: 'integer',
  int64: 'bigint',
  uint8: 'utinyint',
  uint16: 'usmallint',
  uint32: 'uinteger',
  uint64: 'ubigint',
  bool: 'boolean',
  string: 'varchar',
}

const batchName = /^(?:N|batch|batch[_ ]?size)$/

/**
 * The types of a call: the first axis of each tensor counts the rows, further ones of a fixed size are arrays, others lists;
 * `[N]` and `[N, 1]` are plain values. Throws MODEL_INVALID for a tensor without an axis of rows, with rows along another axis,
 * or with an axis of size 0.
 */
export function typesOfGraph(graph: ModelInterface): GraphTypes {
  return { inputs: inputsOfGraph(graph), output: outputOfGraph(graph) }
}

/** The arguments of a call, as {@link typesOfGraph} has them. */
export function inputsOfGraph(graph: ModelInterface): readonly Field[] {
  return graph.inputs.map((info) => ({ name: info.name, type: typeOfTensor(info, 'input') }))
}

/** The result of a call, as {@link typesOfGraph} has it. */
export function outputOfGraph(graph: ModelInterface): DataType {
  const outputs = graph.outputs.map((info) => ({ name: info.name, type: typeOfTensor(info, 'output') }))
  const [only] = outputs
  if (only === undefined) throw new EngineError('MODEL_INVALID', 'the model has no output')
  return outputs.length === 1 ? only.type : { kind: 'struct', fields: outputs }
}

/** Throws MODEL_INVALID for arguments or a result of other types than the graph's; see {@link checkInputs}, {@link checkOutput}. */
export function checkSchemas(graph: ModelInterface, inputs: readonly Field[], output: DataType): void {
  checkInputs(graph, inputs)
  checkOutput(graph, output)
}

/**
 * Whether each input of the graph gets one argument of its name, in any case and order, and of its type; lists may stand for
 * arrays and arrays for lists. Throws MODEL_INVALID with the input, the type that it takes and the given one.
 */
export function checkInputs(graph: ModelInterface, inputs: readonly Field[]): void {
  for (const info of graph.inputs) {
    const given = inputs.filter(({ name }) => isNamed(name, info.name))
    const [field] = given
    if (field === undefined || given.length > 1) {
      const problem = field === undefined ? 'is not in its input schema' : 'is in its input schema twice'
      throw new EngineError('MODEL_INVALID', `input '${info.name}' of the model ${problem}`, {
        hint: `the model takes ${listed(graph.inputs)}`,
      })
    }
    checkType(info, 'input', field.type)
  }
  for (const { name } of inputs) {
    if (graph.inputs.some((info) => isNamed(name, info.name))) continue
    throw new EngineError('MODEL_INVALID', `the model has no input '${name}' that its input schema names`, {
      hint: `the model takes ${listed(graph.inputs)}`,
    })
  }
}

/**
 * Whether the result is the graph's only output, or a struct of outputs by their names, in any case and order; it may leave some
 * out. Throws MODEL_INVALID with the output, its type and the given one.
 */
export function checkOutput(graph: ModelInterface, output: DataType): void {
  const chosen = outputsOf(graph, output)
  if (chosen.kind === 'one') return checkType(chosen.info, 'output', output)
  for (const { info, type } of chosen.fields) checkType(info, 'output', type)
}

/** The outputs of a graph that make a result. */
export type ChosenOutputs =
  | { readonly kind: 'one'; readonly info: TensorInfo }
  | {
      readonly kind: 'struct'
      readonly fields: readonly { readonly info: TensorInfo; readonly type: DataType }[]
    }

/** Throws MODEL_INVALID for a struct with a field that is no output, and for another type where there are several outputs. */
export function outputsOf(graph: ModelInterface, output: DataType): ChosenOutputs {
  const hint = { hint: `the model gives ${listed(graph.outputs)}` }
  if (output.kind !== 'struct') {
    const [info, ...others] = graph.outputs
    if (info !== undefined && others.length === 0) return { kind: 'one', info }
    const message = `the model has ${graph.outputs.length} outputs, and its output schema is ${formatType(output)} instead of a STRUCT`
    throw new EngineError('MODEL_INVALID', message, hint)
  }
  const fields = output.fields.map(({ name, type }) => {
    const info = graph.outputs.find((candidate) => isNamed(name, candidate.name))
    if (info !== undefined) return { info, type }
    const message = `the model has no output '${name}' that its output schema names`
    throw new EngineError('MODEL_INVALID', message, hint)
  })
  return { kind: 'struct', fields }
}

/** Rows of each run, where a graph takes no other number; null where it takes any. Throws MODEL_INVALID if its inputs disagree. */
export function fixedRows({ inputs }: ModelInterface): number | null {
  let fixed: { readonly name: string; readonly rows: number } | null = null
  for (const { name, shape } of inputs) {
    const [rows] = shape
    if (typeof rows !== 'number') continue
    if (fixed !== null && fixed.rows !== rows) {
      const message = `inputs '${fixed.name}' and '${name}' of the model are for ${fixed.rows} and ${rows} rows`
      throw new EngineError('MODEL_INVALID', message, { hint: takesPreprocess })
    }
    fixed = { name, rows }
  }
  return fixed?.rows ?? null
}

/** Names of tensors differ by more than case. */
export function isNamed(name: string, other: string): boolean {
  return name.toLowerCase() === other.toLowerCase()
}

/** The dimensions of a tensor for one row. */
export function rowShape({ shape }: TensorInfo): readonly (number | string)[] {
  return shape.slice(1)
}

/** A tensor as messages show it: `float32[N, 384]`. */
export function describeTensor({ type, shape }: Pick<TensorInfo, 'type' | 'shape'>): string {
  return `${type}[${shape.map((size) => (size === '' ? '?' : size)).join(', ')}]`
}

const takesPreprocess = 'give the model a preprocess function that makes its tensors'

function typeOfTensor(info: TensorInfo, role: 'input' | 'output'): DataType {
  checkAxes(info, role)
  const element: DataType = { kind: elementKinds[info.type] }
  const sizes = rowShape(info)
  if (sizes.length === 1 && sizes[0] === 1) return element
  return sizes.reduceRight<DataType>(
    (item, size) => (typeof size === 'number' ? { kind: 'array', item, size } : { kind: 'list', item }),
    element,
  )
}

function checkAxes(info: TensorInfo, role: 'input' | 'output'): void {
  const { name, shape } = info
  const what = `${role} '${name}' of the model, ${describeTensor(info)},`
  const hint = {
    hint:
      role === 'input'
        ? takesPreprocess
        : 'give the model a postprocess function that makes values of its tensors',
  }
  if (shape.length === 0) throw new EngineError('MODEL_INVALID', `${what} has no axis for rows`, hint)
  if (shape.includes(0)) throw new EngineError('MODEL_INVALID', `${what} has an axis of size 0`, hint)
  const place = shape.findIndex((size) => typeof size === 'string' && batchName.test(size))
  if (place > 0) {
    const message = `${what} has its rows along axis ${place} instead of the first`
    throw new EngineError('MODEL_INVALID', message, hint)
  }
}

function checkType(info: TensorInfo, role: 'input' | 'output', given: DataType): void {
  const expected = typeOfTensor(info, role)
  if (fits(given, elementKinds[info.type], rowShape(info))) return
  const verb = role === 'input' ? 'takes' : 'gives'
  throw new EngineError(
    'MODEL_INVALID',
    `${role} '${info.name}' of the model, ${describeTensor(info)}, ${verb} ${formatType(expected)}, but its schema says ${formatType(given)}`,
  )
}

function fits(type: DataType, element: SimpleKind, sizes: readonly (number | string)[]): boolean {
  const [size, ...others] = sizes
  if (size === undefined) return type.kind === element
  if (sizes.length === 1 && size === 1 && type.kind === element) return true
  if (type.kind === 'list') return fits(type.item, element, others)
  return (
    type.kind === 'array' &&
    (typeof size === 'string' || type.size === size) &&
    fits(type.item, element, others)
  )
}

function listed(infos: readonly TensorInfo[]): string {
  return infos.map((info) => `'${info.name}' ${describeTensor(info)}`).join(', ')
}
