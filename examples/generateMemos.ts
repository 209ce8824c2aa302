import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { DateDay, makeData, makeVector, Table, Utf8, vectorFromArray } from 'apache-arrow'
import { DataFrame } from 'callplane'
import { type MemoBatch, memoBatches } from './memos/memoBatches.ts'

/** Rows in a file: what is held in memory at a time, some 200 MB. */
const rowsPerPart = 500_000

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '42' },
    duplicates: { type: 'string', default: '0.1' },
    nulls: { type: 'string', default: '0.02' },
    out: { type: 'string', default: 'memos' },
  },
  allowPositionals: true,
})

/** The batch as columns of Arrow: id BIGINT, amount DOUBLE, memo VARCHAR, booked DATE. */
function toTable({ id, amount, memo, booked }: MemoBatch): Table {
  return new Table({
    id: makeVector(id),
    amount: makeVector(amount),
    memo: vectorFromArray(memo, new Utf8()),
    booked: makeVector(makeData({ type: new DateDay(), data: booked })),
  })
}

await mkdir(values.out, { recursive: true })
const batches = memoBatches({
  rows: Number(values.rows),
  seed: Number(values.seed),
  duplicates: Number(values.duplicates),
  nulls: Number(values.nulls),
  batchRows: rowsPerPart,
})
let part = 0
let written = 0
for (const batch of batches) {
  const path = join(values.out, `part-${String(part++).padStart(5, '0')}.parquet`)
  written += await DataFrame.fromArrow(toTable(batch)).writeParquet(path)
  process.stdout.write(`${written.toLocaleString('en')} memos in ${values.out}\n`)
}
