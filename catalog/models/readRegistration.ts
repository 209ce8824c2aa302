import { basename, resolve } from 'node:path'
import type { DataType, Field } from '../../src/base/dataType.ts'
import { EngineError } from '../../src/base/errors.ts'
import type { ModuleReference } from '../moduleReference.ts'
import { checkNames, field, type Given, isObject, nullable, optional, text, wrong } from '../policy/fields.ts'
import { resolveType } from '../resolveType.ts'
import type { InputShape, TypeLike } from '../valueTypes.ts'
import type { SourceFile } from './artifacts.ts'
import { latestAlias } from './findVersion.ts'
import { checkAlias, checkModelName } from './modelName.ts'
import { type ModuleOption, readModule } from './readModule.ts'
import { checkFile, checkPlaces, type RoleFile, tokenizerFiles, weightFiles } from './sourceFiles.ts'
import type { TextModel } from './textModels.ts'

export interface RegisterModelOptions {
  /** Of the model. Letters, digits and `_`, as in a function's name. */
  readonly name: string
  /** Path of an ONNX file, or what `textEmbedding` or `textClassification` makes. */
  readonly model: string | TextModel
  /** The arguments of a call, in order. Default: the inputs of the model's graph; `{ text: 'VARCHAR' }` for text models. */
  readonly inputSchema?: InputShape
  /** The type of a result. Default: the output of the graph, a struct if it has several. */
  readonly outputSchema?: TypeLike
  /** Makes tensors of columns, by default the module's export `preprocess`; then `inputSchema` is needed. */
  readonly preprocess?: ModuleOption
  /** Makes values of tensors, by default the module's export `postprocess`; then `outputSchema` is needed. */
  readonly postprocess?: ModuleOption
  /** What is to be remembered of the version, as JSON. */
  readonly metadata?: Readonly<Record<string, unknown>>
  /** Aliases that stand for the new version from then on. */
  readonly aliases?: readonly string[]
  /** Paths of further files that the model reads. `<model>.data` and `<model>_data` are taken along by themselves. */
  readonly files?: readonly string[]
}

/** A registration, but for what only the model itself can tell. */
export interface Registration {
  readonly name: string
  readonly model: SourceFile
  readonly files: readonly RoleFile[]
  readonly text: TextModel | null
  /** Null for those of the graph. */
  readonly inputs: readonly Field[] | null
  readonly output: DataType | null
  readonly preprocess: ModuleReference | null
  readonly postprocess: ModuleReference | null
  readonly metadata: Readonly<Record<string, unknown>>
  readonly aliases: readonly string[]
}

const optionNames = [
  'name',
  'model',
  'inputSchema',
  'outputSchema',
  'preprocess',
  'postprocess',
  'metadata',
  'aliases',
  'files',
]

/** Reads all that can be known without the model. Paths are relative to `baseDirectory`. */
export async function readRegistration(
  options: RegisterModelOptions,
  baseDirectory: string,
): Promise<Registration> {
  const { name } = options
  checkModelName(name, 'model')
  const subject = `model '${name}'`
  const place = {
    subject,
    code: 'CONFIG_INVALID',
    details: {},
    listing: 'a model',
    spell: asWritten,
  } as const
  checkNames(options, optionNames, place)
  const option = (own: string): Given => field({ value: options, name: '', place }, { ...options }, own)
  const source = readModel(option('model'))
  const path = resolve(baseDirectory, source.path)
  const registration = {
    name,
    model: { path, name: basename(path) },
    text: source.text,
    inputs: nullable(option('inputSchema'), (given) => readInputs(given, subject)),
    output:
      options.outputSchema === undefined
        ? null
        : resolveType(options.outputSchema, `${subject}: its outputSchema`),
    metadata: optional(option('metadata'), readMetadata, Object.freeze({})),
    aliases: optional(option('aliases'), readAliases, []),
    files: [
      ...weightFiles(path, optional(option('files'), readPaths, []), baseDirectory),
      ...tokenizerFiles(source.text, baseDirectory),
    ],
  }
  checkPlaces([registration.model, ...registration.files], subject)
  for (const file of [registration.model, ...registration.files]) await checkFile(file.path, subject)
  const [preprocess, postprocess] = await Promise.all(
    ['preprocess', 'postprocess'].map((role) => readModule(option(role), role, baseDirectory)),
  )
  return Object.freeze({ ...registration, preprocess: preprocess ?? null, postprocess: postprocess ?? null })
}

function readModel(given: Given): { readonly path: string; readonly text: TextModel | null } {
  const { value } = given
  if (isTextModel(value)) return { path: value.model, text: value }
  if (typeof value === 'string' && value !== '') return { path: value, text: null }
  throw wrong(given, 'the path of an ONNX file, textEmbedding({ … }) or textClassification({ … })')
}

function isTextModel(value: unknown): value is TextModel {
  return isObject(value) && 'kind' in value && value.kind === 'textModel'
}

function readInputs(given: Given, subject: string): readonly Field[] {
  if (!isObject(given.value) || '_zod' in given.value)
    throw wrong(given, "an object of arguments and types: { age: 'FLOAT', plan: z.string() }")
  const inputs = Object.entries(given.value).map(([name, type]) =>
    Object.freeze({ name, type: resolveType(type, `${subject}: argument '${name}'`) }),
  )
  const names = inputs.map(({ name }) => name.toLowerCase())
  const twin = inputs.find(({ name }, index) => names.indexOf(name.toLowerCase()) !== index)
  if (twin === undefined) return Object.freeze(inputs)
  throw new EngineError(
    'DEFINITION_INVALID',
    `${subject}: '${twin.name}' is twice in its inputSchema, as SQL sees it`,
  )
}

/** As JSON has it. */
function readMetadata(given: Given): Readonly<Record<string, unknown>> {
  if (!isObject(given.value)) throw wrong(given, 'an object of JSON')
  try {
    const metadata: unknown = JSON.parse(JSON.stringify(given.value))
    if (isObject(metadata)) return deepFreeze({ ...metadata })
  } catch {
    // A bigint, or an object within itself.
  }
  throw wrong(given, 'an object of JSON')
}

function readAliases(given: Given): readonly string[] {
  if (!Array.isArray(given.value)) throw wrong(given, "a list of aliases, such as ['prod']")
  // A new version is the latest in any case.
  const aliases = given.value.filter((alias) => alias !== latestAlias)
  for (const alias of aliases) checkAlias(alias)
  return Object.freeze(aliases.map(String))
}

function readPaths(given: Given): readonly string[] {
  if (!Array.isArray(given.value)) throw wrong(given, 'a list of paths')
  return given.value.map((path, index) => text({ ...given, value: path, name: `${given.name}[${index}]` }))
}

function deepFreeze<Data extends object>(data: Data): Data {
  for (const value of Object.values(data)) {
    if (typeof value === 'object' && value !== null) deepFreeze(value)
  }
  return Object.freeze(data)
}

function asWritten(name: string): string {
  return name
}
