import { _, DataFrame, F, Session } from 'callplane'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { rewriteCalls } from '../sql/calls.ts'
import { PlainDuckDB, resultAnswer, unordered } from './plainDuckdb.ts'
import { identities, macros, tables } from './sql/duckdbBinder.ts'

let plain: PlainDuckDB
let session: Session
beforeAll(async () => {
  plain = await PlainDuckDB.open(macros + tables)
  session = await Session.open({ functions: ['test/fixtures/identities/functions.ts'] })
  await session.sql(tables)
})
afterAll(async () => {
  plain.close()
  await session.close()
})

const call = F.catalogCall
const table = (name: string): DataFrame => DataFrame.table(name, session.runner)

/** A DataFrame, and the SQL that somebody would write for it. */
const pairs: Readonly<Record<string, readonly [frame: () => DataFrame<object>, sql: string]>> = {
  project: [
    () =>
      table('t').project({ id: _.id, m: call('id_text', _.memo).upper(), n: call('id_int', _.k.plus(1)) }),
    'SELECT id, upper(id_text(memo)) AS m, id_int(k + 1) AS n FROM t',
  ],
  withColumns: [
    () => table('u').withColumns({ label: call('id_text', _.label), twice: call('add_up', _.id, _.id) }),
    'SELECT * REPLACE (id_text(label) AS label), add_up(id, id) AS twice FROM u',
  ],
  'calls of calls': [
    () => table('u').project({ x: call('id_int', call('add_up', call('id_int', _.id), _.k)) }),
    'SELECT id_int(add_up(id_int(id), k)) AS x FROM u',
  ],
  'literals and names with dots': [
    () =>
      table('u').project({
        a: call('text.shout', 'über'),
        b: call('add_up', _.id, 2n),
        c: call('id_text', null),
      }),
    "SELECT text.shout('über') AS a, add_up(id, 2) AS b, id_text(NULL) AS c FROM u",
  ],
  'structs and lists': [
    () =>
      table('t').project({
        a: call('id_struct', _.st).field('a'),
        s: call('id_struct', _.st),
        x: call('id_ints', _.xs).at(0),
      }),
    'SELECT id_struct(st).a AS a, id_struct(st) AS s, id_ints(xs)[1] AS x FROM t',
  ],
  filter: [
    () => table('t').filter(call('id_int', _.k).eq(2), _.id.gt(5)).select('id', 'memo'),
    'SELECT id, memo FROM t WHERE id_int(k) = 2 AND id > 5',
  ],
  'filters with or': [
    () =>
      table('t')
        .filter(call('id_bool', _.even).or(call('id_int', _.id).lt(4)))
        .project({ id: call('id_int', _.id) }),
    'SELECT id_int(id) AS id FROM t WHERE id_bool(even) OR id_int(id) < 4',
  ],
  'a filter over a computed column': [
    () =>
      table('t')
        .project({ i: call('id_int', _.id), m: _.memo })
        .filter(_.i.gt(20)),
    'SELECT * FROM (SELECT id_int(id) AS i, memo AS m FROM t) WHERE i > 20',
  ],
  'when and otherwise': [
    () =>
      table('t').project({
        id: _.id,
        x: F.when(call('id_bool', _.even))
          .then(call('id_int', _.id))
          .when(_.k.eq(1))
          .then(-1)
          .otherwise(call('id_int', _.k)),
      }),
    'SELECT id, CASE WHEN id_bool(even) THEN id_int(id) WHEN k = 1 THEN -1 ELSE id_int(k) END AS x FROM t',
  ],
  'coalesce and nulls': [
    () =>
      table('t').project({
        id: _.id,
        a: F.coalesce(_.amount, call('id_int', _.id)),
        n: call('id_int', _.amount).isNull(),
      }),
    'SELECT id, coalesce(amount, id_int(id)) AS a, id_int(amount) IS NULL AS n FROM t',
  ],
  'groups by a call': [
    () =>
      table('t')
        .groupBy({ kk: call('id_int', _.k) })
        .agg({ n: F.count(), total: F.sum(call('id_int', _.amount)) }),
    'SELECT id_int(k) AS kk, count(*) AS n, sum(id_int(amount)) AS total FROM t GROUP BY kk',
  ],
  'calls over aggregates': [
    () =>
      table('t')
        .groupBy('k')
        .agg({ last: call('id_text', F.max(_.memo)), n: call('id_int', F.count()) })
        .filter(call('id_int', _.n).gt(4)),
    'SELECT k, id_text(max(memo)) AS last, id_int(count(*)) AS n FROM t GROUP BY k HAVING id_int(n) > 4',
  ],
  'aggregates of some rows, in an order': [
    () =>
      table('t').agg({
        even: F.sum(call('id_int', _.id)).filterWhere(call('id_bool', _.even)),
        memos: F.list(call('id_text', _.memo)).orderedBy(call('id_int', _.id).desc()),
        kinds: F.countDistinct(call('id_int', _.k)),
      }),
    `SELECT sum(id_int(id)) FILTER (WHERE id_bool(even)) AS even, list(id_text(memo) ORDER BY id_int(id) DESC) AS memos,
     count(DISTINCT id_int(k)) AS kinds FROM t`,
  ],
  'inner join': [
    () =>
      table('t')
        .project({ id: _.id, m: call('id_text', _.memo) })
        .join(table('u'), { on: 'id' })
        .withColumns({ l: call('id_text', _.label) }),
    'SELECT *, id_text(label) AS l FROM (SELECT id, id_text(memo) AS m FROM t) JOIN u USING (id)',
  ],
  'left join with a call in the filter after it': [
    () =>
      table('t')
        .select('id', 'memo')
        .join(table('u'), { on: 'id', how: 'left' })
        .filter(call('id_int', _.k).eq(1)),
    'SELECT * FROM (SELECT id, memo FROM t) LEFT JOIN u USING (id) WHERE id_int(k) = 1',
  ],
  'full join': [
    () =>
      table('u')
        .join(table('v'), { on: 'id', how: 'full' })
        .project({ id: call('id_int', _.id), t: call('id_int', _.twice) }),
    'SELECT id_int(id) AS id, id_int(twice) AS t FROM u FULL JOIN v USING (id)',
  ],
  'semi join and anti join': [
    () =>
      table('t')
        .join(table('u').filter(call('id_int', _.k).gt(0)), { on: 'id', how: 'semi' })
        .join(table('v').project({ id: call('id_int', _.id) }), { on: 'id', how: 'anti' })
        .project({ id: _.id, m: call('id_text', _.memo) }),
    `SELECT id, id_text(memo) AS m FROM (FROM t SEMI JOIN (FROM u WHERE id_int(k) > 0) USING (id))
     ANTI JOIN (SELECT id_int(id) AS id FROM v) USING (id)`,
  ],
  'a join on a call': [
    () =>
      table('u')
        .join(table('v'), { leftOn: call('id_int', _.k.plus(3)), rightOn: _.id })
        .select('label', 'twice'),
    'SELECT label, twice FROM u JOIN v ON id_int(u.k + 3) = v.id',
  ],
  'asof join': [
    () =>
      table('t')
        .project({ id: call('id_int', _.id) })
        .join(table('v').select('twice'), {
          how: 'asof',
          condition: (left, right) => left.id.ge(right.twice),
        })
        .withColumns({ d: call('id_int', _.twice) }),
    'SELECT *, id_int(twice) AS d FROM (SELECT id_int(id) AS id FROM t) l ASOF JOIN (SELECT twice FROM v) r ON l.id >= r.twice',
  ],
  'a join with itself': [
    () => {
      const called = table('u').project({ id: call('id_int', _.id), k: _.k })
      return called.join(called, { on: 'k' })
    },
    'WITH c AS (SELECT id_int(id) AS id, k FROM u) SELECT l.id, l.k, r.id AS id_right FROM c l JOIN c r USING (k)',
  ],
  explode: [
    () =>
      table('t')
        .project({ id: _.id, x: call('id_ints', _.xs) })
        .explode('x')
        .filter(call('id_int', _.x).gt(20)),
    'SELECT * FROM (SELECT id, unnest(id_ints(xs)) AS x FROM t) WHERE id_int(x) > 20',
  ],
  window: [
    () =>
      table('t')
        .window(
          { n: F.rowNumber(), total: F.sum(call('id_int', _.id)) },
          { partitionBy: call('id_int', _.k), orderBy: _.id, frame: { rows: [-2, 0] } },
        )
        .select('id', 'n', 'total'),
    `SELECT id, row_number() OVER w AS n, sum(id_int(id)) OVER w AS total FROM t
     WINDOW w AS (PARTITION BY id_int(k) ORDER BY id ROWS BETWEEN 2 PRECEDING AND CURRENT ROW)`,
  ],
  'a call over a window': [
    () => table('t').project({ id: _.id, before: call('id_text', F.lag(_.memo).over({ orderBy: _.id })) }),
    'SELECT id, id_text(lag(memo) OVER (ORDER BY id)) AS before FROM t',
  ],
  'order and limit': [
    () =>
      table('t')
        .project({ id: _.id, m: call('id_text', _.memo) })
        .orderBy(call('id_int', _.id.modulo(5)).desc(), 'id')
        .limit(7, 2),
    'SELECT id, id_text(memo) AS m FROM t ORDER BY id_int(id % 5) DESC, id LIMIT 7 OFFSET 2',
  ],
  distinct: [
    () =>
      table('t')
        .project({ k: call('id_int', _.k), even: call('id_bool', _.even) })
        .distinct(),
    'SELECT DISTINCT id_int(k) AS k, id_bool(even) AS even FROM t',
  ],
  union: [
    () =>
      table('u')
        .project({ id: call('id_int', _.id), l: _.label })
        .union(table('t').project({ id: _.id, l: call('id_text', _.memo) }))
        .filter(_.id.gt(4)),
    'SELECT * FROM (SELECT id_int(id) AS id, label AS l FROM u UNION ALL SELECT id, id_text(memo) FROM t) WHERE id > 4',
  ],
  'SQL within': [
    () =>
      DataFrame.fromSql(
        'SELECT id, id_text(memo) AS m FROM t WHERE id_int(k) = $1',
        [3],
        session.runner,
      ).withColumns({ x: F.sql('id_int(id) + 1'), y: F.sql`catalog_call('id_text', ${_.m} || '!')` }),
    "SELECT id, id_text(memo) AS m, id_int(id) + 1 AS x, id_text(memo || '!') AS y FROM t WHERE id_int(k) = 3",
  ],
  'rows from JavaScript': [
    () =>
      DataFrame.fromRows(
        [
          { id: 1n, a: 'x' },
          { id: 3n, a: null },
        ],
        { id: 'BIGINT', a: 'VARCHAR' },
        session.runner,
      )
        .project({ id: _.id, a: call('id_text', _.a) })
        .join(table('u'), { on: 'id' }),
    "SELECT id, id_text(a) AS a, k, label FROM (VALUES (1::BIGINT, 'x'), (3, NULL)) r(id, a) JOIN u USING (id)",
  ],
}

test.each(Object.keys(pairs))('%s', async (what) => {
  const [frame, sql] = pairs[what]!
  const expected = await plain.answer(rewriteCalls(sql, identities).text)
  const actual = await resultAnswer(await frame().collect())
  const ordered = sql.includes('LIMIT')
  expect(ordered ? actual : unordered(actual)).toEqual(ordered ? expected : unordered(expected))
})
