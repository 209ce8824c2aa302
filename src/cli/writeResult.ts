import { createReadStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WriteTarget } from '../run/writeTarget.ts'
import { ambientRun } from '../session/ambientRun.ts'
import type { Result } from '../session/result.ts'
import type { QueryOptions, Session } from '../session/session.ts'
import type { ResultFlags } from './flags.ts'
import { resultRows } from './formats/resultRows.ts'
import { type BinaryFormat, type Written, writeBinary } from './formats/writeBinary.ts'
import { writeText } from './formats/writeText.ts'
import { openOutput, withOutput } from './output.ts'
import { chooseFormat, isTextFormat, textFormat } from './outputFormat.ts'
import type { CommandContext } from './runCommand.ts'
import { trackUnfinished } from './unfinishedFiles.ts'

export type { Written } from './formats/writeBinary.ts'

export interface ResultRequest {
  readonly session: Session
  /** Statements, of which the last one gives the rows. */
  readonly text: string
  readonly flags: ResultFlags
  readonly context: CommandContext
}

/** Runs statements and prints, or writes to a file, the rows of the last one. */
export async function writeResult(request: ResultRequest, options: QueryOptions): Promise<Written> {
  const { session, text, flags, context } = request
  const { format, maxRows } = chooseFormat(flags, process.stdout.isTTY)
  if (!isTextFormat(format)) {
    return flags.output === undefined
      ? printBinary(request, format, options)
      : writeBinaryFile(request, { path: flags.output, format }, options)
  }
  const result = await session.sql(text, [], options)
  try {
    const printed = await withOutput(flags, context.progress, (output) =>
      writeText(resultRows(result, context.progress), textFormat(format), output, maxRows),
    )
    return { result, rows: (await changedRows(result)) ?? printed }
  } finally {
    await result.close()
  }
}

/** How many rows a statement wrote that answers with their number; null for one that answers with rows. */
async function changedRows(result: Result): Promise<number | null> {
  const [column, ...more] = result.columns
  if (!result.isCollected || column?.name !== 'Count' || more.length > 0) return null
  const [row] = await result.toRows()
  return Number(row?.['Count'] ?? 0)
}

async function writeBinaryFile(
  { session, text }: ResultRequest,
  { path, format }: { readonly path: string; readonly format: BinaryFormat },
  options: QueryOptions,
): Promise<Written> {
  const target = await WriteTarget.open(path, {
    directory: false,
    mode: 'overwrite',
    writer: ambientRun()?.run.id ?? null,
  })
  const forget = target.temporary === target.path ? () => {} : trackUnfinished(target.temporary)
  try {
    const written = await writeBinary(session, text, { path: target.temporary, format }, options)
    await target.commit()
    return written
  } finally {
    await target.discard()
    forget()
  }
}

/** Both formats end with what only the whole file can tell, so it is written first. */
async function printBinary(
  { session, text }: ResultRequest,
  format: BinaryFormat,
  options: QueryOptions,
): Promise<Written> {
  const directory = await mkdtemp(join(tmpdir(), 'callplane-'))
  const forget = trackUnfinished(directory)
  try {
    const path = join(directory, `result.${format}`)
    const written = await writeBinary(session, text, { path, format }, options)
    const output = await openOutput()
    const chunks: AsyncIterable<Uint8Array> = createReadStream(path)
    for await (const chunk of chunks) if (!(await output.write(chunk))) return written
    return written
  } finally {
    await rm(directory, { recursive: true, force: true })
    forget()
  }
}
