import { createReadStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WriteTarget } from '../../run/writeTarget.ts'
import type { QueryOptions, Session } from '../../session/session.ts'
import type { ResultFlags, SessionFlags } from '../flags.ts'
import { resultRows } from '../formats/resultRows.ts'
import { type BinaryFormat, writeBinary } from '../formats/writeBinary.ts'
import { writeText } from '../formats/writeText.ts'
import { openOutput, withOutput } from '../output.ts'
import { chooseFormat, isTextFormat, textFormat } from '../outputFormat.ts'
import { type QueryFlags, readQuery } from '../readQuery.ts'
import { runCommand } from '../runCommand.ts'
import { trackUnfinished } from '../unfinishedFiles.ts'
import { withSession } from '../withSession.ts'

/** Runs statements and prints, or writes, the rows of the last one. */
export async function sqlCommand(
  query: string | undefined,
  flags: SessionFlags & ResultFlags & QueryFlags,
): Promise<number> {
  return runCommand(flags, async ({ signal, progress }) => {
    const { format, maxRows } = chooseFormat(flags, process.stdout.isTTY)
    const text = await readQuery(query, flags)
    await withSession(flags, async (session) => {
      const options: QueryOptions = { signal, onProgress: (latest) => progress.update(latest) }
      if (!isTextFormat(format)) {
        await (flags.output === undefined
          ? printBinary(session, text, format, options)
          : writeBinaryFile(session, text, { path: flags.output, format }, options))
        return
      }
      const result = await session.sql(text, [], options)
      try {
        await withOutput(flags, progress, (output) =>
          writeText(resultRows(result, progress), textFormat(format), output, maxRows),
        )
      } finally {
        await result.close()
      }
    })
  })
}

async function writeBinaryFile(
  session: Session,
  query: string,
  { path, format }: { readonly path: string; readonly format: BinaryFormat },
  options: QueryOptions,
): Promise<void> {
  const target = await WriteTarget.open(path, { directory: false, mode: 'overwrite' })
  const forget = target.temporary === target.path ? () => {} : trackUnfinished(target.temporary)
  try {
    await writeBinary(session, query, { path: target.temporary, format }, options)
    await target.commit()
  } finally {
    await target.discard()
    forget()
  }
}

/** Both formats end with what only the whole file can tell, so it is written first. */
async function printBinary(
  session: Session,
  query: string,
  format: BinaryFormat,
  options: QueryOptions,
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'callplane-'))
  const forget = trackUnfinished(directory)
  try {
    const path = join(directory, `result.${format}`)
    await writeBinary(session, query, { path, format }, options)
    const output = await openOutput()
    const chunks: AsyncIterable<Uint8Array> = createReadStream(path)
    for await (const chunk of chunks) if (!(await output.write(chunk))) return
  } finally {
    await rm(directory, { recursive: true, force: true })
    forget()
  }
}
