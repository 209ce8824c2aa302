import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'libsql'
import { expect, it, vi } from 'vitest'
import { StoreDatabase } from '../../catalog/store/database.ts'
import { openStateStore } from '../../catalog/store/libsqlStore.ts'
import { LibsqlResults } from '../../catalog/store/results.ts'
import { keyOf, segmentOf } from '../store.conformance.ts'
import { newFolder, StoreProcess } from './processes.ts'

async function messageOfOpening(path: string): Promise<string> {
  return openStateStore(path).then(
    () => 'it opened',
    (error: unknown) => (error instanceof Error ? error.message : 'no error'),
  )
}

async function filledStore(path: string): Promise<void> {
  const store = await openStateStore(path)
  for (let index = 0; index < 20; index++) {
    const keys = Array.from({ length: 200 }, (_, row) => keyOf(`${index} ${row}`))
    await store.results.add(segmentOf({ rows: 200, data: new Uint8Array(10_000) }), keys)
  }
  await store.close()
}

it('leaves a file that is no database as it is', async () => {
  const path = join(newFolder(), 'notes.txt')
  const text = 'notes that somebody wrote\n'.repeat(100)
  writeFileSync(path, text)
  await expect(openStateStore(path)).rejects.toMatchObject({
    code: 'STORE_FAILED',
    message: `the state store '${path}' is a file of another kind\n  give it another path`,
    details: { path },
    cause: { message: 'file is not a database' },
  })
  expect(readFileSync(path, 'utf8')).toBe(text)
})

it('leaves the database of another program as it is', async () => {
  const path = join(newFolder(), 'other.db')
  const other = new Database(path)
  other.exec('CREATE TABLE people (name TEXT)')
  other.close()
  const before = readFileSync(path)
  const message = `the state store '${path}' is a database of another program\n  give it another path`
  expect(await messageOfOpening(path)).toBe(message)
  expect(readFileSync(path).equals(before)).toBe(true)
})

it('refuses a file of a newer version', async () => {
  const path = join(newFolder(), 'state.db')
  await filledStore(path)
  const newer = new Database(path)
  newer.exec('PRAGMA user_version = 99')
  newer.close()
  expect(await messageOfOpening(path)).toBe(
    `the state store '${path}' was written by a newer version of Callplane: its format is 99, and this one knows 3\n  update Callplane`,
  )
})

it('opens an empty file, and one in a folder that is not there yet', async () => {
  const folder = newFolder()
  writeFileSync(join(folder, 'empty.db'), '')
  expect(await messageOfOpening(join(folder, 'empty.db'))).toBe('it opened')
  expect(await messageOfOpening(join(folder, 'a', 'b', 'file:new?mode=memory'))).toBe('it opened')
  expect(readdirSync(join(folder, 'a', 'b'))).toContain('file:new?mode=memory')
})

it('names a folder in the place of the file, and a file in the place of its folder', async () => {
  const folder = newFolder()
  expect(await messageOfOpening(folder)).toBe(`the state store '${folder}' is a folder\n  name a file in it`)
  writeFileSync(join(folder, 'file'), '')
  const path = join(folder, 'file', 'state.db')
  expect(await messageOfOpening(path)).toBe(
    `the state store '${path}' cannot be made: EEXIST: file already exists, mkdir '${join(folder, 'file')}'`,
  )
})

const damage =
  'is damaged: database disk image is malformed\n  remove it with its -wal and -shm files; what it kept is lost'

it('says that a file is damaged when it opens it', async () => {
  const path = join(newFolder(), 'state.db')
  await filledStore(path)
  const bytes = readFileSync(path)
  writeFileSync(path, bytes.fill(0xaa, 100, 4096))
  expect(await messageOfOpening(path)).toBe(`the state store '${path}' ${damage}`)
})

it.each([
  ['damaged', (bytes: Buffer) => bytes.fill(0xaa, 40 * 4096)],
  ['cut off', (bytes: Buffer) => bytes.subarray(0, 40 * 4096)],
])('says that a file is %s when it reads it', async (_how, spoil) => {
  const path = join(newFolder(), 'state.db')
  await filledStore(path)
  writeFileSync(path, spoil(readFileSync(path)))
  const store = await openStateStore(path)
  const keys = Array.from({ length: 4000 }, (_, index) => keyOf(`${index % 20} ${Math.floor(index / 20)}`))
  await expect(store.results.find(keys, { notBefore: 0 })).rejects.toMatchObject({
    code: 'STORE_FAILED',
    message: `the state store '${path}' ${damage}`,
  })
  await store.close()
})

it('keeps nothing of what no longer fits on the disk, and what was there stays', async () => {
  const path = join(newFolder(), 'state.db')
  await filledStore(path)
  const database = await StoreDatabase.open(path)
  const results = new LibsqlResults(database)
  const free = Number(database.prepare('PRAGMA page_count').get()?.[0]) + 10
  database.prepare(`PRAGMA max_page_count = ${free}`).get()
  await expect(results.add(segmentOf({ data: new Uint8Array(1e6) }), [keyOf('big')])).rejects.toMatchObject({
    code: 'STORE_FAILED',
    message: `the state store '${path}' cannot grow: database or disk is full\n  make room on its disk`,
  })
  await results.add(segmentOf(), [keyOf('small')])
  const found = await results.find([keyOf('big'), keyOf('small'), keyOf('3 7')], { notBefore: 0 })
  expect(found).toMatchObject([null, { row: 0 }, { row: 7 }])
  await results.close()
  database.close()
})

it('says what must be writable', async () => {
  const folder = join(newFolder(), 'readable')
  mkdirSync(folder)
  const path = join(folder, 'state.db')
  await filledStore(path)
  for (const file of readdirSync(folder).filter((name) => name !== 'state.db')) rmSync(join(folder, file))
  chmodSync(join(folder, '..'), 0o755)
  chmodSync(path, 0o444)
  chmodSync(folder, 0o555)
  // A superuser writes everywhere: another user has to try.
  const user = process.getuid?.() === 0 ? { uid: 65534 } : {}
  const old = new StoreProcess([path], user)
  const fresh = new StoreProcess([join(folder, 'new.db')], user)
  await Promise.all([old.ended, fresh.ended])
  chmodSync(folder, 0o755)
  expect(old.lines).toEqual([
    `failed the state store '${path}' cannot be written: attempt to write a readonly database`,
    '  the file and its folder must be writable',
  ])
  expect(fresh.lines).toEqual([
    `failed the state store '${join(folder, 'new.db')}' cannot be written: unable to open database file`,
    '  the file and its folder must be writable',
  ])
})

it('waits for another process that writes, then says so', async () => {
  const path = join(newFolder(), 'state.db')
  await filledStore(path)
  const store = await openStateStore(path)
  const other = new Database(path)
  other.exec('BEGIN IMMEDIATE')
  const limit = { tokens: 1, windowMs: 1000 }
  let ended = false
  const waiting = Promise.resolve(store.limits.takeToken('a', limit, 1000)).finally(() => (ended = true))
  expect(await store.results.find([keyOf('3 7')], { notBefore: 0 })).toMatchObject([{ row: 7 }])
  await new Promise((resolve) => setTimeout(resolve, 150))
  expect(ended).toBe(false)
  other.exec('COMMIT')
  expect(await waiting).toBe(0)
  // The time that it waited counts: the token was taken at its end.
  expect(await store.limits.takeToken('a', limit, 1000)).toBeGreaterThan(1000 + 100)

  other.exec('BEGIN IMMEDIATE')
  // For the store, time passes a hundred times as fast.
  const now = performance.now.bind(performance)
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => 100 * now())
  await expect(store.limits.takeToken('a', limit, 1000)).rejects.toMatchObject({
    code: 'STORE_FAILED',
    message: `the state store '${path}' was locked by another process for 10 seconds`,
    cause: { code: 'SQLITE_BUSY' },
  })
  clock.mockRestore()
  other.exec('COMMIT')
  other.close()
  await store.close()
})
