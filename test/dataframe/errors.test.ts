import { beforeAll, expect, test } from 'vitest'
import * as z from 'zod'
import { DataFrame } from '../../dataframe/dataFrame.ts'
import { F } from '../../dataframe/functions.ts'
import { _, type UnknownColumns } from '../../dataframe/underscore.ts'
import { when } from '../../dataframe/when.ts'
import { EngineError } from '../../src/base/errors.ts'
import { DuckDBRunner } from './duckdbRunner.ts'

let runner: DuckDBRunner
let memos: DataFrame
let known: DataFrame

beforeAll(async () => {
  runner = await DuckDBRunner.open()
  await runner.query(`CREATE TABLE memos AS FROM (VALUES (1, 'Bern', 10.5, [1])) t(id, city, amount, tags)`)
  memos = DataFrame.table('memos', runner)
  known = memos.select('id', 'city', 'amount')
})

/** Code and message of what building throws. */
function failure(build: () => unknown): string {
  try {
    build()
  } catch (error) {
    if (error instanceof EngineError) return `${error.code} ${error.message}`
    throw error
  }
  return 'nothing was thrown'
}

/** Code and message of what an action rejects with. */
async function rejection(run: () => Promise<unknown>): Promise<string> {
  const error: unknown = await run().catch((thrown: unknown) => thrown)
  return error instanceof EngineError ? `${error.code} ${error.message}` : `no EngineError: ${String(error)}`
}

test('arguments of verbs', () => {
  // What a caller without types could write.
  const frame: UnknownColumns = memos
  const cases: readonly (readonly [() => unknown, string])[] = [
    [
      () => frame.project('amount'),
      'WRONG_ARGUMENTS project takes columns by name, got the text "amount"\n  project({ total: _.price.times(_.count) })',
    ],
    [
      () => frame.project([_.amount]),
      'WRONG_ARGUMENTS project takes columns by name, got a list\n  project({ total: _.price.times(_.count) })',
    ],
    [
      () => frame.project({ x: 'amount' }),
      'WRONG_ARGUMENTS project: x takes a column, got the text "amount"\n  write _.amount for the column of that name, F.lit(…) for the text',
    ],
    [
      () => frame.project({ x: 'odd name' }),
      'WRONG_ARGUMENTS project: x takes a column, got the text "odd name"\n  write _["odd name"] for the column of that name, F.lit(…) for the text',
    ],
    [
      () => frame.project({ x: 1 }),
      'WRONG_ARGUMENTS project: x takes a column, got 1\n  write F.lit(…) for a constant',
    ],
    [
      () => frame.project({ x: _.amount.isNull }),
      'WRONG_ARGUMENTS project: x takes columns and literals, got a function\n  a method of a column is called with (): _.memo.isNull()',
    ],
    [() => frame.project({}), 'PLAN_INVALID project needs at least one column'],
    [() => frame.project({ x: F.sum(_.amount) }), 'PLAN_INVALID project cannot hold an aggregate: x'],
    [
      () => frame.filter('amount > 5'),
      'WRONG_ARGUMENTS filter takes a condition, got the text "amount > 5"\n  write F.sql("amount > 5")',
    ],
    [
      () => frame.filter(_.amount === 5),
      'WRONG_ARGUMENTS filter takes a condition, got false\n  compare columns with their methods: _.amount.gt(100), _.city.eq(…)',
    ],
    [() => frame.filter(), 'WRONG_ARGUMENTS filter takes at least one condition'],
    [
      () => frame.filter(F.sum(_.amount).gt(1)),
      'PLAN_INVALID filter cannot hold an aggregate: the predicate',
    ],
    [
      () => frame.select(_.amount),
      'WRONG_ARGUMENTS select takes names of columns, got a column\n  write the name; project makes columns of expressions',
    ],
    [() => frame.select('id', 'ID'), "DUPLICATE_NAME select has two columns named 'ID'"],
    [() => frame.select(), 'PLAN_INVALID select needs at least one column'],
    [() => frame.rename({ id: 1 }), 'WRONG_ARGUMENTS rename takes names of columns, got 1'],
    [
      () => frame.groupBy(_.amount.plus(1)),
      "PLAN_INVALID groupBy: the key (amount + 1) has no name\n  give it one: .alias('year'), or groupBy({ year: _.at.year() })",
    ],
    [() => frame.groupBy('id').agg({ ID: F.count() }), "DUPLICATE_NAME agg has two columns named 'ID'"],
    [
      () => frame.groupBy(F.sum(_.id).alias('x')).agg({ n: F.count() }),
      'PLAN_INVALID agg cannot hold an aggregate: x',
    ],
    [
      () => frame.agg({ x: F.rank() }),
      "PLAN_INVALID rank is a window function and has no window\n  add one: .over({ partitionBy: 'city', orderBy: 'amount' })",
    ],
    [() => frame.orderBy(1), 'WRONG_ARGUMENTS orderBy takes names and columns, got 1'],
    [() => frame.orderBy(), 'PLAN_INVALID orderBy needs at least one key'],
    [() => frame.limit(-1), 'WRONG_ARGUMENTS limit takes a whole number of rows from 0, got -1'],
    [() => frame.limit('10'), 'WRONG_ARGUMENTS limit takes a whole number of rows from 0, got the text "10"'],
    [() => frame.slice(0.5), 'WRONG_ARGUMENTS slice: offset takes a whole number of rows from 0, got 0.5'],
    [
      () => frame.sample({}),
      'WRONG_ARGUMENTS sample takes either rows or a fraction\n  sample({ rows: 100 }) or sample({ fraction: 0.1, seed: 42 })',
    ],
    [() => frame.sample({ fraction: 2 }), 'WRONG_ARGUMENTS sample takes a fraction from 0 to 1, got 2'],
    [
      () => frame.sample({ rows: 1, seed: -1 }),
      'WRONG_ARGUMENTS sample: seed takes a whole number from 0, got -1',
    ],
    [() => frame.union([]), 'WRONG_ARGUMENTS union takes another DataFrame, got a list'],
    [
      () => frame.window({ x: F.sum(_.id) }, { frame: { rows: [0] } }),
      'WRONG_ARGUMENTS window: a frame is one of rows, range and groups with two bounds\n  frame: { rows: [-2, 0] } takes the two rows before the current one and itself',
    ],
    [
      () => frame.window({ x: F.sum(_.id) }, { frame: { rows: ['a', 0] } }),
      'WRONG_ARGUMENTS window: the start of a frame must be a number or a duration, got a',
    ],
    [
      () => frame.window({ x: F.sum(_.id) }, { frame: { range: [{ days: -1, hours: 1 }, 0] } }),
      'WRONG_ARGUMENTS window: a duration in a frame must be all before or all after the row',
    ],
    [
      () => frame.join(memos, {}),
      "WRONG_ARGUMENTS join: an inner join needs a condition\n  give on: 'id', leftOn and rightOn, or condition: (left, right) => left.id.eq(right.id)",
    ],
    [
      () => frame.join(memos, { on: 'id', how: 'outer' }),
      "WRONG_ARGUMENTS join: 'outer' is no kind of join\n  use inner, left, right, full, semi, anti, cross, asof",
    ],
    [
      () => frame.join(memos, { leftOn: ['id', 'city'], rightOn: 'id' }),
      'WRONG_ARGUMENTS join: leftOn and rightOn need equally many columns, got 2 and 1',
    ],
    [
      () => frame.join(memos, { condition: () => true }),
      'WRONG_ARGUMENTS join takes a condition, got true\n  compare columns with their methods: _.amount.gt(100), _.city.eq(…)',
    ],
  ]
  for (const [build, message] of cases) expect(failure(build)).toBe(message)
})

test('columns that are known are checked while a query is built, by the verb', () => {
  const other: UnknownColumns = known
  const cases: readonly (readonly [() => unknown, string])[] = [
    [
      () => other.filter(_.amont.gt(1)),
      "UNKNOWN_COLUMN filter: unknown column 'amont': did you mean 'amount'?\n  the input has id, city, amount",
    ],
    [
      () => other.project({ x: _.missing.upper() }),
      "UNKNOWN_COLUMN project: unknown column 'missing'\n  the input has id, city, amount",
    ],
    [
      () => other.select('tags'),
      "UNKNOWN_COLUMN select: unknown column 'tags'\n  the input has id, city, amount",
    ],
    [
      () => other.drop('idd'),
      "UNKNOWN_COLUMN drop: unknown column 'idd': did you mean 'id'?\n  the input has id, city, amount",
    ],
    [() => other.drop('id', 'city', 'AMOUNT'), 'PLAN_INVALID drop leaves no column'],
    [
      () => other.rename({ town: 'place' }),
      "UNKNOWN_COLUMN rename: unknown column 'town'\n  the input has id, city, amount",
    ],
    [() => other.rename({ id: 'City' }), "DUPLICATE_NAME rename has two columns named 'city'"],
    [() => other.withColumns({ x: _.id, X: _.id }), "DUPLICATE_NAME withColumns has two columns named 'X'"],
    [
      () => other.groupBy('town').agg({ n: F.count() }),
      "UNKNOWN_COLUMN agg: unknown column 'town'\n  the input has id, city, amount",
    ],
    [
      () => other.orderBy('town'),
      "UNKNOWN_COLUMN orderBy: unknown column 'town'\n  the input has id, city, amount",
    ],
    [
      () => other.explode('tags'),
      "UNKNOWN_COLUMN explode: unknown column 'tags'\n  the input has id, city, amount",
    ],
    [
      () => other.union(known.select('id')),
      'PLAN_INVALID union takes inputs with equally many columns, got 3 and 1',
    ],
    [
      () => other.join(known.select('city'), { on: 'id' }),
      "UNKNOWN_COLUMN join: unknown column 'id'\n  the input has city",
    ],
    [
      () =>
        other.join(known, {
          condition: (left: UnknownColumns, right: UnknownColumns) => left.id.eq(right.idd),
        }),
      "UNKNOWN_COLUMN join: unknown column 'idd': did you mean 'id'?\n  the input has id, city, amount",
    ],
    [
      () => other.join(known.rename({ city: 'id_right' }), { on: 'amount' }),
      "DUPLICATE_NAME join has two columns named 'id_right'",
    ],
  ]
  for (const [build, message] of cases) expect(failure(build)).toBe(message)
})

test('columns that are not known are checked by the verb when the query is run', async () => {
  expect(await rejection(async () => memos.drop('town').toRows())).toBe(
    "UNKNOWN_COLUMN drop: unknown column 'town'\n  the input has id, city, amount, tags",
  )
  expect(await rejection(async () => memos.withColumns({ x: _.id }).filter(_.y.gt(1)).count())).toBe(
    "UNKNOWN_COLUMN filter: unknown column 'y': did you mean 'x'?\n  the input has id, city, amount, tags, x",
  )
})

test('methods of columns', () => {
  const untypedWhen: UnknownColumns = when
  const cases: readonly (readonly [() => unknown, string])[] = [
    [
      () => _.a.plus(_.b.isNull),
      'WRONG_ARGUMENTS plus takes columns and literals, got a function\n  a method of a column is called with (): _.memo.isNull()',
    ],
    [
      () => _.a.plus(undefined),
      'WRONG_ARGUMENTS plus takes columns and literals, got undefined\n  use a column, null, a boolean, number, bigint, string, Date, Uint8Array, or a list or object of these',
    ],
    [
      () => _.a.eq([new Map()]),
      'WRONG_ARGUMENTS eq takes columns and literals, got a Map\n  use a column, null, a boolean, number, bigint, string, Date, Uint8Array, or a list or object of these',
    ],
    [
      () => _.a.gt(new Date('x')),
      'WRONG_ARGUMENTS gt takes columns and literals, got an invalid Date\n  use a column, null, a boolean, number, bigint, string, Date, Uint8Array, or a list or object of these',
    ],
    [
      () => _.a.eq(null),
      'WRONG_ARGUMENTS eq(null) is null for every row\n  write .isNull() or .isNotNull(); .isDistinctFrom(…) takes null for a value',
    ],
    [() => _.a.isIn('a'), "WRONG_ARGUMENTS isIn takes a list of values\n  _.city.isIn(['Bern', 'Basel'])"],
    [
      () => _.a + 1,
      'WRONG_ARGUMENTS the column a has no value while a query is built\n  JavaScript has no operators for columns: write .plus(1), .gt(1), .eq(1), .and(…)',
    ],
    [
      () => _.a.plus(1) > 2,
      'WRONG_ARGUMENTS the column (a + 1) has no value while a query is built\n  JavaScript has no operators for columns: write .plus(1), .gt(1), .eq(1), .and(…)',
    ],
    [
      () => _.a.cast('INTEGR'),
      "WRONG_ARGUMENTS cast: cannot read the type 'INTEGR': 'INTEGR' is no type of DuckDB at position 1\n  did you mean 'INTEGER' or 'INTEGRAL' or 'UINTEGER'?",
    ],
    [
      () => _.a.tryCast(1),
      "WRONG_ARGUMENTS tryCast takes a type, got 1\n  write it in DuckDB's words: 'BIGINT', 'DECIMAL(18,3)', 'VARCHAR[]'",
    ],
    [
      () => _.a.truncate('monht'),
      "WRONG_ARGUMENTS truncate: 'monht' is no unit of time\n  use microsecond, millisecond, second, minute, hour, day, week, month, quarter, year, decade, century, millennium",
    ],
    [
      () => _.a.plusInterval({ day: 1 }),
      "WRONG_ARGUMENTS plusInterval: a duration has no 'day'\n  use microseconds, milliseconds, seconds, minutes, hours, days, weeks, months, quarters, years, decades",
    ],
    [
      () => _.a.plusInterval({ days: 1.5 }),
      'WRONG_ARGUMENTS plusInterval: days must be a whole number, got 1.5',
    ],
    [() => _.a.at('x'), 'WRONG_ARGUMENTS at takes a whole number, got x'],
    [() => _.a.slice(0, -1), 'WRONG_ARGUMENTS slice takes a length of 0 or more, got -1'],
    [() => _.a.alias(''), 'WRONG_ARGUMENTS alias takes a name, got the text ""'],
    [
      () => _.a.over(),
      'PLAN_INVALID over belongs to an aggregate or window function\n  call it on the function itself, before any other operator: F.sum(_.amount).over({ … }).plus(1)',
    ],
    [
      () => F.sum(_.a).over().filterWhere(_.b),
      'PLAN_INVALID filterWhere must come before over, which ends the call of sum',
    ],
    [
      () => _.a.withMetadata({ x: 1 }),
      "PLAN_INVALID withMetadata belongs to a catalog call\n  F.catalogCall('extract_entities', _.memo).withMetadata({ language: 'de' })",
    ],
    [() => F.catalogCall('f', _.a).withMetadata({}), 'WRONG_ARGUMENTS withMetadata takes at least one value'],
    [
      () => _.a.listTransform(_.b),
      'WRONG_ARGUMENTS listTransform and listFilter take a function over columns\n  _.amounts.listTransform((amount) => amount.times(2))',
    ],
    [
      () => _.a.listTransform(() => 1),
      'WRONG_ARGUMENTS list_transform takes a column, got 1\n  write F.lit(…) for a constant',
    ],
    [
      () => untypedWhen(_.a === 1),
      'WRONG_ARGUMENTS when takes a condition, got false\n  compare columns with their methods: _.amount.gt(100), _.city.eq(…)',
    ],
  ]
  for (const [build, message] of cases) expect(failure(build)).toBe(message)
  expect(() => _.memo.uper()).toThrow('_.memo.uper is not a function')
})

test('functions', () => {
  const functions: UnknownColumns = F
  const cases: readonly (readonly [() => unknown, string])[] = [
    [
      () => functions.catalogCall(_.memo),
      "WRONG_ARGUMENTS catalogCall takes the name of a function first, got a column\n  F.catalogCall('extract_entities', _.memo)",
    ],
    [() => functions.col(1), 'WRONG_ARGUMENTS col takes a name, got 1'],
    [() => functions.call(''), 'WRONG_ARGUMENTS call takes a name, got the text ""'],
    [
      () => functions.lit(new Set()),
      'WRONG_ARGUMENTS lit takes columns and literals, got a Set\n  use a column, null, a boolean, number, bigint, string, Date, Uint8Array, or a list or object of these',
    ],
    [
      () => functions.lit(1, 'INTEGR[]'),
      "WRONG_ARGUMENTS lit: cannot read the type 'INTEGR[]': 'INTEGR' is no type of DuckDB at position 1\n  did you mean 'INTEGER' or 'INTEGRAL' or 'UINTEGER'?",
    ],
    [
      () => functions.struct([]),
      'WRONG_ARGUMENTS struct takes its fields by name, got a list\n  F.struct({ city: _.city, total: _.amount })',
    ],
    [() => functions.sql(1), 'WRONG_ARGUMENTS sql takes text, got 1'],
    [
      () => functions.sql('upper(?)', _.memo),
      'WRONG_ARGUMENTS sql takes no arguments besides its text\n  put columns into a template: F.sql`upper(${_.memo})`',
    ],
    [
      () => functions.upper(_.a.isNull),
      'WRONG_ARGUMENTS upper takes columns and literals, got a function\n  a method of a column is called with (): _.memo.isNull()',
    ],
  ]
  for (const [build, message] of cases) expect(failure(build)).toBe(message)
})

test('sources and targets', async () => {
  const frames: UnknownColumns = DataFrame
  const cases: readonly (readonly [() => unknown, string])[] = [
    [() => frames.scan(), 'WRONG_ARGUMENTS scan takes a path, a glob or a list of them, got undefined'],
    [() => frames.scan([]), 'WRONG_ARGUMENTS scan takes a path, a glob or a list of them, got an empty list'],
    [() => frames.scan(['a.csv', 1]), 'WRONG_ARGUMENTS scan takes a path, a glob or a list of them, got 1'],
    [
      () => frames.scan('memos.dat'),
      "WRONG_ARGUMENTS scan: cannot tell the format of 'memos.dat' from its name\n  say it: { format: 'parquet' }, or 'csv', 'json', 'arrow'",
    ],
    [
      () => frames.scan(['a.csv', 'a.parquet']),
      "WRONG_ARGUMENTS scan: files of several formats at once, .csv and .parquet\n  say it: { format: 'parquet' }, or 'csv', 'json', 'arrow'",
    ],
    [
      () => frames.scan('a.csv', { format: 'tsv' }),
      'WRONG_ARGUMENTS scan: the text "tsv" is no format\n  use parquet, csv, json, arrow',
    ],
    [
      () => frames.scan('a.csv', { names: ['a'] }),
      'WRONG_ARGUMENTS scan: the option names takes a text, a number or a boolean, got a list',
    ],
    [() => frames.scan('a.arrow', { delim: ';' }), 'WRONG_ARGUMENTS scan: Arrow files have no option delim'],
    [
      () => frames.scan('a.csv', { schema: 'memo' }),
      "WRONG_ARGUMENTS scan: schema takes types by name, got the text \"memo\"\n  schema: { memo: 'VARCHAR', amount: 'DOUBLE' }",
    ],
    [
      () => frames.scan('a.csv', { schema: { memo: 'TEXTT' } }),
      "DEFINITION_INVALID scan: column 'memo': cannot read the type 'TEXTT': 'TEXTT' is no type of DuckDB at position 1\n  did you mean 'TEXT'?",
    ],
    [
      () => frames.scan('a.csv', { schema: z.object({ n: z.int() }) }),
      "TYPE_UNSUPPORTED scan: column 'n': values of BIGINT are not read as numbers\n  declare it as 'BIGINT'",
    ],
    [
      () => frames.table(1),
      "WRONG_ARGUMENTS table takes the name of a table, got 1\n  DataFrame.table('orders'), .table('archive.main.orders') or .table(['archive', 'main', 'orders'])",
    ],
    [() => frames.fromRows({ a: 1 }), 'WRONG_ARGUMENTS fromRows takes a list of objects'],
    [() => frames.fromSql(1), 'WRONG_ARGUMENTS fromSql takes the text of a statement'],
  ]
  for (const [build, message] of cases) expect(failure(build)).toBe(message)

  const frame: UnknownColumns = memos
  expect(await rejection(async () => frame.write('memos'))).toBe(
    "WRONG_ARGUMENTS write: cannot tell the format of 'memos' from its name\n  say it: { format: 'parquet' }, or 'csv', 'json', 'arrow'",
  )
  expect(await rejection(async () => frame.writeParquet())).toBe(
    'WRONG_ARGUMENTS writeParquet takes a path, got undefined',
  )
  expect(await rejection(async () => frame.writeParquet('x/', { mode: 'replace' }))).toBe(
    'WRONG_ARGUMENTS writeParquet: the text "replace" is no mode\n  use error, overwrite, append',
  )
  expect(await rejection(async () => frame.writeCsv('x', { partitionBy: [1] }))).toBe(
    'WRONG_ARGUMENTS writeCsv: partitionBy takes names of columns, got 1',
  )
  expect(await rejection(async () => frame.show(-1))).toBe(
    'WRONG_ARGUMENTS show takes a whole number of rows from 0, got -1',
  )
})

test('DataFrames of two sessions cannot be combined', async () => {
  const other = await DuckDBRunner.open()
  expect(failure(() => memos.union(DataFrame.table('memos', other)))).toBe(
    'WRONG_ARGUMENTS union: the two DataFrames belong to different sessions',
  )
})
