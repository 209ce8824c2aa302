import { expect, it } from 'vitest'
import { StoreProcess } from '../store/processes.ts'
import { openGroups } from './groupFolder.ts'

const fixture = 'groups/groupProcess.ts'

it('gives revisions of processes that deploy at once different numbers, and one of them all calls', async () => {
  const { directory, registry } = await openGroups()
  const [times, names] = [10, ['left', 'right', 'middle']]
  const processes = names.map((name) => new StoreProcess([directory, name, String(times)], { fixture }))
  await Promise.all(processes.map((one) => one.said(times + 2)))
  const numbers = processes.flatMap(({ lines }) =>
    lines.slice(1, -1).flatMap((line) => line.split(' ').map(Number)),
  )
  expect(numbers.toSorted((a, b) => a - b)).toEqual(
    Array.from({ length: times * names.length * 2 }, (_, index) => index + 1),
  )
  const revisions = await registry.revisions('texts')
  expect(revisions).toHaveLength(times * names.length)
  const [deployed] = await registry.list()
  expect(deployed).toMatchObject({ share: 100, previous: null })
  const last = revisions.toSorted((a, b) => (a.completed ?? 0) - (b.completed ?? 0)).at(-1)
  expect(deployed?.current).toEqual(last)
  expect(await registry.changes()).toBe(revisions.length)

  // A process that is gone has no replicas any more, however it went.
  expect((await registry.replicas('texts')).map(({ id }) => id)).toEqual(['left', 'middle', 'right'])
  await processes[0]?.kill()
  await processes[1]?.stop()
  expect((await registry.replicas('texts')).map(({ id }) => id)).toEqual(['middle'])
})
