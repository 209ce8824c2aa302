import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { attribute } from '../../src/telemetry/attributes.ts'

const page = readFileSync('docs/observability.md', 'utf8')

test('every attribute is in docs/observability.md', () => {
  expect(Object.values(attribute).filter((name) => !page.includes(name))).toEqual([])
})

test('every metric is in docs/observability.md, with its unit', () => {
  const source = readFileSync('src/telemetry/callMetrics.ts', 'utf8')
  const counters = [...source.matchAll(/counter\('([a-z.]+)', '([^']+)'/g)].map(([, name, unit]) => [
    name,
    unit,
  ])
  const seconds = [...source.matchAll(/seconds\('([a-z.]+)'/g)].map(([, name]) => [name, 's'])
  expect(counters.length + seconds.length).toBe(9)
  const documented = [...page.matchAll(/\| `callplane\.([a-z.]+)` \| [a-z]+ \| `([^`]+)`/g)].map(
    ([, name, unit]) => [name, unit],
  )
  expect(sort(documented)).toEqual(sort([...counters, ...seconds, ['batch.fill', '1']]))
})

function sort(pairs: readonly (readonly (string | undefined)[])[]): readonly string[] {
  return pairs.map((pair) => pair.join(' ')).toSorted((a, b) => (a < b ? -1 : 1))
}
