import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ResultKey, ResultSegment, RunRecord, StateStore } from '../catalog/store/stateStore.ts'
import { repeats } from './repeats.ts'
import { endedProcess } from './store/processes.ts'

export interface OpenedStore {
  readonly store: StateStore
  /** The same store as another process sees it; the same object where no other process can. */
  readonly other: StateStore
  close(): Promise<void>
}

const NOW = 1_700_000_000_000

export function keyOf(text: string): ResultKey {
  return new Uint8Array(createHash('sha256').update(text).digest())
}

export function segmentOf(changes: Partial<ResultSegment> = {}): ResultSegment {
  const data = Uint8Array.of(0, 1, 2, 255)
  return { function: 'price', version: 3, run: null, created: NOW, rows: 1, data, ...changes }
}

export function runOf(changes: Partial<RunRecord> = {}): RunRecord {
  return {
    id: 'run-1',
    name: null,
    source: 'SELECT 1',
    fingerprint: 'ab'.repeat(32),
    state: 'running',
    started: NOW,
    ended: null,
    rows: 0,
    error: null,
    profile: null,
    process: process.pid,
    ...changes,
  }
}

/** The contract of `ResultStore` and `RunStore`: every store passes it. That of `LimitStore` is a suite of its own. */
export function describeStateStore(name: string, open: () => Promise<OpenedStore>): void {
  describe(`the results of the ${name} store`, () => {
    describeResults(open)
  })
  describe(`the runs of the ${name} store`, () => {
    describeRuns(open)
  })
}

function describeResults(open: () => Promise<OpenedStore>): void {
  let opened: OpenedStore
  let texts = 0
  const newKeys = (rows: number): ResultKey[] => Array.from({ length: rows }, () => keyOf(`${++texts}`))
  beforeAll(async () => {
    opened = await open()
  })
  afterAll(async () => opened.close())

  it('finds each row of a segment by its key', async () => {
    const { store, other } = opened
    const keys = newKeys(3)
    await store.results.add(segmentOf({ rows: 3, data: Uint8Array.of(9, 8, 7) }), keys)
    const [unknown] = newKeys(1)
    const found = await other.results.find([keys[2]!, unknown!, keys[0]!, keys[2]!], { notBefore: 0 })
    expect(found.map((place) => place?.row ?? null)).toEqual([2, null, 0, 2])
    const segment = await other.results.read(found[0]!.segment)
    expect(segment).toMatchObject({ function: 'price', version: 3, run: null, created: NOW, rows: 3 })
    expect([...segment!.data]).toEqual([9, 8, 7])
    expect(await other.results.find([], { notBefore: 0 })).toEqual([])
    expect(await other.results.read(found[0]!.segment + 1000)).toBeNull()
  })

  it('keeps data of any bytes and length, in a view of its own', async () => {
    const { store, other } = opened
    for (const length of [0, 1, 4095, 100_000]) {
      const keys = newKeys(1)
      const data = Uint8Array.from({ length: length + 16 }, (_, index) => index * 7).subarray(8, 8 + length)
      await store.results.add(segmentOf({ data }), keys)
      const [place] = await other.results.find(keys, { notBefore: 0 })
      const kept = (await other.results.read(place!.segment))!.data
      expect(Buffer.compare(kept, data)).toBe(0)
      expect(kept.byteOffset % 8).toBe(0)
    }
  })

  it('finds thousands of keys at once, in order', async () => {
    const { store, other } = opened
    const keys = newKeys(20_000)
    await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        store.results.add(segmentOf({ rows: 1000 }), keys.slice(index * 1000, (index + 1) * 1000)),
      ),
    )
    const asked = keys
      .toReversed()
      .flatMap((key, index) => (index % 3 === 0 ? [key, keyOf(`no ${index}`)] : [key]))
    const found = await other.results.find(asked, { notBefore: 0 })
    const row = new Map(keys.map((key, index) => [key, index % 1000]))
    expect(found.map((place) => place?.row)).toEqual(asked.map((key) => row.get(key)))
  })

  it('moves a key to the segment that was added last', async () => {
    const { store, other } = opened
    const [shared, own, later] = newKeys(3)
    await store.results.add(segmentOf({ rows: 2 }), [shared!, own!])
    const [before] = await store.results.find([own!], { notBefore: 0 })
    await other.results.add(segmentOf({ rows: 2 }), [later!, shared!])
    const [first, second, third] = await store.results.find([shared!, own!, later!], { notBefore: 0 })
    expect(second).toEqual(before)
    expect(first).toEqual({ segment: third!.segment, row: 1 })
  })

  it('finds nothing in the cache that is older than asked for', async () => {
    const { store, other } = opened
    const [old, young] = newKeys(2)
    await store.results.add(segmentOf({ created: NOW - 1 }), [old!])
    await store.results.add(segmentOf({ created: NOW }), [young!])
    const found = await other.results.find([old!, young!], { notBefore: NOW })
    expect(found.map((place) => place !== null)).toEqual([false, true])
    const all = await other.results.find([old!, young!], { notBefore: NOW - 1 })
    expect(all.map((place) => place !== null)).toEqual([true, true])
  })

  it('keeps the journals of runs apart, from the cache too, until they are forgotten', async () => {
    const { store, other } = opened
    const keys = newKeys(1)
    await store.results.add(segmentOf({ run: 'one', version: 1 }), keys)
    await store.results.add(segmentOf({ run: "two'", version: 2 }), keys)
    expect(await other.results.find(keys, { notBefore: 0 })).toEqual([null])
    expect(await other.results.find(keys, { run: 'three' })).toEqual([null])
    await store.results.add(segmentOf({ version: 3 }), keys)
    const places = await Promise.all(
      [{ run: 'one' }, { run: "two'" }, { notBefore: 0 }].map(
        async (from) => (await other.results.find(keys, from))[0],
      ),
    )
    const kept = await Promise.all(places.map((place) => other.results.read(place!.segment)))
    expect(kept.map((segment) => [segment?.run, segment?.version])).toEqual([
      ['one', 1],
      ["two'", 2],
      [null, 3],
    ])
    await other.results.evict(0, NOW + 1)
    await other.results.forgetRun('one')
    await other.results.forgetRun('one')
    expect(await store.results.find(keys, { run: 'one' })).toEqual([null])
    expect(await store.results.read(places[0]!.segment)).toBeNull()
    expect(await store.results.find(keys, { run: "two'" })).toEqual([places[1]])
    expect(await store.results.find(keys, { notBefore: 0 })).toEqual([null])
    await store.results.add(segmentOf({ run: 'one' }), keys)
    expect((await store.results.find(keys, { run: 'one' }))[0]).not.toEqual(places[0])
  })

  it('removes the segments of the cache that were used least recently, and those that are too old', async () => {
    const { store, other } = opened
    await store.results.evict(0, 0)
    expect(await other.results.bytes()).toBe(0)
    const keys = newKeys(5)
    const data = new Uint8Array(1000)
    for (const [index, key] of keys.entries()) {
      await store.results.add(segmentOf({ created: NOW + index, data }), [key])
    }
    const all = await store.results.bytes()
    expect(all).toBeGreaterThanOrEqual(5 * 1000)
    expect(all).toBeLessThan(5 * 1100)
    await store.results.find([keys[1]!], { notBefore: 0 })
    await store.results.find([keys[0]!], { notBefore: 0 })
    const left = async (): Promise<boolean[]> =>
      (await other.results.find(keys, { notBefore: 0 })).map((place) => place !== null)
    await store.results.evict(all, 0)
    expect(await left()).toEqual([true, true, true, true, true])
    await store.results.find([keys[1]!], { notBefore: 0 })
    await store.results.find([keys[0]!], { notBefore: 0 })
    await store.results.evict((all * 3) / 5, 0)
    expect(await store.results.bytes()).toBe((all * 3) / 5)
    expect((await store.results.find([keys[0]!, keys[1]!], { notBefore: 0 })).includes(null)).toBe(false)
    await store.results.evict(all, NOW + 1)
    expect((await left()).slice(0, 2)).toEqual([false, true])
    await store.results.evict(0, 0)
    expect(await left()).toEqual([false, false, false, false, false])
    expect(await store.results.bytes()).toBe(0)
  })

  it('leaves keys alone that moved away from a segment that is removed', async () => {
    const { store } = opened
    await store.results.evict(0, 0)
    const [moved] = newKeys(1)
    await store.results.add(segmentOf({ created: 1 }), [moved!])
    await store.results.add(segmentOf({ created: 2 }), [moved!])
    await store.results.evict(Number.POSITIVE_INFINITY, 2)
    expect(await store.results.find([moved!], { notBefore: 0 })).toMatchObject([{ row: 0 }])
  })

  it('refuses keys that do not fit their segment, and keeps the others of the same moment', async () => {
    const { store } = opened
    const keys = newKeys(1)
    const kept = store.results.add(segmentOf(), keys)
    const few = store.results.add(segmentOf({ rows: 2 }), newKeys(1))
    const short = store.results.add(segmentOf(), [Uint8Array.of(1)])
    await expect(few).rejects.toMatchObject({
      code: 'INTERNAL',
      message: 'a segment of 2 rows was given 1 keys',
    })
    await expect(short).rejects.toMatchObject({
      code: 'INTERNAL',
      message: 'a result key has 32 bytes, this one has 1',
    })
    await kept
    expect(await store.results.find(keys, { notBefore: 0 })).toMatchObject([{ row: 0 }])
  })

  it('finds what a map would find, whatever is added, asked for and removed', async () => {
    const { store, other } = opened
    await store.results.evict(0, 0)
    const act = fc.record({
      run: fc.constantFrom(null, 'a', 'b'),
      keys: fc.uniqueArray(fc.integer({ min: 0, max: 8 }), { maxLength: 6 }),
      forget: fc.integer({ min: 0, max: 9 }),
      elsewhere: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 12 }), async (acts) => {
        const salt = ++texts
        const key = (index: number): ResultKey => keyOf(`${salt} ${index}`)
        const expected = new Map<string, string>()
        for (const [index, { run, keys, forget, elsewhere }] of acts.entries()) {
          const { results } = elsewhere ? other : store
          if (forget === 0) {
            await (run === null ? results.evict(0, 0) : results.forgetRun(run))
            for (const known of expected.keys()) if (known.startsWith(`${run}`)) expected.delete(known)
          }
          const segment = segmentOf({ run, rows: keys.length, version: index })
          await results.add(segment, keys.map(key))
          for (const [row, number] of keys.entries()) expected.set(`${run} ${number}`, `${index} ${row}`)
        }
        for (const run of [null, 'a', 'b']) {
          const numbers = Array.from({ length: 9 }, (_, number) => number)
          const from = run === null ? { notBefore: 0 } : { run }
          const places = await other.results.find(numbers.map(key), from)
          for (const [number, place] of places.entries()) {
            const version = place && (await other.results.read(place.segment))!.version
            expect(place === null ? undefined : `${version} ${place.row}`).toBe(
              expected.get(`${run} ${number}`),
            )
          }
        }
      }),
      { numRuns: repeats(20) },
    )
  })
}

function describeRuns(open: () => Promise<OpenedStore>): void {
  let opened: OpenedStore
  beforeAll(async () => {
    opened = await open()
  })
  afterAll(async () => opened.close())

  it('keeps runs, and replaces the one of the same id', async () => {
    const { store, other } = opened
    const text = 'SELECT \'ü\', "x\ny", \u{1f600} \0 after a zero'
    const run = runOf({ source: text, name: 'nightly', profile: '{"a": 1}' })
    await store.runs.put(run)
    expect(await other.runs.get('run-1')).toMatchObject({ ...run })
    const ended = { ...run, state: 'failed' as const, ended: NOW + 5, rows: 7, error: text }
    await store.runs.put(ended)
    expect(await other.runs.get('run-1')).toMatchObject({ ...ended })
    expect(await other.runs.list(10)).toHaveLength(1)
    expect(await other.runs.get('unknown')).toBeNull()
  })

  it('finds the latest run of a name, and the run of an id first', async () => {
    const { store, other } = opened
    await store.runs.put(runOf({ id: 'run-2', name: 'nightly', started: NOW + 200 }))
    await store.runs.put(runOf({ id: 'run-3', name: 'nightly', started: NOW + 100 }))
    await store.runs.put(runOf({ id: 'run-4', name: 'run-1', started: NOW + 300 }))
    expect((await other.runs.get('nightly'))?.id).toBe('run-2')
    expect((await other.runs.get('run-1'))?.id).toBe('run-1')
  })

  it('lists the latest runs first', async () => {
    const { store, other } = opened
    await store.runs.put(runOf({ id: 'run-5', started: NOW + 300 }))
    const ids = async (limit: number): Promise<string[]> => (await other.runs.list(limit)).map(({ id }) => id)
    expect(await ids(10)).toEqual(['run-5', 'run-4', 'run-2', 'run-3', 'run-1'])
    expect(await ids(2)).toEqual(['run-5', 'run-4'])
  })

  it('lets one process go on with a run that was interrupted', async () => {
    const { store, other } = opened
    const gone = await endedProcess()
    await store.runs.put(runOf({ id: 'cut', name: 'weekly', process: gone, rows: 12, error: 'x', ended: 4 }))
    const claims = await Promise.allSettled([store, other, store].map(({ runs }) => runs.claim('weekly')))
    const won = claims.filter((claim) => claim.status === 'fulfilled')
    expect(won).toHaveLength(1)
    const expected = { id: 'cut', state: 'running', process: process.pid, rows: 12, error: null, ended: null }
    expect(won[0]!.value).toMatchObject(expected)
    expect(await other.runs.get('cut')).toEqual(won[0]!.value)
    await expect(other.runs.claim('cut')).rejects.toMatchObject({
      code: 'RUN_INVALID',
      message:
        "run 'cut' ('weekly') is still running, in this process\n  wait for its end, or end that process",
    })
    await store.runs.put({ ...won[0]!.value, state: 'cancelled', ended: NOW })
    expect(await store.runs.claim('cut')).toMatchObject(expected)
  })

  it('refuses to go on with a run that another process runs, or that does not exist', async () => {
    const { store, other } = opened
    await store.runs.put(runOf({ id: 'busy', process: process.ppid }))
    await expect(other.runs.claim('busy')).rejects.toMatchObject({
      code: 'RUN_INVALID',
      message: `run 'busy' is still running, in process ${process.ppid}\n  wait for its end, or end that process`,
    })
    await expect(other.runs.claim('nothing')).rejects.toMatchObject({
      code: 'RUN_INVALID',
      message: "there is no run 'nothing'\n  callplane runs lists them",
    })
  })

  it('adds up what runs taught of each version of a function', async () => {
    const { store, other } = opened
    const figures = { function: 'price', version: 2, rows: 100, calls: 4, milliseconds: 12.5, dollars: 0.25 }
    expect(await store.runs.history('price', 2)).toBeNull()
    await store.runs.learn([])
    await store.runs.learn([figures, { ...figures, version: 3 }])
    await other.runs.learn([figures, { ...figures, function: 'Price', rows: 1 }])
    expect(await store.runs.history('price', 2)).toEqual({
      ...figures,
      rows: 200,
      calls: 8,
      milliseconds: 25,
      dollars: 0.5,
    })
    expect(await other.runs.history('price', 3)).toEqual({ ...figures, version: 3 })
    expect((await other.runs.history('Price', 2))?.rows).toBe(1)
  })
}
