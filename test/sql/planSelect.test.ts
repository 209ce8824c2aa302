import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Binder } from '../../sql/binder.ts'
import { lambdaFunctions } from '../../sql/lambda.ts'
import type { Parameters } from '../../sql/parameters.ts'
import { planSelect, type SelectPlan } from '../../sql/planSelect.ts'
import { formatPlan } from '../../src/plan/print.ts'
import { renderPlan } from '../../src/plan/render.ts'
import { catalogOf, identities, openTestDatabase, signature, type TestDatabase } from './duckdbBinder.ts'

let database: TestDatabase
let folder: string
beforeAll(async () => {
  database = await openTestDatabase()
  folder = mkdtempSync(join(tmpdir(), 'callplane-sql-'))
  await database.connection.run(`COPY (SELECT id, memo, k FROM t) TO '${folder}/memos.parquet'`)
})
afterAll(() => {
  database.close()
  rmSync(folder, { recursive: true })
})

async function planned(
  sql: string,
  parameters: Parameters = [],
  binder: Binder = database.binder,
): Promise<SelectPlan> {
  const plan = await planSelect(sql, { binder, catalog: identities, parameters })
  if (plan === null) throw new Error('not planned')
  return plan
}

async function tree(sql: string): Promise<string> {
  return formatPlan((await planned(sql)).plan).replaceAll(folder, 'DIR')
}

async function rows(plan: SelectPlan): Promise<readonly unknown[]> {
  return (await database.connection.runAndReadAll(renderPlan(plan.plan))).getRowsJson()
}

describe('a SELECT becomes plans', () => {
  test.each([
    [
      'SELECT id, id_text(memo) AS m FROM t WHERE even ORDER BY id LIMIT 3 OFFSET 1',
      `limit 3 offset 1
  project id, m = id_text(memo)
    sort id
      sql SELECT id, memo FROM t WHERE even`,
    ],
    [
      'SELECT id FROM t WHERE id > 2 AND id_bool(even) AND (k = 1 OR id_int(k) = 2)',
      `project id
  filter ((id > 2) AND id_bool(even) AND ((k = 1) OR (id_int(k) = 2)))
    sql SELECT id, even, k FROM t`,
    ],
    [
      "SELECT m.memo, id_text(m.memo) FROM 'FOLDER/memos.parquet' AS m WHERE m.k < 2",
      `project memo, "id_text(m.memo)" = id_text(memo)
  filter (k < 2)
    scan parquet 'DIR/memos.parquet'`,
    ],
    [
      "SELECT *, id_text(memo) FROM read_parquet(['FOLDER/memos.parquet'], file_row_number = true) LIMIT 1",
      `limit 1
  project id, memo, k, file_row_number, "id_text(memo)" = id_text(memo)
    scan parquet 'DIR/memos.parquet' file_row_number=true`,
    ],
    [
      "WITH recent AS (SELECT memo AS m, k + 1 AS j FROM 'FOLDER/memos.parquet' WHERE id > 3) SELECT id_text(m) AS x FROM recent WHERE j < 4",
      `project x = id_text(m)
  filter (j < 4)
    project m = memo, j = (k + 1)
      filter (id > 3)
        scan parquet 'DIR/memos.parquet'`,
    ],
    [
      "SELECT id_text(m) AS x FROM (SELECT max(memo) AS m FROM 'FOLDER/memos.parquet')",
      `project x = id_text(m)
  sql SELECT m FROM (SELECT max(memo) AS m FROM "DIR/memos.parquet")`,
    ],
    [
      "SELECT id_text(memo), filename FROM 'FOLDER/memos.parquet'",
      `project "id_text(memo)" = id_text(memo), filename
  sql SELECT memo, filename FROM "DIR/memos.parquet"`,
    ],
    [
      'WITH e AS (SELECT id, id_text(memo) AS m FROM t) SELECT m FROM e WHERE id < 5 LIMIT 2',
      `limit 2
  project m
    filter (id < 5)
      project id, m = id_text(memo)
        sql SELECT id, memo FROM t`,
    ],
    [
      'SELECT k, id_int(max(id)) FROM t WHERE even GROUP BY k HAVING count(*) > 1',
      `project k, "id_int(max(id))" = id_int(max)
  filter (count_star > 1)
    sql SELECT * FROM (SELECT count_star(), k, max(id) FROM t WHERE even GROUP BY k) AS "source"(count_star, k, max)`,
    ],
    [
      'SELECT unnest(id_ints(xs)) AS x FROM t',
      `project x = unnest
  sql SELECT xs, unnest(items) AS unnest FROM (…)
    project xs, items = id_ints(xs)
      sql SELECT xs FROM t`,
    ],
    [
      'SELECT DISTINCT ON (k) k, id_int(id) AS i FROM t ORDER BY k, score LIMIT 10%',
      `sql SELECT DISTINCT ON (1) k, i FROM (…) ORDER BY 1, sort_key LIMIT (10) %
  project k, i = id_int(id), sort_key = score
    sql SELECT k, id, score FROM t`,
    ],
    [
      'SELECT id_int(id) AS i FROM t ORDER BY i, score',
      `project i
  sort i, sort_key
    project i = id_int(id), sort_key = score
      sql SELECT id, score FROM t`,
    ],
    [
      'SELECT id_int(id) FROM t UNION ALL SELECT id FROM u',
      `union
  project "id_int(id)" = id_int(id)
    sql SELECT id FROM t
  sql SELECT id FROM u`,
    ],
  ])('%s', async (sql, expected) => {
    expect(await tree(sql.replaceAll('FOLDER', folder))).toBe(expected)
  })

  test('a common table expression that is read twice is one plan', async () => {
    const { plan } = await planned(
      'WITH e AS (SELECT id, id_int(k) AS kk FROM t) SELECT * FROM e a JOIN e b ON a.kk = b.id',
    )
    if (plan.kind !== 'opaque') throw new Error(plan.kind)
    expect(plan.inputs).toHaveLength(2)
    expect(plan.inputs[0]).toBe(plan.inputs[1])
  })

  test('calls know their places in the statement', async () => {
    const { plan } = await planned("SELECT 'größe😀', id_int(id) FROM t")
    if (plan.kind !== 'project') throw new Error(plan.kind)
    expect(plan.items[1]?.expr).toMatchObject({ kind: 'call', function: 'id_int', position: 18 })
  })

  test('metadata is a struct beside the arguments', async () => {
    const { plan } = await planned("SELECT id_int(value => id, metadata => {'model': 'x', n: k}) AS i FROM t")
    expect(formatPlan(plan)).toBe(`project i = id_int(id, metadata => main.struct_pack(model := 'x', n := k))
  sql SELECT id, k FROM t`)
  })

  test('calls in place say why', async () => {
    const sql = `SELECT id_int(id), TRY(id_int(k)), list_transform(xs, x -> id_int(x)), (SELECT max(id_int(id)) FROM u)
      FROM t`
    expect((await planned(sql)).inPlaceCalls.map(({ position, reason }) => [position, reason])).toEqual([
      [23, 'TRY has to see its errors'],
      [59, 'a lambda computes it for each item of a list'],
      [83, 'it is in a subquery within an expression'],
    ])
  })

  test('what DuckDB does not serialize is left to the caller', async () => {
    expect(
      await planSelect('PIVOT t ON even USING sum(id_int(id))', {
        binder: database.binder,
        catalog: identities,
      }),
    ).toBeNull()
  })

  test('no function has to be known to DuckDB', async () => {
    const catalog = catalogOf(signature('unregistered', [['memo', 'VARCHAR']], 'STRUCT(a INTEGER)[]'))
    const sql = 'SELECT unregistered(memo)[1].a + 1 FROM t WHERE len(unregistered(memo)) > 2 ORDER BY 1'
    const plan = await planSelect(sql, { binder: database.binder, catalog })
    expect(plan?.names).toEqual(['((unregistered(memo)[1]).a + 1)'])
  })
})

describe('what a volatile function gives is computed once for each time that it is written', () => {
  const catalog = catalogOf(signature('draw', [['seed', 'BIGINT']], 'BIGINT', 'volatile'))
  const drawn = async (sql: string): Promise<SelectPlan | null> =>
    planSelect(sql, { binder: database.binder, catalog })

  test.each([
    [
      'SELECT draw(id) AS d, draw(id) AS e FROM t ORDER BY d',
      `sort d
  project d = draw(id), e = draw(id)
    sql SELECT id FROM t`,
    ],
    [
      'SELECT sum(draw(id)) AS a, sum(draw(id)) AS b FROM t',
      `project a = sum, b = sum_1
  aggregate sum = sum(draw(id)), sum_1 = sum(draw(id))
    sql SELECT id FROM t`,
    ],
    [
      'SELECT draw(k) AS d, count(*) AS n FROM t GROUP BY draw(k)',
      `project d = group_key, n = count_star
  aggregate count_star = count_star() by group_key = draw(k)
    sql SELECT k FROM t`,
    ],
  ])('%s', async (sql, expected) => {
    const plan = await drawn(sql)
    expect(plan === null ? null : formatPlan(plan.plan)).toBe(expected)
  })

  test('an alias of it stays where DuckDB can see to that', async () => {
    const plan = await drawn('SELECT draw(id) AS d, d + 1 AS e FROM t')
    expect(plan?.inPlaceCalls.map(({ reason }) => reason)).toEqual(["'d' is volatile"])
  })
})

describe('parameters', () => {
  test.each([
    ['SELECT id_int(id) + ? FROM t WHERE id < ? ORDER BY id', [100, 3], [['100'], ['101'], ['102']]],
    [
      'SELECT id_int(id) FROM t WHERE id = $2 OR memo = $1 ORDER BY 1 LIMIT $3',
      ['memo c', 1, 2n],
      [['1'], ['2']],
    ],
    ['SELECT id_text($name) || $NAME FROM t LIMIT $n', { name: "it's", n: 1 }, [["it'sit's"]]],
    ['SELECT id_int(id) FROM t WHERE id IN ($1, $2) AND $3 ORDER BY 1', [4, 5.0, true], [['4'], ['5']]],
    [
      'SELECT id_text(memo), ?::DATE FROM t WHERE id = 3 AND ? IS NULL',
      ['2024-02-03', null],
      [['memo d', '2024-02-03']],
    ],
    ['SELECT id_double(?), id_ints(?)', [0.1, [1, 2]], [[0.1, ['1', '2']]]],
    ['SELECT TRY(id_int(id)) + ?, id_int(?) FROM t WHERE id = 1', [1, 2], [['2', '2']]],
  ] satisfies [string, Parameters, unknown[]][])('%s', async (sql, parameters, expected) => {
    expect(await rows(await planned(sql, parameters))).toEqual(expected)
  })

  test.each([
    ['SELECT id_int(?)', [], 'parameter $1 has no value\n  no parameters were given'],
    ['SELECT id_int($2)', [7], 'parameter $2 has no value\n  given were $1'],
    ['SELECT id_int($name)', { nam: 1, n: 2 }, 'parameter $name has no value\n  given were $nam, $n'],
  ] satisfies [string, Parameters, string][])('%s', async (sql, parameters, message) => {
    await expect(planned(sql, parameters)).rejects.toMatchObject({ code: 'SQL_INVALID', message })
  })
})

describe('mistakes show their place', () => {
  test.each([
    [
      "SELECT 'é', catalog_call(memo) FROM t",
      'CATALOG_CALL_INVALID',
      `catalog_call needs the name of the function first, as a string: catalog_call('name', …)
  LINE 1: SELECT 'é', catalog_call(memo) FROM t
                      ^`,
    ],
    [
      'SELECT k,\n  id_int(DISTINCT id)\nFROM t',
      'CATALOG_CALL_INVALID',
      `function 'id_int' is no aggregate: it takes no DISTINCT, ORDER BY or FILTER
  LINE 2:   id_int(DISTINCT id)
            ^`,
    ],
    [
      'SELECT id_int(id) OVER () FROM t',
      'CATALOG_CALL_INVALID',
      `function 'id_int' is no window function: it takes no OVER
  LINE 1: SELECT id_int(id) OVER () FROM t
                 ^`,
    ],
    [
      "SELECT catalog_call('id_inn', id) FROM t",
      'UNKNOWN_FUNCTION',
      `unknown catalog function 'id_inn': did you mean 'id_int' or 'id_ints'?
  LINE 1: SELECT catalog_call('id_inn', id) FROM t
                 ^`,
    ],
    [
      'SELECT 1 FROM t WHERE add_up(id) = 3',
      'WRONG_ARGUMENTS',
      `function 'add_up' takes 2 arguments, got 1
  LINE 1: SELECT 1 FROM t WHERE add_up(id) = 3
                                ^
  add_up(left BIGINT, right BIGINT) → BIGINT`,
    ],
    [
      'SELECT add_up(id, left => k, right => k) FROM t',
      'WRONG_ARGUMENTS',
      `function 'add_up' got argument 'left' twice
  LINE 1: SELECT add_up(id, left => k, right => k) FROM t
                 ^
  add_up(left BIGINT, right BIGINT) → BIGINT`,
    ],
    [
      'SELECT id_int(nope) FROM t',
      'SQL_INVALID',
      `Binder Error: Referenced column "nope" not found in FROM clause!
Candidate bindings: "score", "even"
  LINE 1: SELECT id_int(nope) FROM t
                        ^`,
    ],
    [
      "SELECT 'é', id_int(id FROM t",
      'SQL_INVALID',
      `syntax error at or near "FROM"
  LINE 1: SELECT 'é', id_int(id FROM t
                                ^`,
    ],
    [
      'SELECT id_int(id) FROM tt',
      'SQL_INVALID',
      `Catalog Error: Table with name tt does not exist!
Did you mean "t"?
  LINE 1: SELECT id_int(id) FROM tt
                                 ^`,
    ],
    [
      'SELECT id_int(id) FROM t ORDER BY 3',
      'SQL_INVALID',
      'Binder Error: ORDER term out of range - should be between 1 and 1',
    ],
  ])('%s', async (sql, code, message) => {
    await expect(planned(sql)).rejects.toMatchObject({ code, message })
  })
})

describe('DuckDB is never trusted blindly', () => {
  test('a text that reads otherwise than it was meant keeps the whole query in place', async () => {
    const binder: Binder = {
      ...database.binder,
      deserialize: async (trees) =>
        (await database.binder.deserialize(trees)).map((text) => text.replace('+ 1', '+ 2')),
    }
    const plan = await planned('SELECT id_int(id) + 1 FROM t WHERE id < 2', [], binder)
    expect(plan.inPlaceCalls.map(({ reason }) => reason)).toEqual([
      'DuckDB does not print this part as it was written',
    ])
    expect(await rows(plan)).toEqual([['1'], ['2']])
  })

  test('the functions that take lambdas are those that DuckDB lists', async () => {
    const listed = await database.connection.runAndReadAll(
      "SELECT DISTINCT function_name FROM duckdb_functions() WHERE list_contains(parameter_types, 'LAMBDA')",
    )
    expect(new Set(listed.getRows().map(([name]) => name))).toEqual(lambdaFunctions)
  })
})
