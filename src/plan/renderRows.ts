import { quoteIdentifier } from '../expr/render.ts'
import { outputColumns } from './columns.ts'
import type { ExplodePlan, SamplePlan } from './plan.ts'
import { inputAlias } from './select.ts'

const rowNumber = quoteIdentifier('__row')
const numbered = `SELECT *, row_number() OVER () AS ${rowNumber}`

/** The first row for each value of the keys, in the order of the input: DISTINCT ON alone would take any row. */
export function renderFirstRows(
  columns: readonly string[] | null,
  keys: readonly string[],
  relation: string,
): string {
  const first = `SELECT DISTINCT ON (${keys.join(', ')}) ${columns?.map(quoteIdentifier).join(', ') ?? '*'}`
  const rows = `${first} FROM (${numbered} FROM ${relation}) AS ${inputAlias} ORDER BY ${rowNumber}`
  return columns === null ? `(SELECT * EXCLUDE (${rowNumber}) FROM (${rows}))` : `(${rows})`
}

/** The column in its place; a list without items becomes one with a null if it is to be kept. */
export function renderExploded(plan: ExplodePlan, relation: string): string {
  const { column, keepEmpty } = plan
  const list = quoteIdentifier(column)
  const items = keepEmpty ? `CASE WHEN len(${list}) > 0 THEN ${list} ELSE [NULL] END` : list
  const unnested = `unnest(${items}) AS ${list}`
  const columns = outputColumns(plan)
  const selected = columns?.map((name) => (name === column ? unnested : quoteIdentifier(name))).join(', ')
  return `(SELECT ${selected ?? `* REPLACE (${unnested})`} FROM ${relation})`
}

/** A number of rows is drawn into a reservoir, which has no order of its own: its rows are put back into theirs. */
export function renderSampled({ size, seed }: SamplePlan, subquery: string): string {
  const repeatable = seed === null ? '' : ` REPEATABLE (${seed})`
  if ('fraction' in size) {
    return `(SELECT * FROM ${subquery} USING SAMPLE bernoulli(${size.fraction * 100} PERCENT)${repeatable})`
  }
  const drawn = `SELECT * FROM (${numbered} FROM ${subquery}) USING SAMPLE reservoir(${size.rows} ROWS)${repeatable}`
  return `(SELECT * EXCLUDE (${rowNumber}) FROM (${drawn}) ORDER BY ${rowNumber})`
}
