import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { _, F, type Session, type SessionSettings } from 'callplane'
import type { FigureOptions, Measurement } from '../figure.ts'
import { makeMemos } from '../inputs.ts'
import { interleave, speedRatio } from '../measure.ts'
import { withSession } from '../openSession.ts'
import { plainDuckDb } from '../plainDuckDb.ts'

export const stagedSettings: SessionSettings = { route: 'staged', poolThreads: 2 }

/** upper(memo) from parquet to zstd parquet by a function, against plain SQL; a `name` that ends in `/` is written in parts. */
export async function measureUpper(
  options: FigureOptions,
  settings: SessionSettings,
  name = 'upper.parquet',
): Promise<Measurement> {
  const input = await makeMemos(options)
  const plain = join(options.directory, 'plain.parquet')
  const output = join(options.directory, name)
  const timings = await withSession(settings, (session) =>
    interleave(
      options.rounds,
      { before: () => remove(plain), run: () => copyUpper(session, input, plain) },
      { before: () => remove(output), run: () => writeUpper(session, input, output) },
    ),
  )
  await checkUpper(input, output)
  await Promise.all([remove(plain), remove(output)])
  return speedRatio(options.rows, timings)
}

export async function writeUpper(session: Session, input: string, output: string): Promise<void> {
  await session
    .scan(input)
    .project({ id: _.id, amount: _.amount, result: F.catalogCall('upper_memo', _.memo) })
    .write(output, { format: 'parquet', compression: 'zstd' })
}

async function copyUpper(session: Session, input: string, output: string): Promise<void> {
  const select = `SELECT id, amount, upper(memo) AS result FROM '${input}'`
  await (await session.sql(`COPY (${select}) TO '${output}' (FORMAT parquet, COMPRESSION zstd)`)).drain()
}

/** The same values, in the order of the input; DuckDB itself tells, without the engine that wrote them. */
export async function checkUpper(input: string, output: string): Promise<void> {
  const expected = await fingerprint(`(SELECT id, amount, upper(memo) AS result FROM '${input}')`)
  const files = output.endsWith('/') ? `${output}*.parquet` : output
  const found = await fingerprint(`read_parquet('${files}')`)
  if (found !== expected) throw new Error(`${output} holds ${found}; plain SQL gives ${expected}`)
}

async function fingerprint(relation: string): Promise<string> {
  const [row] = await plainDuckDb(`
    SELECT count(*), count_if(id = position), bit_xor(hash(id, amount, result))
    FROM (SELECT *, row_number() OVER () - 1 AS position FROM ${relation})`)
  const [rows, inOrder, hash] = (row ?? []).map(String)
  return `${rows} rows, ${inOrder} of them in their place, hash ${hash}`
}

export async function remove(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true })
}
