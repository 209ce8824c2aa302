import { InvalidArgumentError } from 'commander'
import type { ExecutionProvider, ModelRuntime, Pooling } from '../../../catalog/models/model.ts'
import type { ResultFlags, SessionFlags } from '../flags.ts'

/** What the commands of models take. */
export type ModelsFlags = SessionFlags & ResultFlags

/** What is said of the texts that a model takes. */
export interface TextFlags {
  readonly tokenizer?: string
  readonly pooling?: Pooling
  readonly normalize: boolean
  readonly maxLength?: number
  readonly prefix?: string
  /** Names with commas between them, or `@` and a file with one a line. */
  readonly labels?: string
}

export interface RegisterFlags extends ModelsFlags, TextFlags {
  readonly input?: Readonly<Record<string, string>>
  readonly outputType?: string
  readonly preprocess?: string
  readonly postprocess?: string
  readonly metadata: Readonly<Record<string, unknown>>
  readonly alias: readonly string[]
  readonly file: readonly string[]
}

export interface DeleteFlags extends ModelsFlags {
  readonly version?: number
  readonly yes: boolean
}

/** A version of a model: `churn`, `churn@3` or `churn@prod`. */
export interface VersionName {
  readonly model: string
  readonly version?: string
}

export interface DeployFlags extends ModelsFlags {
  readonly minReplicas?: number
  readonly maxReplicas?: number
  readonly cpu?: number
  readonly gpu?: number | string
  readonly memory?: number | string
  readonly provider?: readonly ExecutionProvider[]
  readonly deviceMemory?: number | string
  readonly batchSize?: number
  readonly optimization?: ModelRuntime['graphOptimizationLevel']
}

/** `age:FLOAT` adds an argument. The name may hold colons, as those of TensorFlow do, and the type may within parentheses. */
export function addInput(
  text: string,
  previous: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const parenthesis = text.indexOf('(')
  const colon = text.lastIndexOf(':', parenthesis === -1 ? text.length : parenthesis)
  const [name, type] = [text.slice(0, Math.max(colon, 0)).trim(), text.slice(colon + 1).trim()]
  if (name === '' || type === '') throw new InvalidArgumentError('Write it as name:TYPE, such as age:FLOAT.')
  if (Object.hasOwn(previous, name)) throw new InvalidArgumentError(`There are two inputs '${name}'.`)
  return { ...previous, [name]: type }
}

/** `accuracy=0.93` adds to what is remembered of a version: JSON where it is some, text where it is not. */
export function addMetadata(
  text: string,
  previous: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const [, key, value] = /^([^=]+)=(.*)$/s.exec(text) ?? []
  if (key === undefined || value === undefined)
    throw new InvalidArgumentError('Write it as key=value, such as accuracy=0.93.')
  return { ...previous, [key.trim()]: jsonOrText(value.trim()) }
}

function jsonOrText(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    // Numbers that lose digits are texts: a version '1.0', a long id.
    return typeof value === 'number' && String(value) !== text ? text : value
  } catch {
    return text
  }
}

export function parseVersionName(text: string): VersionName {
  const [, model, version] = /^([^@]+)(?:@([^@]+))?$/.exec(text) ?? []
  if (model === undefined) throw new InvalidArgumentError('Write it as model, model@3 or model@prod.')
  return version === undefined ? { model } : { model, version }
}

/** A number where it is one, and text such as `cuda:1` or `2GB` otherwise. */
export function parseNumberOrText(text: string): number | string {
  return /^\d+$/.test(text) ? Number(text) : text
}

const providers: readonly ExecutionProvider[] = ['cuda', 'cpu']

export function parseProviders(text: string): readonly ExecutionProvider[] {
  return text.split(',').map((name) => {
    const found = providers.find((known) => known === name.trim().toLowerCase())
    if (found === undefined) throw new InvalidArgumentError('Give cuda, cpu, or both as cuda,cpu.')
    return found
  })
}
