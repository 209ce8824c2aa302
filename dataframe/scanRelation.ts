import { EngineError } from '../src/base/errors.ts'
import { scan } from '../src/plan/factories.ts'
import { asDeclared, declaredSchema } from './declaredSchema.ts'
import { checkedFormat, fileOptions, formatOfPaths, type KnownFormat } from './fileFormat.ts'
import { describe } from './operand.ts'
import type { FileFormat } from './planRunner.ts'
import { planned, type Relation } from './relation.ts'
import type { DeclaredSchema } from './rowTypes.ts'

/** How files are read; further options are those of DuckDB's reader in camelCase (`header`, `delim`, `hivePartitioning`). */
export interface ScanOptions<Declared = DeclaredSchema> {
  /** By default what the names end in. */
  readonly format?: FileFormat
  /** The columns to read, in order, each cast to its type; the compiler then knows them. */
  readonly schema?: Declared
  readonly [option: string]: unknown
}

/** Files as a relation: paths or globs; a path that ends in `/` is a directory of parquet files, partitioned or not. */
export function scanRelation(paths: unknown, options: ScanOptions<unknown>): Relation {
  const { format, schema, ...others } = options
  const list = pathList(paths)
  const known: KnownFormat =
    format === undefined ? formatOfPaths(list, 'scan') : { format: checkedFormat(format, 'scan') }
  const columns = schema === undefined ? null : declaredSchema(schema, 'scan')
  const readerOptions = { ...known.reader, ...fileOptions(others, 'scan') }
  if (known.format === 'arrow') {
    const [option] = Object.keys(readerOptions)
    if (option === undefined) {
      return asDeclared({ kind: 'memory', content: { kind: 'arrowFiles', paths: list } }, columns)
    }
    throw new EngineError('WRONG_ARGUMENTS', `scan: Arrow files have no option ${option}`)
  }
  const source = Object.freeze({ kind: known.format, paths: list, options: Object.freeze(readerOptions) })
  const names = columns?.map(({ name }) => name) ?? null
  return asDeclared(planned(scan(source, null, names)), columns)
}

/** A table or view: its name, parts parted by dots, or the parts themselves where a name holds a dot. */
export function tableRelation(name: unknown): Relation {
  const parts: readonly unknown[] = Array.isArray(name) ? name : String(name).split('.')
  if ((typeof name === 'string' || Array.isArray(name)) && parts.length > 0 && parts.length <= 3) {
    const names = parts.filter((part) => typeof part === 'string' && part !== '')
    if (names.length === parts.length)
      return planned(scan({ kind: 'table', name: Object.freeze(names.map(String)) }))
  }
  throw new EngineError('WRONG_ARGUMENTS', `table takes the name of a table, got ${describe(name)}`, {
    hint: "DataFrame.table('orders'), .table('archive.main.orders') or .table(['archive', 'main', 'orders'])",
  })
}

function pathList(paths: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(paths) ? paths : [paths]
  const wrong = list.findIndex((path) => typeof path !== 'string' || path === '')
  if (list.length === 0 || wrong >= 0) {
    const got = list.length === 0 ? 'an empty list' : describe(list[wrong])
    throw new EngineError('WRONG_ARGUMENTS', `scan takes a path, a glob or a list of them, got ${got}`)
  }
  return Object.freeze(list.map((path) => directoryGlob(String(path))))
}

function directoryGlob(path: string): string {
  return path.endsWith('/') ? `${path}**/*.parquet` : path
}
