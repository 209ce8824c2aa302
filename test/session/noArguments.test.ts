import { defineFunction } from 'callplane'
import { expect, it } from 'vitest'
import { openSession, values } from '../sessions.ts'

const seven = defineFunction({
  name: 'seven',
  input: {},
  output: 'INTEGER',
  handler: async () => 7,
})
let calls = 0
const count = defineFunction({
  name: 'count_calls',
  input: {},
  output: 'INTEGER',
  volatility: 'volatile',
  handler: () => ++calls,
})

it('calls functions without arguments for rows of which nothing else is read', async () => {
  const session = await openSession({ functions: [seven, count], state: null })
  expect(await values(session, "SELECT catalog_call('seven') FROM range(3)")).toEqual([7, 7, 7])
  expect(await values(session, 'SELECT seven()')).toEqual([7])
  expect(await values(session, 'SELECT sum(seven()) FROM range(5)')).toEqual([35n])
  expect(await values(session, 'SELECT max(count_calls()) FROM range(5000)')).toEqual([5000])
})
