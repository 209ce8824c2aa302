export type FileFormat = 'parquet' | 'csv' | 'json' | 'arrow'

/** Where and how rows are written. */
export interface WriteRequest {
  readonly path: string
  readonly format: FileFormat
  /** Whether `path` is a directory of parts; else one file. */
  readonly directory: boolean
  /** Columns whose values name directories within `path` instead of being stored. */
  readonly partitionBy: readonly string[]
  /** What happens to a directory that is there already. */
  readonly mode: 'error' | 'overwrite' | 'append'
  /** Options of DuckDB's COPY, by name (`compression`, `row_group_size`, …). */
  readonly options: Readonly<Record<string, string | number | boolean>>
}
