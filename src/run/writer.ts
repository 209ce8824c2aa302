import { join } from 'node:path'
import type { BatchStream } from '../arrow/batchStream.ts'
import { readAll } from '../arrow/batchStream.ts'
import { decodeColumn } from '../arrow/decode.ts'
import { writeIpcFile } from '../arrow/ipcFile.ts'
import { EngineError } from '../base/errors.ts'
import { quoteIdentifier, quoteLiteral } from '../expr/render.ts'
import { scan } from '../plan/factories.ts'
import type { FileFormat, WriteRequest } from '../plan/writeRequest.ts'
import type { QueryStage, Stage } from '../stage/stage.ts'
import { RESULT_BATCH_ROWS } from './batchSizing.ts'
import type { QueryRun } from './queryRun.ts'
import type { StageRunner } from './stageRunner.ts'
import { WriteTarget } from './writeTarget.ts'

const COPY_FORMATS: Readonly<Record<Exclude<FileFormat, 'arrow'>, string>> = {
  parquet: 'PARQUET',
  csv: 'CSV',
  json: 'JSON',
}

/** Writes the rows of a stage beside the final name and renames at the end; answers the number of rows. */
export async function writeStage(
  runner: StageRunner,
  root: Stage,
  request: WriteRequest,
  query: QueryRun,
): Promise<number> {
  const target = await WriteTarget.open(request.path, { ...request, writer: query.place })
  try {
    const rows = await writeTo(runner, root, { ...request, path: target.temporary }, query)
    await target.commit()
    return rows
  } catch (error) {
    await target.discard()
    throw error
  }
}

async function writeTo(
  runner: StageRunner,
  root: Stage,
  request: WriteRequest,
  query: QueryRun,
): Promise<number> {
  if (request.format === 'arrow') {
    const path = request.directory ? partPath(request, 0) : request.path
    return writeIpcFile(path, await runner.run(root, query))
  }
  const stage = root.kind === 'query' ? root : overRelation(root, runner)
  const options = copyOptions(request, request.format)
  if (request.directory && request.partitionBy.length === 0) {
    const wrapPart = (text: string, part: number): string => copy(text, partPath(request, part), options)
    const parts = await runner.runPartitioned(stage, query, { batchRows: RESULT_BATCH_ROWS, wrapPart })
    if (parts !== null) return countOf(parts)
  }
  const path = request.directory && request.partitionBy.length === 0 ? partPath(request, 0) : request.path
  const wrap = (text: string): string => copy(text, path, options)
  return countOf(await runner.runQuery(stage, query, { batchRows: RESULT_BATCH_ROWS, wrap, lease: 'result' }))
}

/** A query stage that does nothing but read a call stage, so that a statement can be put around it. */
export function overRelation(stage: Stage, runner: StageRunner): QueryStage {
  if (stage.kind === 'query') return stage
  const relation = runner.newRelation()
  return {
    kind: 'query',
    plan: scan({ kind: 'memory', id: relation }),
    inputs: [{ relation, stage }],
    selfContained: true,
    fused: [],
    bridges: false,
    partitioning: null,
  }
}

function partPath({ path, format }: WriteRequest, part: number): string {
  return join(path, `part-${String(part).padStart(5, '0')}.${format}`)
}

function copy(query: string, path: string, options: string): string {
  return `COPY (${query}) TO ${quoteLiteral(path)} (${options})`
}

function copyOptions({ options, partitionBy }: WriteRequest, format: Exclude<FileFormat, 'arrow'>): string {
  const given = Object.entries(options).map(([name, value]) => {
    if (!/^[a-z_]+$/i.test(name))
      throw new EngineError('CONFIG_INVALID', `'${name}' is no name of an option of COPY`)
    return `${name} ${typeof value === 'string' ? quoteLiteral(value) : String(value)}`
  })
  const partition =
    partitionBy.length === 0 ? [] : [`PARTITION_BY (${partitionBy.map(quoteIdentifier).join(', ')})`]
  return [`FORMAT ${COPY_FORMATS[format]}`, ...given, ...partition].join(', ')
}

/** COPY, INSERT and the like answer with one number for each statement. */
async function countOf(stream: BatchStream): Promise<number> {
  const type = stream.schema[0]!.type
  const counts = (await readAll(stream)).flatMap(
    ({ columns }) => decodeColumn(type, columns[0]!) as readonly bigint[],
  )
  return Number(counts.reduce((sum, count) => sum + count, 0n))
}
