import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { ReplicaLog } from '../../udf/scaling/providers/replicaLog.ts'
import { temporaryDirectory } from './processes.ts'

it('puts a file aside when it is full, and keeps two', async () => {
  const path = join(await temporaryDirectory(), 'replica.log')
  const log = new ReplicaLog({ path, fileBytesMax: 1000 })
  for (let line = 0; line < 100; line++) {
    log.write('stdout', `line ${line}`)
    await log.close()
  }
  const [older, newer] = await Promise.all([readFile(`${path}.1`, 'utf8'), readFile(path, 'utf8')])
  expect(older.length).toBeLessThanOrEqual(1000)
  expect(newer.length).toBeLessThanOrEqual(1000)
  const lines = `${older}${newer}`.trimEnd().split('\n')
  const first = 100 - lines.length
  expect(lines.map((line) => line.slice(25))).toEqual(lines.map((_, i) => `stdout line ${first + i}`))
})

it('goes on with the file that is there', async () => {
  const path = join(await temporaryDirectory(), 'replica.log')
  await writeFile(path, 'before\n')
  const log = new ReplicaLog({ path })
  log.write('stderr', 'after')
  await log.close()
  expect(await readFile(path, 'utf8')).toMatch(/^before\n\S+ stderr after\n$/)
})

it('keeps the last lines in memory, and does without a file', async () => {
  const log = new ReplicaLog({ path: null })
  for (let line = 0; line < 300; line++) log.write('stdout', `line ${line}`)
  await log.close()
  expect(log.lines.map((line) => line.slice(25))).toEqual(
    Array.from({ length: 200 }, (_, i) => `stdout line ${i + 100}`),
  )
})

it('loses what a disk does not take, and nothing else', async () => {
  const path = join(await temporaryDirectory(), 'file', 'replica.log')
  await writeFile(join(path, '..'), 'in the way')
  const log = new ReplicaLog({ path })
  log.write('stdout', 'lost')
  await log.close()
  expect(log.lines).toHaveLength(1)
})
