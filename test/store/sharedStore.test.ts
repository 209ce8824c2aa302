import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { openStateStore } from '../../catalog/store/libsqlStore.ts'
import { newFolder, StoreProcess } from './processes.ts'

it('lets processes that start together make one file', async () => {
  const path = join(newFolder(), 'state.db')
  const processes = Array.from({ length: 4 }, () => new StoreProcess([path]))
  await Promise.all(processes.map(({ ended }) => ended))
  expect(processes.map(({ lines }) => lines)).toEqual(processes.map(() => ['open']))
})

it('never gives two processes more tokens than a window may hold, and few less', async () => {
  const path = join(newFolder(), 'state.db')
  const [tokens, windowMs, duration] = [40, 200, 2000]
  const processes = [1, 2].map(() => new StoreProcess([path, 'tokens', `${tokens}`, `${windowMs}`]))
  await Promise.all(processes.map((each) => each.said(1)))
  const begun = Date.now()
  await setTimeout(duration)
  const until = Date.now()
  await Promise.all(processes.map((each) => each.stop()))
  const taken = processes.flatMap(({ lines }) => lines.slice(1).map((line) => line.split(' ').map(Number)))
  for (const [start = 0] of taken) {
    const within = taken.filter(([asked = 0, there = 0]) => asked >= start && there < start + windowMs)
    expect(within.length).toBeLessThanOrEqual(tokens)
  }
  expect(taken.length).toBeGreaterThan(((until - begun) / windowMs) * tokens * 0.5)
  expect(processes.every(({ lines }) => lines.length > 1)).toBe(true)
})

it('never gives two processes more places than there are, and those of a killed one when its leases end', async () => {
  const path = join(newFolder(), 'state.db')
  const [slots, leaseMs] = [5, 1200]
  const args = [path, 'places', `${slots}`, `${leaseMs}`, '5']
  const killed = new StoreProcess(args)
  const survivor = new StoreProcess(args)
  await Promise.all([killed.said(30), survivor.said(30)])
  await setTimeout(Math.random() * 100)
  await killed.kill()
  const killedAt = Date.now()
  // Until the last lease of the other has ended, and some more.
  await setTimeout(leaseMs + 800)
  await survivor.stop()
  const abandoned = holdsOf(killed.lines).filter(({ released }) => !released)
  const holds = [...holdsOf(killed.lines), ...holdsOf(survivor.lines)]
  for (const { from } of holds) {
    expect(holds.filter((hold) => hold.from <= from && from < hold.until).length).toBeLessThanOrEqual(slots)
  }
  const back = Math.max(...abandoned.map(({ until }) => until), killedAt)
  const later = holdsOf(survivor.lines).filter(({ from }) => from >= back)
  const together = later.map(
    ({ from }) => later.filter((hold) => hold.from <= from && from < hold.until).length,
  )
  expect(Math.max(...together)).toBe(slots)
})

it('has every segment that was kept, and none by half, when a process is killed while it adds', async () => {
  const path = join(newFolder(), 'state.db')
  for (const round of [0, 1, 2]) {
    const first = round * 1_000_000
    const writer = new StoreProcess([path, 'segments', `${first}`])
    await writer.said(20)
    await setTimeout(Math.random() * 150)
    await writer.kill()
    const kept = new Set(writer.lines.slice(1).map(Number))
    const store = await openStateStore(path)
    for (let number = first; number < Math.max(...kept) + 32; number++) {
      const keys = Array.from({ length: 50 }, (_, row) =>
        createHash('sha256').update(`${number} ${row}`).digest(),
      )
      const places = await store.results.find(keys, number % 2 === 0 ? { run: 'run' } : { notBefore: 0 })
      const [place = null] = places
      expect(place !== null || !kept.has(number), `segment ${number}`).toBe(true)
      expect(places).toEqual(keys.map((_, row) => (place === null ? null : { segment: place.segment, row })))
      if (place === null) continue
      const segment = await store.results.read(place.segment)
      expect(segment).toMatchObject({ version: number, rows: 50 })
      expect(Buffer.alloc(20_000, number % 251).equals(segment!.data)).toBe(true)
    }
    await store.close()
  }
})

interface Hold {
  readonly from: number
  readonly until: number
  readonly released: boolean
}

/** When places were held: until they were given back, or else until their lease ended. */
function holdsOf(lines: readonly string[]): readonly Hold[] {
  const words = lines.slice(1).map((line) => line.split(' '))
  const given = new Map(words.filter(([kind]) => kind === '-').map(([, id, time]) => [id, Number(time)]))
  return words
    .filter(([kind]) => kind === '+')
    .map(([, id, from, leaseEnd]) => ({
      from: Number(from),
      until: given.get(id) ?? Number(leaseEnd),
      released: given.has(id),
    }))
}
