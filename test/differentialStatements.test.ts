import { Session } from 'callplane'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { rewriteCalls } from '../sql/calls.ts'
import { PlainDuckDB, sessionAnswer } from './plainDuckdb.ts'
import { routes, temporaryDirectory } from './sessions.ts'
import { identities, macros, tables } from './sql/duckdbBinder.ts'

type Parameters = readonly (string | number | null)[]
type Statement = string | readonly [text: string, parameters: Parameters]

/** Statements that change something, and after them the query that shows what has become of it. */
const scripts: Readonly<Record<string, readonly Statement[]>> = {
  'INSERT … SELECT': [
    'INSERT INTO u SELECT id_int(id) + 100, id_int(k), id_text(memo) FROM t WHERE id_bool(even)',
    'INSERT INTO u BY NAME SELECT id_text(memo) AS label, id_int(id) AS id FROM t WHERE id = 3',
    "INSERT INTO u (label, id) WITH e AS (SELECT id FROM v) SELECT id_text('x' || id), id FROM e ORDER BY id_int(id) LIMIT 2",
    'FROM u ORDER BY ALL',
  ],
  'INSERT … VALUES, RETURNING, ON CONFLICT': [
    "CREATE TABLE p (id BIGINT PRIMARY KEY, label VARCHAR DEFAULT 'none')",
    "INSERT INTO p VALUES (id_int(1), id_text('a')), (id_int(1) + 1, DEFAULT)",
    "INSERT INTO p SELECT id_int(id), 'new' FROM u WHERE id < 5 ON CONFLICT DO UPDATE SET label = id_text(excluded.label || label)",
    "INSERT INTO p SELECT 50, id_text('z') RETURNING id_int(id) AS i, label",
    'FROM p ORDER BY ALL',
  ],
  UPDATE: [
    "UPDATE t SET memo = id_text(memo || '!'), amount = id_int(id) * 2 WHERE id_bool(even) AND k > 1",
    'UPDATE t SET amount = id_int(u.k) FROM u WHERE u.id = t.id AND id_int(u.id) > 2',
    'UPDATE t SET k = id_int(k) + 1 WHERE id IN (SELECT id_int(id) FROM v) RETURNING id, id_int(k) AS j',
    'FROM t ORDER BY id',
  ],
  DELETE: [
    'DELETE FROM t WHERE id_int(k) = 2',
    'DELETE FROM t USING u WHERE t.id = u.id AND id_bool(t.even)',
    'DELETE FROM t WHERE id_int(id) > 20 RETURNING id_text(memo) AS m',
    'FROM t ORDER BY id',
  ],
  MERGE: [
    `MERGE INTO u USING (SELECT id_int(id) AS id, id_text(memo) AS m FROM t WHERE id BETWEEN 5 AND 12) s ON u.id = s.id
     WHEN MATCHED AND id_int(u.k) = 0 THEN DELETE WHEN MATCHED THEN UPDATE SET label = id_text(s.m)
     WHEN NOT MATCHED THEN INSERT VALUES (s.id, id_int(-1), s.m)`,
    'FROM u ORDER BY ALL',
  ],
  'CREATE TABLE AS': [
    'CREATE TABLE c AS SELECT id_int(id) AS i, id_text(memo) FROM t WHERE id_int(k) < 3',
    'CREATE OR REPLACE TABLE c AS SELECT *, id_double(i / 2) AS half FROM c',
    'CREATE TABLE empty AS SELECT id_int(id) AS i, id_struct(st) AS s FROM t WHERE false',
    'CREATE TABLE d (a, b) AS SELECT id_int(1), id_text(NULL) WITH DATA',
    'SELECT * FROM c, d ORDER BY ALL',
    'FROM empty',
  ],
  COPY: [
    "COPY (SELECT id_int(id) AS i, id_text(memo) AS m, id_ints(xs) AS xs, id_struct(st) AS st FROM t) TO 'FOLDER/c.parquet'",
    "COPY (SELECT id_int(id) AS i, id_text(memo) AS m FROM t ORDER BY id DESC) TO 'FOLDER/c.csv' (HEADER, DELIMITER ';')",
    "COPY (SELECT id_int(id) AS i, k FROM t) TO 'FOLDER/parts' (FORMAT parquet, PARTITION_BY (k))",
    "FROM 'FOLDER/c.parquet'",
    "FROM read_csv('FOLDER/c.csv', delim = ';')",
    "SELECT id_int(i), k FROM 'FOLDER/parts/**/*.parquet' ORDER BY i",
  ],
  PIVOT: [
    'PIVOT (SELECT k, even, id_int(id) AS id FROM t) ON even USING sum(id) ORDER BY k',
    'PIVOT t ON even USING sum(id_int(id)), max(id_text(memo)) GROUP BY k ORDER BY k',
    'UNPIVOT (SELECT id, id_int(k) AS a, id_int(id) AS b FROM u) ON a, b ORDER BY ALL',
  ],
  'views and macros': [
    'CREATE VIEW calls AS SELECT id, id_text(memo) AS m FROM t WHERE id_int(k) > 1',
    'CREATE VIEW above AS SELECT id_int(id) AS i, m FROM calls',
    'SELECT id_text(m), i FROM above ORDER BY i LIMIT 5',
    'CREATE MACRO thrice(x) AS id_int(x) * 3',
    'SELECT thrice(id_int(id)), id_int(thrice(k)) FROM t ORDER BY id',
    'CREATE MACRO largest(n) AS TABLE SELECT id_int(id) AS i FROM t ORDER BY id DESC LIMIT n',
    'SELECT i, id_int(i) FROM largest(3) ORDER BY 1',
    'CREATE OR REPLACE MACRO thrice(x) AS id_int(x) + 3',
    'SELECT thrice(id) FROM t ORDER BY id',
  ],
  parameters: [
    ['SELECT id_int(id + $1) AS i, id_text($2) AS s FROM t WHERE id_int(k) = $1 ORDER BY id', [2, "it's"]],
    ['SELECT id_text(?) AS s, id_int(?) AS i, id_int(id) FROM t ORDER BY id LIMIT ?', [null, -7, 3]],
    ['UPDATE t SET memo = id_text($2) WHERE id_int(id) = $1', [4, 'four']],
    ['INSERT INTO u SELECT id_int(?), 0, id_text(?)', [77, '?']],
    ['SELECT memo, (SELECT label FROM u WHERE id = id_int($1)) AS label FROM t WHERE id = $2', [77, 4]],
  ],
  'transactions and temporary tables': [
    'BEGIN',
    'CREATE TEMP TABLE temp1 AS SELECT id_int(id) AS i FROM t WHERE id < 6',
    'INSERT INTO temp1 SELECT id_int(i) + 10 FROM temp1',
    'DELETE FROM t WHERE id_bool(even)',
    'SELECT id_int(i), (SELECT count(*) FROM t) FROM temp1 ORDER BY i',
    'ROLLBACK',
    'SELECT count(*), sum(id_int(id)) FROM t',
  ],
  'calls with options, or tried, within expressions': [
    'SELECT list_transform(xs, x -> id_int(x, options => {retries: 1})) AS a, list_transform(xs, x -> id_int(x)) AS b FROM t ORDER BY id',
    "SELECT list_transform(xs, x -> try_catalog_call('id_int', x)) AS l FROM t ORDER BY id",
    'SELECT id, (SELECT max(id_int(u.id, options => {dedupe: true})) FROM u WHERE u.k = t.k) AS m FROM t ORDER BY id',
    "SELECT TRY(id_int(id, options => {timeout: 9000})) AS a, TRY(try_catalog_call('id_text', memo).value) AS b FROM t ORDER BY id",
    "SELECT t.id, u.id FROM t LEFT JOIN u ON id_int(t.k, options => {retries: 1}) = u.k + try_catalog_call('id_int', 0).value ORDER BY ALL",
    "SELECT * FROM (VALUES (id_int(3, options => {batch_size: 2}), try_catalog_call('id_text', 'x'))) v(a, b)",
  ],
  'calls with options, or tried, in statements': [
    "UPDATE t SET memo = id_text(memo || '!', options => {retries: 1}), amount = id_int(id, options => {batch_size: 3}) WHERE id_bool(even)",
    "UPDATE t SET k = try_catalog_call('id_int', k + 1).value WHERE try_catalog_call('id_int', id).error IS NULL RETURNING id, k",
    "INSERT INTO u VALUES (id_int(7, options => {retries: 1}) + id_int(1), 0, try_catalog_call('id_text', 'x').value)",
    'DELETE FROM u WHERE id_int(id, options => {dedupe: true}) IN (SELECT id_int(id, options => {retries: 1}) FROM v)',
    'PIVOT t ON even USING sum(id_int(id, options => {concurrency: 2})) GROUP BY k ORDER BY k',
    "CREATE VIEW tried AS SELECT id, try_catalog_call('id_text', memo) AS m, id_int(k, options => {retries: 1}) AS i FROM t",
    'SELECT id, m.value, i FROM tried WHERE m.error IS NULL ORDER BY id',
    'FROM t, u ORDER BY ALL',
  ],
  'calls with options, or tried, in places of their own': [
    "SELECT id_int(id, options => {retries: 1}) AS i, try_catalog_call('id_text', memo) AS m FROM t ORDER BY id_int(id)",
    "SELECT k, count(*), sum(try_catalog_call('id_int', id).value) AS s FROM t WHERE id_int(k, options => {batch_size: 2}) > 1 GROUP BY k ORDER BY k",
    "INSERT INTO u SELECT id_int(id, options => {on_error: 'null'}) + 100, try_catalog_call('id_int', k).value, memo FROM t",
    'FROM u ORDER BY ALL',
  ],
  'prepared statements': [
    'PREPARE q AS SELECT id_int(id) + $1, id_text(memo) FROM t WHERE id_int(k) = $2 ORDER BY id',
    'EXECUTE q(100, 1)',
    'EXECUTE q(0, 3)',
  ],
}

const changing = tables.replaceAll('CREATE ', 'CREATE OR REPLACE ')

describe.each([...routes, null])('on the route %s', (route) => {
  let plain: PlainDuckDB
  let session: Session
  beforeAll(async () => {
    plain = await PlainDuckDB.open(macros)
    session = await Session.open({
      functions: ['test/fixtures/identities/functions.ts'],
      settings: { route },
    })
  })
  afterAll(async () => {
    plain.close()
    await session.close()
  })

  test.each(Object.keys(scripts))('%s', async (what) => {
    if (route === 'fused' && what.endsWith('of their own')) return
    await session.sql(changing)
    await plain.run(changing)
    const [ours, theirs] = [await temporaryDirectory(), await temporaryDirectory()]
    for (const statement of scripts[what]!) {
      const [text, parameters] = typeof statement === 'string' ? [statement, []] : statement
      const alone = rewriteCalls(text.replaceAll('FOLDER', theirs), identities).text
      const expected = await plain.answer(alone, parameters)
      const actual = await sessionAnswer(session, text.replaceAll('FOLDER', ours), parameters)
      expect({ text, ...actual }).toEqual({ text, ...expected })
    }
  })
})
