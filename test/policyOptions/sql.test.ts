import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createSnapshot } from '../../catalog/catalog.ts'
import { defaultPolicies } from '../../catalog/policy/policies.ts'
import { rewriteCalls } from '../../sql/calls.ts'
import { planExpression } from '../../sql/planExpression.ts'
import { type PlannedStatement, planStatement } from '../../sql/planStatement.ts'
import { isEngineError } from '../../src/base/errors.ts'
import { formatExpr } from '../../src/expr/print.ts'
import { optimize } from '../../src/optimize/optimize.ts'
import { formatPlan } from '../../src/plan/print.ts'
import { renderPlan } from '../../src/plan/render.ts'
import { identities, openTestDatabase, signature, type TestDatabase } from '../sql/duckdbBinder.ts'

const lenient = {
  ...signature('lenient', [['value', 'BIGINT']], 'BIGINT'),
  policies: { ...defaultPolicies, onError: 'column' as const },
}
const catalog = createSnapshot([...identities.functions.values(), lenient].map((own) => ({ signature: own })))

let database: TestDatabase
beforeAll(async () => {
  database = await openTestDatabase()
  await database.connection.run('CREATE MACRO lenient(x) AS CAST(x AS BIGINT)')
})
afterAll(() => {
  database.close()
})

async function planned(text: string): Promise<PlannedStatement> {
  return planStatement(text, { binder: database.binder, catalog })
}

async function queryOf(text: string) {
  const statement = await planned(text)
  if (statement.kind === 'text' || statement.kind === 'explain') throw new Error('not planned')
  return statement.query
}

async function rows(sql: string): Promise<unknown> {
  return (await database.connection.runAndReadAll(sql)).getRowObjectsJson()
}

async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work
  } catch (error) {
    if (!isEngineError(error)) throw error
    return `${error.code} ${error.message}`
  }
  return 'accepted'
}

describe('options => {…}', () => {
  test('stands beside the arguments, in catalog_call, try_catalog_call and a name of its own', async () => {
    const { plan, names } = await queryOf(`SELECT
      id_int(id, options => {batch_size: 64, on_error: 'dead_letter', retries: 3, rate_limit: {rate: 0.5, per: 'minute'}}) AS a,
      catalog_call('id_int', options => {'cache': true, timeout: 1e3, dedupe: false}, value => id) AS b,
      try_catalog_call('id_int', id, options := {retries: {attempts: 2, retry_on: ['429']}, concurrency: 4, deadline: NULL}) AS c,
      id_int(id, options => NULL), id_int(id, metadata => {n: k}, options => {retries: 0}) AS d FROM t`)
    expect(names).toEqual(['a', 'b', 'c', 'id_int(id)', 'd'])
    expect(
      formatPlan(plan)
        .split('\n')[0]
        ?.split(/, (?=[bcd] = |"id)/),
    ).toEqual([
      "project a = id_int(id, options => {retries: 3, rate_limit: {rate: 0.5, per: 'minute'}, on_error: 'deadLetter', batch_size: 64})",
      'b = id_int(id, options => {timeout: 1000, dedupe: false, cache: true})',
      "c = try_catalog_call('id_int', id, options => {retries: {kind: 'exponential', attempts: 2, initial: 1, multiplier: 2, max_wait: 60, jitter: true, retry_on: ['429']}, concurrency: 4, deadline: NULL})",
      '"id_int(id)" = id_int(id)',
      'd = id_int(id, metadata => main.struct_pack(n := k), options => {retries: NULL})',
    ])
  })

  test('is not part of the name of a column', async () => {
    const text = `SELECT id_int(id, options => {retries: 1}) + 1, try_catalog_call('id_int', id, options => {retries: 1}) FROM t`
    expect((await queryOf(text)).names).toEqual(['(id_int(id) + 1)', "try_catalog_call('id_int', id)"])
  })

  test.each([
    ['{retires: 3}', "an unknown option 'retires': did you mean 'retries'?"],
    ['{rate_limit: {rat: 3}}', "an unknown option 'rate_limit.rat': did you mean 'rate'?"],
    ['{ratelimit: 3}', "an unknown option 'ratelimit': did you mean 'rate_limit'?"],
    ["{on_error: 'ignore'}", "on_error 'ignore'; it must be 'fail' or 'null' or 'column' or 'dead_letter'"],
    ["{batch_size: 'big'}", "batch_size 'big'; it must be a whole number above 0"],
  ])('%s is refused where it stands, in a SELECT and elsewhere', async (options, problem) => {
    for (const start of ['SELECT 1, ', 'UPDATE t SET k = ']) {
      const text = `${start}id_int(id, options => ${options})`
      expect(await refusal(planned(start.startsWith('SELECT') ? `${text} FROM t` : text))).toBe(
        `CATALOG_CALL_INVALID the call of 'id_int' has ${problem}
  LINE 1: ${start.startsWith('SELECT') ? `${text} FROM t` : text}
          ${' '.repeat(start.length)}^`,
      )
    }
  })

  test.each(['{timeout: id}', '3', "'retries'", '{timeout: 1 + 1}', '[3]'])(
    '%s is no constant by name',
    async (options) => {
      for (const text of [
        `SELECT id_int(id, options => ${options}) FROM t`,
        `DELETE FROM t WHERE id_int(id, options => ${options}) = 1`,
      ]) {
        expect(await refusal(planned(text))).toMatch(
          /^CATALOG_CALL_INVALID the call of 'id_int' has options that are no constants by name\n/,
        )
      }
    },
  )

  test('try_catalog_call has its own words', async () => {
    expect(await refusal(planned('SELECT try_catalog_call(id) FROM t'))).toBe(
      `CATALOG_CALL_INVALID try_catalog_call needs the name of the function first, as a string: try_catalog_call('name', …)
  LINE 1: SELECT try_catalog_call(id) FROM t
                 ^`,
    )
    expect(
      await refusal(planned("SELECT try_catalog_call('id_int', id, options => {on_error: 'null'}) FROM t")),
    ).toBe(
      `CATALOG_CALL_INVALID the call of 'id_int' has on_error, but is tried: its 'error' says why it failed
  LINE 1: SELECT try_catalog_call('id_int', id, options => {on_error: 'null'}) FROM t
                 ^`,
    )
  })

  test('is understood in F.sql', async () => {
    const expr = await planExpression("try_catalog_call('id_int', a, options => {retries: 2}).value + 1", {
      binder: database.binder,
      catalog,
    })
    expect(formatExpr(expr)).toBe(`((try_catalog_call('id_int', a, options => {retries: 2}))."value" + 1)`)
  })
})

describe('where DuckDB makes a call itself', () => {
  test('text says what the call is given, tried or not, as JSON behind the metadata', () => {
    const text = `UPDATE t SET k = id_int(1, options => {timeout: 5, on_error: 'null'}) + id_int(2, metadata => {a: 1}, options => {dedupe: false})`
    const rewritten = rewriteCalls(text, catalog)
    expect(rewritten.text).toBe(
      `UPDATE t SET k = "id_int"(1, NULL, '{"timeout":5,"on_error":"null"}') + ` +
        `"id_int"(2, CAST(to_json({a: 1}) AS VARCHAR), '{"dedupe":false}')`,
    )
    expect(rewriteCalls("SELECT try_catalog_call('id_int', 1)", catalog).text).toBe(
      'SELECT "id_int@try"(1, NULL, NULL)',
    )
    expect(rewritten.calls[0]).toEqual({
      function: 'id_int',
      options: { timeout: 5, onError: 'null' },
      outcome: 'value',
      position: 17,
    })
  })

  test.each([
    ["UPDATE t SET k = id_int(k, options => {on_error: 'column'})", 17, 'only a SELECT is looked into'],
    [
      "SELECT list_transform(xs, x -> id_int(x, options => {on_error: 'column'})) FROM t",
      31,
      'a lambda computes it for each item of a list',
    ],
  ])('%s has no place for a column of errors', async (text, position, reason) => {
    const refused = `CATALOG_CALL_INVALID the call of 'id_int' has on_error 'column', but no column can stand behind it: ${reason}
  LINE 1: ${text}
          ${' '.repeat(position)}^
  use on_error 'null', or try_catalog_call, whose 'error' says why a row failed`
    expect(await refusal(planned(text))).toBe(refused)
    if (!text.startsWith('SELECT')) return
    const expression = text.slice('SELECT '.length, -' FROM t'.length)
    expect(await refusal(planExpression(expression, { binder: database.binder, catalog }))).toBe(
      refused.replace(' FROM t', ''),
    )
  })
})

describe("on_error: 'column'", () => {
  const outcome = "try_catalog_call('id_int', id, options => {on_error: 'column'})"
  const value = `struct_extract(${outcome}, 'value')`
  const error = `struct_extract(${outcome}, 'error')`

  test('has its errors directly behind it; places in ORDER BY and GROUP BY are those that were written', async () => {
    const { plan, names } = await queryOf(
      "SELECT id_int(id, options => {on_error: 'column'}) AS x, id FROM t ORDER BY 2",
    )
    expect(names).toEqual(['x', 'x_error', 'id'])
    expect(formatPlan(plan)).toBe(`project x = ${value}, x_error = ${error}, id
  sort id
    sql SELECT id FROM t`)
  })

  test('of the definition is the same, through what passes the column on', async () => {
    const { plan, names } = await queryOf(
      'SELECT y AS z, id FROM (SELECT lenient(id) AS y, id FROM t) WHERE id > 3 ORDER BY z LIMIT 2',
    )
    expect(names).toEqual(['z', 'z_error', 'id'])
    expect(formatPlan(plan).split('\n').slice(0, 3).join('\n')).toBe(`limit 2
  project z = y, z_error = y_error, id
    sort y`)
  })

  test.each([
    ['SELECT lenient(id) + 1 AS x FROM t', ['x']],
    ['SELECT sum(lenient(id)) AS x FROM t', ['x']],
    ['SELECT DISTINCT lenient(id) AS x FROM t', ['x']],
    ['SELECT id FROM t WHERE lenient(id) > 2', ['id']],
    ['SELECT lenient(id) AS x FROM t UNION ALL SELECT 1', ['x']],
    ['INSERT INTO v SELECT lenient(id), id FROM t', ['lenient(id)', 'id']],
  ])('%s has no place for errors', async (text, names) => {
    expect((await queryOf(text)).names).toEqual(names)
  })

  test('INSERT makes it null', async () => {
    const { plan } = await queryOf('INSERT INTO v SELECT lenient(id), id FROM t')
    expect(formatPlan(plan).split('\n')[0]).toBe(
      `project "lenient(id)" = lenient(id, options => {on_error: 'null'}), id`,
    )
  })

  test('CREATE TABLE AS and COPY keep the errors', async () => {
    for (const text of [
      'CREATE TABLE q AS SELECT lenient(id) AS x FROM t',
      "COPY (SELECT lenient(id) AS x FROM t) TO 'x.csv'",
    ]) {
      expect((await queryOf(text)).names).toEqual(['x', 'x_error'])
    }
  })

  test('a name that is taken is refused', async () => {
    expect(await refusal(planned('SELECT lenient(id) AS x, 1 AS x_error FROM t'))).toBe(
      "DUPLICATE_NAME project has two columns named 'x_error'",
    )
  })
})

describe('while nothing fails, a call with options or tried is like any other', () => {
  const error = 'CAST(NULL AS STRUCT(code VARCHAR, message VARCHAR, kind VARCHAR, attempts INTEGER))'
  test.each([
    [
      'SELECT id_int(id, options => {retries: 3}) AS x FROM t WHERE k > 1 ORDER BY id',
      'SELECT id AS x FROM t WHERE k > 1 ORDER BY id',
    ],
    [
      `SELECT try_catalog_call('id_int', id) AS r FROM t ORDER BY id`,
      `SELECT {'value': id, 'error': ${error}} AS r FROM t ORDER BY id`,
    ],
    [
      `SELECT (try_catalog_call('id_int', amount)).value AS v FROM t ORDER BY id`,
      'SELECT amount AS v FROM t ORDER BY id',
    ],
    [
      `SELECT CASE WHEN try_catalog_call('id_int', amount).error IS NULL THEN 1 ELSE 2 END AS v, count(*) AS n FROM t GROUP BY ALL`,
      'SELECT 1 AS v, count(*) AS n FROM t',
    ],
    [
      'SELECT lenient(id) AS x, k FROM t WHERE lenient(id) > 3 ORDER BY 2, 1',
      `SELECT id AS x, ${error} AS x_error, k FROM t WHERE id > 3 ORDER BY k, id`,
    ],
    [
      "SELECT coalesce(id_int(amount, options => {on_error: 'null'}), id_int(id, options => {timeout: 5})) AS x FROM t ORDER BY id",
      'SELECT coalesce(amount, id) AS x FROM t ORDER BY id',
    ],
    [
      'SELECT k, sum(lenient(amount)) AS s FROM t GROUP BY k HAVING sum(lenient(amount)) > 0 ORDER BY k',
      'SELECT k, sum(amount) AS s FROM t GROUP BY k HAVING sum(amount) > 0 ORDER BY k',
    ],
  ])('%s', async (text, plain) => {
    const { plan } = await queryOf(text)
    expect(await rows(renderPlan(plan))).toEqual(await rows(plain))
    expect(await rows(renderPlan(optimize(plan, catalog).plan))).toEqual(await rows(plain))
  })
})
