import fc from 'fast-check'

type Sql = fc.Arbitrary<string>
type Kind = 'int' | 'text' | 'bool'

/** An expression of each kind, in which any part may be wrapped in an identity call. */
type Expressions = { readonly [K in Kind]: Sql }

const functions: Readonly<Record<Kind, string>> = { int: 'id_int', text: 'id_text', bool: 'id_bool' }

function wrapped(kind: Kind, sql: Sql): Sql {
  const call = functions[kind]
  const forms = [
    (text: string): string => text,
    (text: string): string => text,
    (text: string): string => `${call}(${text})`,
    (text: string): string => `catalog_call('${call}', ${text})`,
    (text: string): string => `${call.toUpperCase()}(value => ${text})`,
  ]
  return fc.tuple(fc.constantFrom(...forms), sql).map(([form, text]) => form(text))
}

const join = (...parts: readonly (string | Sql)[]): Sql =>
  fc
    .tuple(...parts.map((part) => (typeof part === 'string' ? fc.constant(part) : part)))
    .map((pieces) => pieces.join(''))

/** What an expression may name. */
type Leaves = { readonly [K in Kind]: readonly (string | Sql)[] }

function arbitrary(leaves: Leaves, depth = 2): Expressions {
  const leaf = (kind: Kind): Sql =>
    fc.oneof(...leaves[kind].map((option) => (typeof option === 'string' ? fc.constant(option) : option)))
  if (depth === 0) {
    return {
      int: wrapped('int', leaf('int')),
      text: wrapped('text', leaf('text')),
      bool: wrapped('bool', leaf('bool')),
    }
  }
  const { int: i, text: t, bool: b } = arbitrary(leaves, depth - 1)
  return {
    int: wrapped('int', fc.oneof(leaf('int'), ...ints(i, t, b))),
    text: wrapped('text', fc.oneof(leaf('text'), ...texts(i, t, b))),
    bool: wrapped('bool', fc.oneof(leaf('bool'), ...bools(i, t, b))),
  }
}

function ints(i: Sql, t: Sql, b: Sql): readonly Sql[] {
  return [
    join('(', i, ' + ', i, ')'),
    join('(', i, ' - ', i, ') % 7'),
    join('CASE WHEN ', b, ' THEN ', i, ' ELSE ', i, ' END'),
    join('CASE ', i, ' WHEN 1 THEN ', i, ' WHEN ', i, ' THEN 2 END'),
    join('coalesce(', i, ', ', i, ')'),
    join('nullif(', i, ', ', i, ')'),
    join('if(', b, ', ', i, ', ', i, ')'),
    join('length(', t, ')'),
    join('-(', i, ')'),
    join('list_sum(list_transform([', i, ', 2], x -> x + ', i, '))::BIGINT'),
    join('TRY(', i, ')'),
  ]
}

function texts(i: Sql, t: Sql, b: Sql): readonly Sql[] {
  return [
    join('(', t, ' || ', t, ')'),
    join('upper(', t, ')'),
    join('(', i, ')::VARCHAR'),
    join('CASE WHEN ', b, ' THEN ', t, ' END'),
  ]
}

function bools(i: Sql, t: Sql, b: Sql): readonly Sql[] {
  return [
    join('(', i, ' < ', i, ')'),
    join('(', i, ' = ', i, ' AND ', b, ')'),
    join('(', b, ' OR ', b, ' OR ', i, ' > 3)'),
    join('NOT ', b),
    join('(', i, ' IS NULL)'),
    join('(', i, ' IN (1, ', i, '))'),
    join('(', i, ' BETWEEN 1 AND ', i, ')'),
    join('(', t, " LIKE '%a')"),
    join('(', i, ' IN (SELECT id FROM u))'),
  ]
}

const rows = arbitrary({
  int: ['t.id', 't.k', 't.amount', '3', '(SELECT max(id) FROM v)', 't.st.a', 't.xs[1]'],
  text: ['t.memo', "'it''s'", 't.st.b'],
  bool: ['t.even', 'true', '(t.k = 2)'],
})

const groups = arbitrary(
  {
    int: [
      't.k',
      'count(*)',
      join('sum(', rows.int, ')::BIGINT'),
      join('max(', rows.int, ') FILTER (WHERE ', rows.bool, ')'),
    ],
    text: [join('min(', rows.text, ')'), "'x'"],
    bool: [join('bool_and(', rows.bool, ')'), '(count(*) > 4)'],
  },
  1,
)

const windows = arbitrary(
  {
    int: [
      't.k',
      join('sum(', rows.int, ') OVER (PARTITION BY ', rows.int, ' ORDER BY t.id)::BIGINT'),
      join('row_number() OVER (ORDER BY ', rows.int, ', t.id)'),
    ],
    text: [join('lag(', rows.text, ') OVER (ORDER BY t.id)'), 't.memo'],
    bool: ['t.even'],
  },
  1,
)

const from = fc.constantFrom(
  't',
  't JOIN u ON t.id = u.id',
  't LEFT JOIN v USING (id)',
  '(SELECT * REPLACE (id_text(memo) AS memo) FROM t) AS t',
  '(SELECT * FROM t WHERE id_int(k) < 4) AS t',
  "'FILE' AS t",
  "(SELECT * REPLACE (k + 1 AS k) FROM 'FILE' WHERE id > 2) AS t",
)

const optional = (keyword: string, sql: Sql): Sql => fc.oneof(fc.constant(''), join(` ${keyword} `, sql))

const anyOf = (of: Expressions): Sql => fc.oneof(of.int, of.text, of.bool)

const list = (item: Sql): Sql =>
  fc
    .array(item, { minLength: 1, maxLength: 3 })
    .map((items) => items.map((text, index) => `${text} AS c${index}`).join(', '))

const where = optional('WHERE', rows.bool)

/** SELECTs whose rows are certain: ties of their sorts are broken by the key. `FILE` stands for a parquet file of `t`. */
export const randomQuery: Sql = fc.oneof(
  join(
    'SELECT ',
    list(anyOf(rows)),
    ', t.id AS id0 FROM ',
    from,
    where,
    optional('ORDER BY', join('c0, id0 LIMIT 5')),
  ),
  join(
    'SELECT ',
    list(anyOf(rows)),
    ', t.id AS id0 FROM ',
    from,
    where,
    ' ORDER BY ',
    rows.int,
    ', t.id DESC LIMIT 4 OFFSET 1',
  ),
  join(
    'SELECT t.k AS k0, ',
    list(anyOf(groups)),
    ' FROM ',
    from,
    where,
    ' GROUP BY t.k',
    optional('HAVING', groups.bool),
  ),
  join('SELECT ', rows.int, ' AS key, count(*) AS n FROM ', from, where, ' GROUP BY key ORDER BY ALL'),
  join('SELECT ', list(anyOf(windows)), ' FROM ', from, where, optional('QUALIFY', windows.bool)),
  join('SELECT DISTINCT ', list(anyOf(rows)), ' FROM ', from, where),
  join(
    'WITH e AS (SELECT ',
    list(rows.int),
    ', t.id AS id0 FROM ',
    from,
    where,
    ') SELECT id_int(c0), id0 FROM e t WHERE ',
    'c0 > 1',
  ),
)
