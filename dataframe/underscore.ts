import { column } from '../src/expr/factories.ts'
import { columnOf } from './makeColumn.ts'

/**
 * An object of which any property is a column. The compiler cannot know the columns, and would take each property of an index
 * signature for possibly undefined (`noUncheckedIndexedAccess`), so it does not check here: `F.col('amount')` or the columns of
 * a DataFrame with a schema are checked.
 */
export type UnknownColumns = ReturnType<typeof JSON.parse>

/** Columns by attribute or index: `_.amount`, `_['odd name']`. */
export const _: UnknownColumns = new Proxy(Object.freeze(Object.create(null)), {
  get: (_target, name) => (typeof name === 'symbol' ? undefined : columnOf(column(name), name)),
})
