import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineFunction, Session } from 'callplane'
import { afterAll, beforeAll, expect, test } from 'vitest'

const addOne = defineFunction({
  name: 'add_one',
  input: { a: 'BIGINT' },
  output: 'BIGINT',
  executor: 'main',
  handler: async ({ a }) => (a === null ? null : a + 1n),
})

const directory = mkdtempSync(join(tmpdir(), 'callplane-total-'))
const path = join(directory, 'in.parquet')
let session: Session

beforeAll(async () => {
  session = await Session.open({ functions: [addOne], state: null })
  await session.sql(`COPY (SELECT range AS a FROM range(3000)) TO '${path}'`)
})
afterAll(async () => {
  await session.close()
  rmSync(directory, { recursive: true, force: true })
})

test.each<readonly [string, number | null]>([
  [`SELECT add_one(a) FROM '${path}'`, 3000],
  [`SELECT a, add_one(a) AS b FROM '${path}' ORDER BY a DESC`, 3000],
  [`COPY (SELECT add_one(a) AS b FROM '${path}') TO '${join(directory, 'out.parquet')}'`, 3000],
  [`SELECT add_one(a), add_one(a + 5000) FROM '${path}'`, 6000],
  [`SELECT add_one(a) FROM '${path}' WHERE a > 5`, null],
  [`SELECT add_one(a) FROM '${path}' LIMIT 10`, null],
  [`SELECT add_one(a), unnest([1, 2]) FROM '${path}'`, null],
  [`SELECT CASE WHEN a > 5 THEN add_one(a) END FROM '${path}'`, null],
])('who watches %s is told of %s rows', async (sql, expected) => {
  const told: (number | null)[] = []
  const onProgress = ({ totalRows }: { totalRows: number | null }): unknown => told.push(totalRows)
  await (await session.sql(sql, [], { onProgress: (progress) => void onProgress(progress) })).drain()
  expect(told.length).toBeGreaterThan(0)
  expect(new Set(told)).toEqual(new Set([expected]))
})
