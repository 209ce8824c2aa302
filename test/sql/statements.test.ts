import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { classifyStatement } from '../../sql/classify.ts'
import { splitStatements } from '../../sql/statements.ts'
import { openTestDatabase, type TestDatabase } from './duckdbBinder.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database.close())

describe('a text is split into its statements', () => {
  test.each([
    ['', []],
    [' ;; -- nothing\n ; /* ; */', []],
    ['SELECT 1', ['SELECT 1']],
    [';SELECT 1;;\n SELECT 2 ;', ['SELECT 1', 'SELECT 2']],
    [
      "SELECT ';'; /* ; /* ; */ ; */ SELECT $$;$$; SELECT $a$;$$;$a$",
      ["SELECT ';'", 'SELECT $$;$$', 'SELECT $a$;$$;$a$'],
    ],
    [
      "SELECT E'a\\';b'; SELECT 'a\\'; SELECT \"a;b\" FROM (SELECT 1 AS \"a;b\")",
      ["SELECT E'a\\';b'", "SELECT 'a\\'", 'SELECT "a;b" FROM (SELECT 1 AS "a;b")'],
    ],
    ['SELECT 1 -- a ; b\n; SELECT 2 -- c', ['SELECT 1', 'SELECT 2']],
    ["SELECT 'é;😀'; SELECT\u30002", ["SELECT 'é;😀'", 'SELECT\u30002']],
    ['PIVOT t ON k USING sum(id); SELECT 1', ['PIVOT t ON k USING sum(id)', 'SELECT 1']],
    [
      'BEGIN; CREATE TEMP TABLE x AS SELECT 1; COMMIT',
      ['BEGIN', 'CREATE TEMP TABLE x AS SELECT 1', 'COMMIT'],
    ],
    ['SELECT 1 /* a */ + /* b */ 2 /* c */', ['SELECT 1 /* a */ + /* b */ 2']],
  ])('%s', async (text, expected) => {
    const statements = await splitStatements(text, database.binder)
    expect(statements.map((statement) => statement.text)).toEqual(expected)
    for (const { text: own, offset } of statements) expect(text.slice(offset, offset + own.length)).toBe(own)
  })

  test('and one that DuckDB cannot parse is refused', async () => {
    await expect(splitStatements('SELECT 1; SELEC 2', database.binder)).rejects.toMatchObject({
      code: 'SQL_INVALID',
    })
  })
})

/** The shape of a statement with the texts in place of the ranges. */
function shapeOf(text: string): readonly unknown[] {
  const shape = classifyStatement(text)
  if ('query' in shape) return [shape.kind, text.slice(shape.query.start, shape.query.end)]
  if (shape.kind === 'explain')
    return [shape.kind, shape.analyze, text.slice(shape.inner.start, shape.inner.end)]
  return [shape.kind]
}

test.each([
  ['SELECT 1', ['select']],
  ['from t', ['select']],
  ['VALUES (1)', ['select']],
  ['(SELECT 1) UNION SELECT 2', ['select']],
  ['TABLE t', ['select']],
  ['WITH a AS (SELECT 1), b(x) AS NOT MATERIALIZED (SELECT 2) SELECT * FROM a', ['select']],
  ['WITH RECURSIVE a(k, n) USING KEY (k) AS (SELECT 1, 1) FROM a', ['select']],
  ['WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a', ['other']],
  ['WITH a AS (SELECT 1) DELETE FROM t', ['other']],
  ['explain SELECT 1', ['explain', false, 'SELECT 1']],
  ['EXPLAIN ANALYZE SELECT 1', ['explain', true, 'SELECT 1']],
  ['EXPLAIN (ANALYZE, FORMAT json) SELECT 1', ['explain', true, 'SELECT 1']],
  ['EXPLAIN (SELECT 1)', ['explain', false, '(SELECT 1)']],
  ["COPY (SELECT (1)) TO 'a.parquet' (FORMAT parquet)", ['copyTo', 'SELECT (1)']],
  ["COPY t TO 'a.parquet'", ['other']],
  ["COPY t (a) FROM 'a.csv'", ['other']],
  ['CREATE TABLE a AS SELECT 1', ['createTableAs', 'SELECT 1']],
  [
    'CREATE OR REPLACE TEMP TABLE s.a (x, y) AS (SELECT 1, 2) WITH NO DATA',
    ['createTableAs', '(SELECT 1, 2)'],
  ],
  ['CREATE TABLE IF NOT EXISTS a AS FROM t WITH DATA', ['createTableAs', 'FROM t']],
  ['CREATE TABLE a (x INTEGER, y VARCHAR DEFAULT (1))', ['other']],
  ['CREATE VIEW a AS SELECT 1', ['createView']],
  ['CREATE MACRO m(x) AS TABLE SELECT x', ['other']],
  ['INSERT INTO t SELECT 1', ['insertSelect', 'SELECT 1']],
  ['INSERT OR REPLACE INTO a.b.t AS x (p, "q r") BY POSITION FROM t', ['insertSelect', 'FROM t']],
  ['INSERT INTO t BY NAME (SELECT 1 AS a)', ['insertSelect', '(SELECT 1 AS a)']],
  ['INSERT INTO t (SELECT 1)', ['insertSelect', '(SELECT 1)']],
  [
    'INSERT INTO t WITH a AS (SELECT 1) SELECT * FROM a',
    ['insertSelect', 'WITH a AS (SELECT 1) SELECT * FROM a'],
  ],
  ['INSERT INTO t VALUES (1)', ['other']],
  ['INSERT INTO t DEFAULT VALUES', ['other']],
  ['INSERT INTO t SELECT 1 RETURNING a', ['other']],
  ['INSERT INTO t SELECT 1 ON CONFLICT DO NOTHING', ['other']],
  ['UPDATE t SET a = 1', ['other']],
  ['SET threads = 1', ['other']],
])('what %s is', (text, expected) => {
  expect(shapeOf(text)).toEqual(expected)
})
