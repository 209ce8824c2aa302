import { beforeAll, expect, test } from 'vitest'
import type { ColumnLike } from '../../dataframe/column.ts'
import { DataFrame } from '../../dataframe/dataFrame.ts'
import { F } from '../../dataframe/functions.ts'
import { exprOf } from '../../dataframe/operand.ts'
import { _ } from '../../dataframe/underscore.ts'
import { when } from '../../dataframe/when.ts'
import { formatExpr } from '../../src/expr/print.ts'
import { DuckDBRunner } from './duckdbRunner.ts'

let row: DataFrame

beforeAll(async () => {
  const runner = await DuckDBRunner.open()
  await runner.query(`CREATE TABLE one AS SELECT 7 AS n, -2.5::DOUBLE AS d, 9000000000 AS big, 'Ana  Müller ' AS memo,
    NULL::VARCHAR AS missing, true AS flag, TIMESTAMP '2024-02-29 13:45:10' AS ts, DATE '2024-03-05' AS later,
    [3, 1, NULL, 2] AS list, {'city': 'Bern', 'at': 5, 'inner': {'zip': 3000}} AS address, 'text' AS "odd ""name"`)
  row = DataFrame.table('one', runner)
})

const cases: readonly (readonly [ColumnLike, string, unknown])[] = [
  [_.n.plus(1), '(n + 1)', 8],
  [_.n.minus(_.d), '(n - d)', 9.5],
  [_.n.times(-3), '(n * (-3))', -21],
  [_.n.dividedBy(2), '(n / 2)', 3.5],
  [_.n.modulo(4), '(n % 4)', 3],
  [_.n.power(2), 'pow(n, 2)', 49],
  [_.n.negate(), '(- n)', -7],
  [_.d.abs(), 'abs(d)', 2.5],
  [_.d.round(), 'round(d, 0)', -3],
  [_.d.floor(), 'floor(d)', -3],
  [_.d.ceil(), 'ceil(d)', -2],
  [_.n.plus(0.5), '(n + 0.5e0)', 7.5],
  [_.big.plus(10n), '(big + 10)', 9000000010n],

  [_.n.eq(7), '(n = 7)', true],
  [_.n.ne(7), '(n <> 7)', false],
  [_.n.lt(_.d), '(n < d)', false],
  [_.n.le(7), '(n <= 7)', true],
  [_.n.gt(7), '(n > 7)', false],
  [_.n.ge(7), '(n >= 7)', true],
  [_.n.between(1, 7), '(n BETWEEN 1 AND 7)', true],
  [_.n.isIn([1, _.n]), '(n IN (1, n))', true],
  [_.n.isIn([]), 'false', false],
  [_.missing.isDistinctFrom(null), '(missing IS DISTINCT FROM NULL)', false],
  [_.missing.isNotDistinctFrom('a'), "(missing IS NOT DISTINCT FROM 'a')", false],
  [_.ts.gt(new Date('2024-01-01T00:00:00Z')), "(ts > TIMESTAMP '2024-01-01 00:00:00.000')", true],

  [_.flag.and(_.n.gt(1), true), '(flag AND (n > 1) AND true)', true],
  [_.flag.not().or(_.n.gt(100)), '((NOT flag) OR (n > 100))', false],
  [_.missing.isNull(), '(missing IS NULL)', true],
  [_.missing.isNotNull(), '(missing IS NOT NULL)', false],
  [_.missing.fillNull('none'), "coalesce(missing, 'none')", 'none'],
  [_.missing.coalesce(_.missing, _.memo), 'coalesce(missing, missing, memo)', 'Ana  Müller '],
  [_.n.nullIf(7), '"nullif"(n, 7)', null],

  [_.memo.upper(), 'upper(memo)', 'ANA  MÜLLER '],
  [_.memo.lower(), 'lower(memo)', 'ana  müller '],
  [_.memo.trim(), 'trim(memo)', 'Ana  Müller'],
  [_.memo.trimStart('An'), "ltrim(memo, 'An')", 'a  Müller '],
  [_.memo.trimEnd(), 'rtrim(memo)', 'Ana  Müller'],
  [_.memo.length(), 'length(memo)', 12n],
  [_.memo.contains('Mül'), "contains(memo, 'Mül')", true],
  [_.memo.startsWith('Ana'), "starts_with(memo, 'Ana')", true],
  [_.memo.endsWith('x'), "ends_with(memo, 'x')", false],
  [_.memo.like('A%r_'), "(memo LIKE 'A%r_')", true],
  [_.memo.ilike('ana%'), "(memo ILIKE 'ana%')", true],
  [_.memo.regexpMatches('M.l'), "regexp_matches(memo, 'M.l')", true],
  [_.memo.regexpExtract('(\\w)(\\w)a', 2), "regexp_extract(memo, '(\\w)(\\w)a', 2)", 'n'],
  [_.memo.regexpReplace('[aA]', '_', 'g'), "regexp_replace(memo, '[aA]', '_', 'g')", '_n_  Müller '],
  [_.memo.replace('n', 'N'), "replace(memo, 'n', 'N')", 'ANa  Müller '],
  [_.memo.substring(0, 3), 'substring(memo, 1, 3)', 'Ana'],
  [_.memo.substring(-4), 'substring(memo, (-4))', 'ler '],
  [_.memo.substring(_.n.minus(7), 2), 'substring(memo, ((n - 7) + CAST((n - 7) >= 0 AS INTEGER)), 2)', 'An'],
  [_.memo.split('  '), "string_split(memo, '  ')", ['Ana', 'Müller ']],
  [_.n.concat('-', _.missing, _.flag), "concat(n, '-', missing, flag)", '7-true'],
  [_.n.cast('VARCHAR').padStart(3, '0'), "lpad(CAST(n AS VARCHAR), 3, '0')", '007'],
  [_.n.cast('VARCHAR').padEnd(3), "rpad(CAST(n AS VARCHAR), 3, ' ')", '7  '],

  [_.ts.year(), 'year(ts)', 2024n],
  [_.ts.quarter(), 'quarter(ts)', 1n],
  [_.ts.month(), 'month(ts)', 2n],
  [_.ts.week(), 'week(ts)', 9n],
  [_.ts.day(), 'day(ts)', 29n],
  [_.ts.dayOfWeek(), 'dayofweek(ts)', 4n],
  [_.ts.dayOfYear(), 'dayofyear(ts)', 60n],
  [_.ts.hour(), 'hour(ts)', 13n],
  [_.ts.minute(), 'minute(ts)', 45n],
  [_.ts.second(), 'second(ts)', 10n],
  [_.ts.truncate('month'), "date_trunc('month', ts)", new Date('2024-02-01T00:00:00Z')],
  [
    _.ts.plusInterval({ months: 1, days: -1 }),
    "(ts + INTERVAL '1 months -1 days')",
    new Date('2024-03-28T13:45:10Z'),
  ],
  [_.later.minusInterval({ weeks: 1 }), "(later - INTERVAL '1 weeks')", new Date('2024-02-27T00:00:00Z')],
  [_.ts.until(_.later, 'day'), "date_diff('day', ts, later)", 5n],
  [_.ts.strftime('%d.%m.%Y'), "strftime(ts, '%d.%m.%Y')", '29.02.2024'],
  [F.lit('5/3/24').strptime('%d/%m/%y'), "strptime('5/3/24', '%d/%m/%y')", new Date('2024-03-05T00:00:00Z')],

  [_.list.listLength(), 'len(list)', 4n],
  [_.list.at(0), 'list_extract(list, 1)', 3],
  [_.list.at(-1), 'list_extract(list, (-1))', 2],
  [_.list.at(9), 'list_extract(list, 10)', null],
  [_.list.slice(1, 2), 'list_slice(list, 2, 3)', [1, null]],
  [_.list.slice(2), 'list_slice(list, 3, (-1))', [null, 2]],
  [_.list.slice(-3, 2), 'list_slice(list, (-3), (-2))', [1, null]],
  [_.list.slice(-2, 9), 'list_slice(list, (-2), (-1))', [null, 2]],
  [_.list.slice(1, 0), 'list_slice(list, 2, 1)', []],
  [_.list.listContains(1), 'list_contains(list, 1)', true],
  [_.list.join('-'), "array_to_string(list, '-')", '3-1-2'],
  [
    _.list.listTransform((item: ReturnType<typeof F.col>) => item.times(_.n)),
    'list_transform(list, lambda _x1: (_x1 * n))',
    [21, 7, null, 14],
  ],
  [
    _.list.listFilter((item: ReturnType<typeof F.col>) => item.gt(1)),
    'list_filter(list, lambda _x1: (_x1 > 1))',
    [3, 2],
  ],

  [_.address.field('city'), "struct_extract(address, 'city')", 'Bern'],
  [_.address.city, "struct_extract(address, 'city')", 'Bern'],
  [_.address.inner.zip.plus(1), "(struct_extract(struct_extract(address, 'inner'), 'zip') + 1)", 3001],
  [_.address.field('at'), "struct_extract(address, 'at')", 5],
  [_['odd "name'].upper(), 'upper("odd ""name")', 'TEXT'],
  [_.n.cast('decimal(5,2)').cast('VARCHAR'), 'CAST(CAST(n AS DECIMAL(5,2)) AS VARCHAR)', '7.00'],
  [_.memo.tryCast('INT'), 'TRY_CAST(memo AS INTEGER)', null],
  [_.memo.call('left', 3), 'left(memo, 3)', 'Ana'],

  [
    when(_.n.gt(5)).then('large').otherwise('small'),
    "CASE WHEN (n > 5) THEN 'large' ELSE 'small' END",
    'large',
  ],
  [F.when(_.n.gt(9)).then(1).when(_.flag).then(_.n), 'CASE WHEN (n > 9) THEN 1 WHEN flag THEN n END', 7],
  [F.lit('2024-02-29', 'DATE').year(), "year(CAST('2024-02-29' AS DATE))", 2024n],
  [F.lit([[1, 2.5], [null]]), '[[1, 2.5e0], [NULL]]', [[1, 2.5], [null]]],
  [F.struct({ a: _.n, "b's": [_.n, 1] }), "{'a': n, 'b''s': [n, 1]}", { a: 7, "b's": [7, 1] }],
  [F.coalesce(_.missing, 'x'), "coalesce(missing, 'x')", 'x'],
  [F.sql('n * 2'), '(n * 2)', 14],
  [F.sql`upper(${_.memo}) -- loud`, '(upper(memo) -- loud\n)', 'ANA  MÜLLER '],
  [F.sql`${_.n} + ${F.sql('n')}`, '(n + (n))', 14],
]

test.for(cases)('%s', async ([column, text, value]) => {
  expect(formatExpr(exprOf(column))).toBe(text)
  const [found] = await row.project({ found: column }).toRows()
  expect(found).toEqual({ found: value })
})
