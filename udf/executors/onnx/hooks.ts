import { fileURLToPath } from 'node:url'
import type { ModuleReference } from '../../../catalog/function.ts'
import { importModule } from '../../../catalog/importModule.ts'
import { elementKinds } from '../../../catalog/models/graphTypes.ts'
import type { ModelInterface, TensorInfo, TensorType } from '../../../catalog/models/model.ts'
import { encodeColumn } from '../../../src/arrow/encode.ts'
import { EngineError, messageOf } from '../../../src/base/errors.ts'
import { arrayOf, fromHalves, toHalves } from './elements.ts'
import { failedIn, type ModelPlace } from './modelErrors.ts'
import type { TensorData, Tensors } from './pipeline.ts'

/** A function of a module that makes tensors of values, or values of tensors. */
export interface Hook {
  /** `preprocess makeTensors of /path/module.ts`: how messages name it. */
  readonly label: string
  readonly call: (given: unknown, context: { readonly rows: number }) => unknown
}

/** Fails with MODULE_LOAD_FAILED. */
export async function loadHook(
  role: 'preprocess' | 'postprocess',
  reference: ModuleReference | null,
): Promise<Hook | null> {
  if (reference === null) return null
  const { url, exportName } = reference
  const path = fileURLToPath(url)
  const exported = (await importModule(url))[exportName]
  if (!isFunction(exported)) {
    const message = `${path} exports no function '${exportName}', which a model has for its ${role}`
    throw new EngineError('MODULE_LOAD_FAILED', message, { path })
  }
  return { label: `${role} '${exportName}' of ${path}`, call: exported }
}

/** What `preprocess` gives for the rows, checked. Fails with FUNCTION_FAILED or FUNCTION_RESULT_INVALID. */
export async function tensorsOf(
  hook: Hook,
  graph: ModelInterface,
  columns: Readonly<Record<string, readonly unknown[]>>,
  { rows, place }: { readonly rows: number; readonly place: ModelPlace },
): Promise<Tensors> {
  const given = await callHook(hook, columns, rows, place)
  return Object.fromEntries(
    graph.inputs.map((info) => {
      const tensor = isRecord(given) ? readTensor(info, given[info.name]) : 'no object of tensors'
      if (typeof tensor !== 'string') return [info.name, tensor]
      const problem = `${hook.label} returned ${tensor} for input '${info.name}'`
      throw failedIn(place, { code: 'FUNCTION_RESULT_INVALID', problem })
    }),
  )
}

/** What `postprocess` gives for the rows, one value each. Fails with FUNCTION_FAILED, FUNCTION_RESULT_INVALID, FUNCTION_RESULT_ROWS. */
export async function valuesOf(
  hook: Hook,
  outputs: Tensors,
  { rows, place }: { readonly rows: number; readonly place: ModelPlace },
): Promise<ArrayLike<unknown>> {
  const shown = Object.fromEntries(
    Object.entries(outputs).map(([name, tensor]) => [name, showTensor(tensor)]),
  )
  const values = await callHook(hook, shown, rows, place)
  if (!isList(values)) {
    const problem = `${hook.label} returned no list`
    throw failedIn(place, { code: 'FUNCTION_RESULT_INVALID', problem })
  }
  if (values.length === rows) return values
  const problem = `${hook.label} returned ${values.length} results for ${rows} rows`
  throw failedIn(place, { code: 'FUNCTION_RESULT_ROWS', problem })
}

async function callHook(hook: Hook, given: unknown, rows: number, place: ModelPlace): Promise<unknown> {
  try {
    return await hook.call(given, { rows })
  } catch (thrown) {
    throw failedIn(place, { code: 'FUNCTION_FAILED', problem: `${hook.label}: ${messageOf(thrown)}` }, thrown)
  }
}

/** 16-bit floats are shown as floats. */
function showTensor(tensor: TensorData): TensorData {
  const { type, data } = tensor
  return type === 'float16' && data instanceof Uint16Array ? { ...tensor, data: fromHalves(data) } : tensor
}

/** A tensor, or what is wrong with it. */
function readTensor({ type }: TensorInfo, given: unknown): TensorData | string {
  if (!isRecord(given)) return 'no tensor'
  const { dims, data, type: givenType = type } = given
  if (givenType !== type) return `a tensor of ${String(givenType)} instead of ${type}`
  if (!Array.isArray(dims) || !dims.every(isSize)) return 'a tensor whose dims are no list of sizes'
  if (!isList(data)) return 'a tensor whose data is no list'
  const length = dims.reduce((product, size) => product * size, 1)
  if (data.length !== length) return `a tensor of [${dims.join(', ')}] with ${data.length} elements`
  const elements = readElements(type, data)
  return typeof elements === 'string' ? elements : { type, dims, data: elements }
}

function readElements(type: TensorType, data: ArrayLike<unknown>): TensorData['data'] | string {
  if (type === 'string') {
    const texts: unknown[] = Array.from(data)
    return texts.every(isText) ? texts : 'a tensor of strings with other elements'
  }
  if (data instanceof arrayOf(type)) return data
  try {
    const { values, nullCount } = encodeColumn({ kind: elementKinds[type] }, data, (index, problem) => {
      throw new RangeError(`${problem} as element ${index}`)
    })
    if (values === null || nullCount > 0) return 'a tensor with nulls'
    return type === 'float16' && values instanceof Float32Array ? toHalves(values) : values
  } catch (thrown) {
    return `a tensor with ${messageOf(thrown)}`
  }
}

function isFunction(value: unknown): value is Hook['call'] {
  return typeof value === 'function'
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function isSize(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && 'length' in value)
}
