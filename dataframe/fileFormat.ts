import { EngineError } from '../src/base/errors.ts'
import { snakeCase } from './functionCall.ts'
import { describe } from './operand.ts'
import type { FileFormat } from './planRunner.ts'

/** Values of options that DuckDB takes for files, by its own names. */
export type FileOptions = Readonly<Record<string, string | number | boolean>>

export interface KnownFormat {
  readonly format: FileFormat
  /** What the name says beyond the format, for DuckDB's reader and for COPY. */
  readonly reader?: FileOptions
  readonly writer?: FileOptions
}

const lines: KnownFormat = { format: 'json', reader: { format: 'newline_delimited' } }
const formatsByExtension: Readonly<Record<string, KnownFormat>> = {
  parquet: { format: 'parquet' },
  csv: { format: 'csv' },
  tsv: { format: 'csv', reader: { delim: '\t' }, writer: { delim: '\t' } },
  json: { format: 'json', writer: { array: true } },
  ndjson: lines,
  jsonl: lines,
  arrow: { format: 'arrow' },
  ipc: { format: 'arrow' },
  feather: { format: 'arrow' },
}
const formats: readonly string[] = ['parquet', 'csv', 'json', 'arrow'] satisfies FileFormat[]

/** The format that a name ends in, compression aside: `memos.csv.gz`. */
export function formatOfName(path: string): KnownFormat | undefined {
  return formatsByExtension[extensionOf(path)]
}

/** The one format of some paths. Throws WRONG_ARGUMENTS for names that do not say it, or not the same. */
export function formatOfPaths(paths: readonly string[], place: string): KnownFormat {
  const [extension = '', other] = new Set(paths.map(extensionOf))
  const known = formatsByExtension[extension]
  if (known !== undefined && other === undefined) return known
  const message =
    other === undefined
      ? `${place}: cannot tell the format of '${paths[0]}' from its name`
      : `${place}: files of several formats at once, .${extension} and .${other}`
  const hint = "say it: { format: 'parquet' }, or 'csv', 'json', 'arrow'"
  throw new EngineError('WRONG_ARGUMENTS', message, { hint })
}

function extensionOf(path: string): string {
  return /\.([a-z0-9]+)(?:\.(?:gz|zst))?$/i.exec(path)?.[1]?.toLowerCase() ?? ''
}

export function checkedFormat(format: unknown, place: string): FileFormat {
  if (isFormat(format)) return format
  throw new EngineError('WRONG_ARGUMENTS', `${place}: ${describe(format)} is no format`, {
    hint: `use ${formats.join(', ')}`,
  })
}

function isFormat(format: unknown): format is FileFormat {
  return typeof format === 'string' && formats.includes(format)
}

/** Options in camelCase as DuckDB takes them: names in snake_case, values that are neither lists nor objects. */
export function fileOptions(options: Readonly<Record<string, unknown>>, place: string): FileOptions {
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  return Object.freeze(
    Object.fromEntries(given.map(([name, value]) => [snakeCase(name), scalar(name, value, place)])),
  )
}

function scalar(name: string, value: unknown, place: string): string | number | boolean {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
  const message = `${place}: the option ${name} takes a text, a number or a boolean, got ${describe(value)}`
  throw new EngineError('WRONG_ARGUMENTS', message)
}
