import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type PlannedStatement, planStatement } from '../../sql/planStatement.ts'
import { quoteIdentifier } from '../../src/expr/render.ts'
import { renderPlan } from '../../src/plan/render.ts'
import { identities, openTestDatabase, type TestDatabase } from './duckdbBinder.ts'

let database: TestDatabase
let folder: string
beforeAll(async () => {
  database = await openTestDatabase()
  folder = mkdtempSync(join(tmpdir(), 'callplane-sql-'))
})
afterAll(() => {
  database.close()
  rmSync(folder, { recursive: true })
})

async function planned(text: string): Promise<PlannedStatement> {
  return planStatement(text, { binder: database.binder, catalog: identities })
}

/** The text by which DuckDB alone can carry out a planned statement. */
function textOf(statement: PlannedStatement): string {
  if (statement.kind === 'text' || statement.kind === 'explain') return statement.text
  const { plan, names } = statement.query
  if (statement.kind === 'select') return renderPlan(plan)
  const aliases = names.map(quoteIdentifier).join(', ')
  return `${statement.prefix}SELECT * FROM (${renderPlan(plan)}) AS planned(${aliases})${statement.suffix}`
}

async function rows(sql: string): Promise<readonly unknown[]> {
  return (await database.connection.runAndReadAll(sql)).getRowsJson()
}

describe('statements around a SELECT', () => {
  test.each([
    [
      "COPY (SELECT id, catalog_call('id_text', memo) AS m FROM t WHERE id < 3) TO 'FILE' (FORMAT csv, HEADER)",
      'copyTo',
      "SELECT * FROM read_csv('FILE')",
      [
        ['0', 'memo a'],
        ['1', 'memo b'],
        ['2', 'memo c'],
      ],
    ],
    [
      'CREATE OR REPLACE TEMP TABLE made AS SELECT id_int(id) AS i, id_int(k) FROM t WHERE id_bool(even) AND id < 5',
      'createTableAs',
      'SELECT i, "id_int(k)" FROM made',
      [
        ['0', '0'],
        ['2', '4'],
        ['4', '3'],
      ],
    ],
    [
      'CREATE OR REPLACE TABLE empty_one AS (SELECT id_int(id) AS i FROM t) WITH NO DATA',
      'createTableAs',
      'SELECT count(i) FROM empty_one',
      [['0']],
    ],
    [
      'INSERT INTO target BY NAME SELECT id_text(memo) AS label, id_int(id) AS id FROM t WHERE id = 7',
      'insertSelect',
      'SELECT id, label FROM target WHERE id = 7',
      [['7', 'memo b']],
    ],
    [
      'INSERT INTO target (label) (SELECT id_text(memo) FROM t WHERE id = 9)',
      'insertSelect',
      'SELECT id, label FROM target WHERE id IS NULL',
      [[null, 'memo d']],
    ],
  ])('%s', async (text, kind, check, expected) => {
    await database.connection.run('CREATE TABLE IF NOT EXISTS target (id BIGINT, label VARCHAR)')
    const file = join(folder, 'out.csv')
    const statement = await planned(text.replace('FILE', file))
    expect(statement.kind).toBe(kind)
    await database.connection.run(textOf(statement))
    expect(await rows(check.replace('FILE', file))).toEqual(expected)
  })
})

describe('statements that stay text', () => {
  test.each([
    ["UPDATE w SET label = catalog_call('id_text', label || '!') WHERE id = id_int(3)", [['3', 'label 3!']]],
    ['DELETE FROM w WHERE id_int(id) <> 4', [['4', 'label 4']]],
    [
      "MERGE INTO w USING u ON w.id = id_int(u.id) WHEN MATCHED AND u.id = 5 THEN UPDATE SET label = id_text('five')",
      [['5', 'five']],
    ],
    ["INSERT INTO w VALUES (id_int(77), id_text('new'))", [['77', 'new']]],
    ["INSERT INTO w SELECT id_int(78), 'returned' RETURNING id", [['78', 'returned']]],
  ])('%s', async (text, expected) => {
    await database.connection.run('CREATE OR REPLACE TABLE w AS SELECT id, label FROM u')
    const statement = await planned(text)
    expect(statement.kind).toBe('text')
    await database.connection.run(textOf(statement))
    const changed = await rows(`SELECT id, label FROM w EXCEPT SELECT id, label FROM u ORDER BY ALL`)
    const left = await rows('SELECT id, label FROM w')
    expect(left.length === 1 ? left : changed).toEqual(expected)
  })

  test.each([
    ['PIVOT (SELECT k, even, id FROM t WHERE id < 4) ON even USING sum(id_int(id)) ORDER BY k', 4],
    ['CREATE OR REPLACE VIEW seen AS SELECT id_text(memo) AS m FROM t; ', 0],
    ['CREATE OR REPLACE MACRO shouted(x) AS upper(id_text(x))', 0],
    ['SUMMARIZE SELECT id_int(id) FROM t', 1],
    ['DESCRIBE SELECT id_int(id) FROM t', 1],
    ["COPY (SELECT TRY(id_int(id)) FROM t) TO '/dev/null' (FORMAT csv)", 1],
    ['SELECT 1', 1],
    ['SET threads = 1', 0],
  ])('%s', async (text, expected) => {
    const statement = await planned(text.replace(/; $/, ''))
    expect(statement.kind).toBe('text')
    expect((await rows(textOf(statement))).length).toBe(expected)
  })

  test('name the calls that DuckDB makes', async () => {
    expect(await planned('UPDATE t SET k = add_up(1, "right" => id_int(k))')).toEqual({
      kind: 'text',
      text: 'UPDATE t SET k = "add_up"(1, "id_int"(k))',
      calls: [
        { function: 'add_up', options: null, outcome: 'value', position: 17 },
        { function: 'id_int', options: null, outcome: 'value', position: 38 },
      ],
    })
  })
})

describe('EXPLAIN', () => {
  test('holds the statement that it explains', async () => {
    const statement = await planned('EXPLAIN ANALYZE SELECT id_int(id) FROM t')
    expect(statement).toMatchObject({
      kind: 'explain',
      analyze: true,
      text: 'EXPLAIN ANALYZE SELECT "id_int"(id) FROM t',
      statement: { kind: 'select', query: { names: ['id_int(id)'], inPlaceCalls: [] } },
    })
  })

  test('counts positions from its own start', async () => {
    await expect(planned("EXPLAIN COPY (SELECT catalog_call('id_txet', 1)) TO 'x'")).rejects.toMatchObject({
      message: `unknown catalog function 'id_txet': did you mean 'id_text'?
  LINE 1: EXPLAIN COPY (SELECT catalog_call('id_txet', 1)) TO 'x'
                               ^`,
      details: { position: 21 },
    })
  })
})
