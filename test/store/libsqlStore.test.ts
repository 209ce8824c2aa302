import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'libsql'
import { expect, it } from 'vitest'
import { openStateStore } from '../../catalog/store/libsqlStore.ts'
import { describeLimitStore } from '../policies/limitStore.conformance.ts'
import { describeStateStore, keyOf, type OpenedStore, runOf, segmentOf } from '../store.conformance.ts'
import { describeGroupStore } from './groupStore.conformance.ts'
import { describeModelStore, versionOf } from './modelStore.conformance.ts'
import { newFolder } from './processes.ts'

async function openTwice(): Promise<OpenedStore> {
  const folder = mkdtempSync(join(tmpdir(), 'callplane-store-'))
  const path = join(folder, 'new', 'state.db')
  const [store, other] = await Promise.all([openStateStore(path), openStateStore(path)])
  return {
    store,
    other,
    async close() {
      await store.close()
      await other.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function openInMemory(): Promise<OpenedStore> {
  const store = await openStateStore(':memory:')
  return { store, other: store, close: () => store.close() }
}

for (const [name, open] of [
  ['libsql', openTwice],
  ['libsql in-memory', openInMemory],
] as const) {
  describeStateStore(name, open)
  describeModelStore(name, async () => {
    const opened = await open()
    return { models: opened.store.models, others: opened.other.models, close: () => opened.close() }
  })
  describeGroupStore(name, async () => {
    const opened = await open()
    return {
      groups: opened.store.groups,
      others: opened.other.groups,
      models: opened.store.models,
      close: () => opened.close(),
    }
  })
  describeLimitStore(name, async () => {
    const opened = await open()
    return {
      limits: opened.store.limits,
      others: opened.other.limits,
      close: () => opened.close(),
    }
  })
}

it('keeps everything when it is closed and opened again', async () => {
  const path = join(newFolder(), 'state.db')
  const store = await openStateStore(path)
  const limit = { tokens: 1, windowMs: 1000 }
  await store.limits.takeToken('key', limit, 5000)
  const lease = await store.limits.acquire('key', 1, 1000, 5000)
  await store.results.add(segmentOf(), [keyOf('a')])
  await store.results.add(segmentOf({ run: 'run-1' }), [keyOf('b')])
  await store.runs.put(runOf({ process: 1 }))
  await store.close()
  const again = await openStateStore(path)
  expect(await again.limits.takeToken('key', limit, 5100)).toBe(900)
  expect(await again.limits.acquire('key', 1, 1000, 5100)).toBeNull()
  expect(await again.limits.renew(lease!, 1000, 5100)).toBe(true)
  expect(await again.results.find([keyOf('a')], { notBefore: 0 })).toMatchObject([{ row: 0 }])
  expect(await again.results.find([keyOf('b')], { run: 'run-1' })).toMatchObject([{ row: 0 }])
  expect(await again.runs.get('run-1')).toMatchObject(runOf({ process: 1 }))
  await again.close()
})

it('takes over what a file of the first version holds', async () => {
  const path = join(newFolder(), 'state.db')
  const old = new Database(path)
  old.exec(readFileSync(new URL('../fixtures/store/version1.sql', import.meta.url), 'utf8'))
  old.close()
  const stores = await Promise.all([openStateStore(path), openStateStore(path)])
  for (const store of stores) {
    expect(await store.limits.takeToken('key', { tokens: 1, windowMs: 1000 }, 5100)).toBe(900)
    expect(await store.results.find([keyOf('a')], { notBefore: 0 })).toMatchObject([{ row: 0 }])
    expect(await store.results.find([keyOf('b')], { run: 'run-1' })).toMatchObject([{ row: 0 }])
    expect(await store.runs.get('run-1')).toMatchObject({ state: 'done', rows: 1 })
    expect(await store.runs.history('price', 3)).toMatchObject({ rows: 100, dollars: 0.25 })
    expect(await store.models.list()).toEqual([])
    expect(await store.groups.list()).toEqual([])
  }
  expect(await stores[0].models.add(versionOf('churn'), ['prod'])).toMatchObject({ version: 1 })
  expect(await stores[1].models.get('churn')).toMatchObject({ aliases: [{ alias: 'prod', version: 1 }] })
  for (const store of stores) await store.close()
})

it('keeps what was given before it is closed, and is closed once', async () => {
  const path = join(newFolder(), 'state.db')
  const store = await openStateStore(path)
  const added = store.results.add(segmentOf(), [keyOf('a')])
  await store.close()
  await added
  await store.close()
  const message = `the state store '${path}' is closed`
  await expect(store.results.bytes()).rejects.toMatchObject({ code: 'STORE_FAILED', message })
  await expect(store.results.add(segmentOf(), [keyOf('b')])).rejects.toMatchObject({ message })
  await expect(store.limits.takeToken('key', { tokens: 1, windowMs: 1 }, 1)).rejects.toMatchObject({
    message,
  })
  const again = await openStateStore(path)
  expect(await again.results.find([keyOf('a'), keyOf('b')], { notBefore: 0 })).toMatchObject([
    { row: 0 },
    null,
  ])
  await again.close()
})

it('keeps segments of one moment in one transaction', async () => {
  const path = join(newFolder(), 'state.db')
  const store = await openStateStore(path)
  const grown = statSync(`${path}-wal`).size
  const add = (text: string): Promise<void> => store.results.add(segmentOf(), [keyOf(text)])
  await add('first')
  const alone = statSync(`${path}-wal`).size - grown
  await Promise.all(Array.from({ length: 40 }, (_, index) => add(`${index}`)))
  expect(statSync(`${path}-wal`).size - grown).toBeLessThan(alone * 5)
  await store.close()
})

it('remembers by use which segments to keep when it is opened again', async () => {
  const path = join(newFolder(), 'state.db')
  const keys = Array.from({ length: 4 }, (_, index) => keyOf(`${index}`))
  const store = await openStateStore(path)
  for (const key of keys) await store.results.add(segmentOf({ data: new Uint8Array(1000) }), [key])
  await store.results.find([keys[0]!], { notBefore: 0 })
  await store.close()
  const again = await openStateStore(path)
  await again.results.evict((await again.results.bytes()) / 2, 0)
  const found = await again.results.find(keys, { notBefore: 0 })
  expect(found.map((place) => place !== null)).toEqual([true, false, false, true])
  await again.close()
})

it('gives the room of what it removed back', async () => {
  const path = join(newFolder(), 'state.db')
  const store = await openStateStore(path)
  for (let run = 0; run < 10; run++) {
    for (let index = 0; index < 20; index++) {
      const segment = segmentOf({ run: `${run % 2}`, data: new Uint8Array(100_000).fill(run) })
      await store.results.add(segment, [keyOf(`${run} ${index}`)])
    }
  }
  await store.results.forgetRun('0')
  await store.results.forgetRun('1')
  await store.close()
  expect(statSync(path).size).toBeLessThan(1_000_000)
})

it('keeps the file of a limit small, however many tokens were taken', async () => {
  const path = join(newFolder(), 'state.db')
  const store = await openStateStore(path)
  for (let index = 0; index < 3000; index++) {
    expect(await store.limits.takeToken('key', { tokens: 20, windowMs: 100 }, index * 5)).toBe(0)
  }
  await store.close()
  expect(statSync(path).size).toBeLessThan(150_000)
})
