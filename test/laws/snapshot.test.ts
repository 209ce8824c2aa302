import { defineFunction } from 'callplane'
import { expect, test } from 'vitest'
import { openSession, values } from '../sessions.ts'

test('the catalog of a session is frozen', async () => {
  const session = await openSession()
  expect(Object.isFrozen(session.catalog)).toBe(true)
  expect(Object.isFrozen(session.catalog.functions.get('twice'))).toBe(true)
})

const version = (n: number) =>
  defineFunction({ name: 'which', input: { i: 'BIGINT' }, output: 'INTEGER', handler: () => n })

test('sessions with functions of one name each call their own', async () => {
  const first = await openSession({ functions: [version(1)] })
  const second = await openSession({ functions: [version(2)] })
  const [a, b] = await Promise.all([
    values(first, 'SELECT which(i) FROM range(5000) t(i)'),
    values(second, 'SELECT which(i) FROM range(5000) t(i)'),
  ])
  expect(new Set(a)).toEqual(new Set([1]))
  expect(new Set(b)).toEqual(new Set([2]))
})
