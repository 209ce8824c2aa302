import { EngineError } from '../src/base/errors.ts'
import { checkedFormat, fileOptions, formatOfName, formatOfPaths, type KnownFormat } from './fileFormat.ts'
import { describe } from './operand.ts'
import type { FileFormat, WriteRequest, WriteRunOptions } from './planRunner.ts'
import { namesOf } from './verbArguments.ts'

/** How rows are written; further options are those of DuckDB's COPY in camelCase (`rowGroupSize`, `delimiter`). */
export interface FormatOptions {
  /** `zstd` for parquet unless it says otherwise. */
  readonly compression?: string
  /** Columns whose values name directories within the path instead of being stored. */
  readonly partitionBy?: string | readonly string[]
  /** What happens to a directory that is there already, `error` by default. A file is replaced. */
  readonly mode?: WriteRequest['mode']
  readonly signal?: AbortSignal
  /** What calls may cost, in dollars or in number: writing stops before it would exceed that. */
  readonly budget?: NonNullable<WriteRunOptions['budget']>
  /** A name by which the run is recorded, so that one that was interrupted can go on with `resume`. */
  readonly run?: string
  /** Goes on with the last run of the name, and calls only what it did not get. */
  readonly resume?: boolean
  readonly [option: string]: unknown
}

export interface WriteOptions extends FormatOptions {
  /** By default what the name ends in, parquet for a directory. */
  readonly format?: FileFormat
}

const modes: readonly unknown[] = ['error', 'overwrite', 'append'] satisfies WriteRequest['mode'][]

/** A path that ends in `/`, or rows that are partitioned, make a directory of parts. */
export function writeRequest(path: unknown, options: WriteOptions, verb: string): WriteRequest {
  const { format, partitionBy = [], mode = 'error', ...rest } = options
  const { signal: _signal, budget: _budget, run: _run, resume: _resume, ...others } = rest
  if (typeof path !== 'string' || path === '') {
    throw new EngineError('WRONG_ARGUMENTS', `${verb} takes a path, got ${describe(path)}`)
  }
  if (!modes.includes(mode)) {
    throw new EngineError('WRONG_ARGUMENTS', `${verb}: ${describe(mode)} is no mode`, {
      hint: `use ${modes.join(', ')}`,
    })
  }
  const columns = namesOf(Array.isArray(partitionBy) ? partitionBy : [partitionBy], `${verb}: partitionBy`)
  const directory = path.endsWith('/') || columns.length > 0
  const known = knownFormat(path, format, directory, verb)
  const defaults = known.format === 'parquet' ? { compression: 'zstd' } : {}
  return {
    path,
    format: known.format,
    directory,
    partitionBy: columns,
    mode,
    options: { ...defaults, ...known.writer, ...fileOptions(others, verb) },
  }
}

/** What the name says beyond its format counts for a format that is said, too: a `.tsv` has tabs. */
function knownFormat(path: string, format: unknown, directory: boolean, verb: string): KnownFormat {
  if (format === undefined) return directory ? { format: 'parquet' } : formatOfPaths([path], verb)
  const said = checkedFormat(format, verb)
  const named = formatOfName(path)
  return named?.format === said ? named : { format: said }
}

/** The part of the options that says how it runs. */
export function writeRunOptions(
  { signal, budget, run, resume }: WriteOptions,
  verb: string,
): WriteRunOptions {
  if (resume === true && run === undefined) {
    throw new EngineError('WRONG_ARGUMENTS', `${verb}: resume needs the name of a run`, {
      hint: "write(path, { run: 'nightly', resume: true })",
    })
  }
  return {
    ...(signal === undefined ? {} : { signal }),
    ...(budget === undefined ? {} : { budget }),
    ...(run === undefined ? {} : { run }),
    ...(resume === undefined ? {} : { resume }),
  }
}
