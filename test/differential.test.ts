import { Session } from 'callplane'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { rewriteCalls } from '../sql/calls.ts'
import { type Answer, PlainDuckDB, sessionAnswer, unordered } from './plainDuckdb.ts'
import { identities, macros, tables } from './sql/duckdbBinder.ts'
import { queries } from './sql/queries.ts'

const functions = ['test/fixtures/identities/functions.ts']
const plans = [
  { name: 'fused', settings: { route: 'fused' } },
  { name: 'staged', settings: { route: 'staged' } },
  { name: 'bridged', settings: { route: 'bridged' } },
  { name: "of the planner's own choice", settings: {} },
] as const

let plain: PlainDuckDB
beforeAll(async () => {
  plain = await PlainDuckDB.open(macros + tables)
})
afterAll(() => plain.close())

const answers = new Map<string, Promise<Answer>>()

/** What DuckDB answers with macros in the place of the functions. */
async function plainAnswer(sql: string): Promise<Answer> {
  const answer = answers.get(sql) ?? plain.answer(rewriteCalls(sql, identities).text)
  answers.set(sql, answer)
  return answer
}

describe.each(plans)('on the route $name', ({ name, settings }) => {
  let session: Session
  beforeAll(async () => {
    session = await Session.open({ functions, settings })
    await session.sql(tables)
  })
  afterAll(() => session.close())

  test.each(queries)('$shape: $sql', async ({ sql, inPlace }) => {
    const expected = await plainAnswer(sql)
    const actual = await sessionAnswer(session, sql)
    const ordered = /order by/i.test(sql)
    expect(ordered ? actual : unordered(actual)).toEqual(ordered ? expected : unordered(expected))
    if (inPlace === undefined && 'route' in settings) {
      expect(routesIn(await session.explain(sql)).filter((route) => route !== name)).toEqual([])
    }
  })
})

/** The routes of a query's calls; a query may have lost its calls to the optimizer. */
function routesIn(explained: string): readonly string[] {
  return [...explained.matchAll(/^ {2}\S+ \(version \d+\): (\w+)/gm)].map(([, route = '']) => route)
}

test('explain tells the routes that the tests above look for', async () => {
  const session = await Session.open({ functions, settings: { route: 'staged' } })
  await session.sql(tables)
  const explained = await session.explain('SELECT id_int(id), id_text(memo) FROM t')
  expect(routesIn(explained)).toEqual(['staged', 'staged'])
  await session.close()
})
