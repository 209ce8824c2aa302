import { decodeColumn } from '../arrow/decode.ts'
import type { Engine } from '../duckdb/engine.ts'
import { runToEnd } from '../duckdb/runToEnd.ts'
import { column, sql } from '../expr/factories.ts'
import { quoteLiteral } from '../expr/render.ts'
import { outputColumns } from '../plan/columns.ts'
import { filter, project, scan } from '../plan/factories.ts'
import type { FileSource, LogicalPlan } from '../plan/plan.ts'
import type { SharedScan } from '../stage/stage.ts'
import type { SessionConnections } from './connections.ts'
import { QueryRun } from './queryRun.ts'

export interface PartOptions {
  readonly engine: Engine
  readonly connections: SessionConnections
  readonly engines: number
  readonly minPartitionedRows: number
}

/** Consecutive rows of one file. */
interface RowRange {
  readonly file: string
  readonly from: number
  readonly to: number
}

/**
 * What becomes of the rows of parts: they are read in order, each part becomes a file, or each becomes a few rows that a last
 * statement combines.
 */
export type PartUse = 'streamed' | 'written' | 'combined'

/** Files for each engine: so many that all engines end at about the same time. */
const FILES_PER_ENGINE = 4

/** Rows of a part whose results wait in memory until those before it have been read. */
const STREAMED_PART_ROWS = 122_880

/**
 * The scan of some parquet files cut into parts of whole row groups, in order; null if it is not worth it. Parts
 * that are streamed are small, so that no engine gets far ahead of their reader.
 */
export async function findParts(
  shared: SharedScan,
  use: PartUse,
  options: PartOptions,
): Promise<readonly LogicalPlan[] | null> {
  const groups = await rowGroups(shared.source, options)
  const rows = groups.reduce((sum, { from, to }) => sum + to - from, 0)
  if (groups.length < 2 || rows < options.minPartitionedRows) return null
  const ranges = joinRanges(groups, partRows(use, rows, options.engines))
  const isOneFile = ranges.every(({ file }) => file === ranges[0]?.file)
  return ranges.map((range) => rangeOf(shared, range, isOneFile))
}

function partRows(use: PartUse, rows: number, engines: number): number {
  switch (use) {
    case 'streamed':
      return STREAMED_PART_ROWS
    case 'written':
      return rows / (engines * FILES_PER_ENGINE)
    case 'combined':
      return rows / engines
  }
}

/** One row group after the other, in the order in which DuckDB reads the files. */
async function rowGroups(
  source: FileSource,
  { engine, connections }: PartOptions,
): Promise<readonly RowRange[]> {
  const lease = await connections.leaseForResult(new QueryRun())
  try {
    const groups: RowRange[] = []
    for (const path of source.paths) {
      const { schema, batches } = await runToEnd(
        engine,
        lease.connection,
        `SELECT file_name, any_value(row_group_num_rows) FROM parquet_metadata(${quoteLiteral(path)})
         GROUP BY file_name, row_group_id ORDER BY file_name, row_group_id`,
      )
      for (const { columns } of batches) {
        const files = decodeColumn(schema[0]!.type, columns[0]!) as readonly string[]
        const counts = decodeColumn(schema[1]!.type, columns[1]!) as readonly bigint[]
        files.forEach((file, index) => {
          const last = groups.at(-1)
          const from = last?.file === file ? last.to : 0
          groups.push({ file, from, to: from + Number(counts[index]) })
        })
      }
    }
    return groups
  } finally {
    lease.release()
  }
}

function joinRanges(groups: readonly RowRange[], targetRows: number): RowRange[] {
  const ranges: RowRange[] = []
  for (const group of groups) {
    const last = ranges.at(-1)
    if (last !== undefined && last.file === group.file && last.to - last.from < targetRows) {
      ranges[ranges.length - 1] = { ...last, to: group.to }
    } else ranges.push(group)
  }
  return ranges
}

/** DuckDB prunes files by name and row groups by number, so that each part reads only its own. */
function rangeOf(shared: SharedScan, { file, from, to }: RowRange, isOneFile: boolean): LogicalPlan {
  const options = {
    ...shared.source.options,
    ...(isOneFile ? {} : { filename: true }),
    file_row_number: true,
  }
  const all = scan({ ...shared.source, options })
  const row = column('file_row_number')
  const ofRows = sql(['', ` >= ${from} AND `, ` < ${to}`], [row, row])
  const inRange = isOneFile
    ? ofRows
    : sql(['', ` = ${quoteLiteral(file)} AND `, ''], [column('filename'), ofRows])
  const names = outputColumns(shared) ?? []
  return project(
    filter(all, inRange),
    names.map((name) => ({ name, expr: column(name) })),
  )
}
