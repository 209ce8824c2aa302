import { quoteLiteral } from '../../expr/render.ts'
import { Session } from '../../session/session.ts'
import type { DeadLetterFile } from './deadLetterFiles.ts'

/** How many rows the files hold. */
export async function countLetters(files: readonly DeadLetterFile[]): Promise<number> {
  const paths = files.map(({ path }) => quoteLiteral(path)).join(', ')
  await using session = await Session.open({ state: null })
  const [row] = await (
    await session.sql(`SELECT sum(num_rows) AS rows FROM parquet_file_metadata([${paths}])`)
  ).toRows()
  return Number(row?.['rows'] ?? 0)
}
