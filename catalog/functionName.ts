import { EngineError } from '../src/base/errors.ts'

/** DuckDB's keywords that cannot be called as a function without quotes; a test compares them with `duckdb_keywords()`. */
const keywords: ReadonlySet<string> = new Set(
  `all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create default
  deferrable desc describe distinct do else end except false fetch for foreign from group having in initially intersect into
  lambda lateral leading limit not null offset on only or order pivot pivot_longer pivot_wider placing primary qualify
  references returning select show some summarize symmetric table then to trailing true union unique unpivot using variadic
  when where window with between bigint bit boolean char character coalesce dec decimal exists extract float grouping
  grouping_id inout int integer interval national nchar none nullif numeric out overlay position precision real row setof
  smallint substring time timestamp treat trim values varchar xmlattributes xmlconcat xmlelement xmlexists xmlforest
  xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable`.split(/\s+/),
)

/** Names that mean something else in a statement of ours. */
const ownNames: ReadonlySet<string> = new Set(['catalog_call', 'try_catalog_call'])

const namePattern = /^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?$/i
const nameLengthMax = 128

const allowed =
  "use letters, digits and '_', starting with a letter; one '.' may part a namespace from the name (text.extract_entities)"

/** Throws NAME_INVALID for a name that could not be written in SQL as it is. */
export function checkFunctionName(name: unknown): asserts name is string {
  if (typeof name !== 'string') {
    throw new EngineError('NAME_INVALID', `a function's name must be a string, got ${describe(name)}`, {
      hint: allowed,
    })
  }
  if (name.length > nameLengthMax) {
    const start = `${name.slice(0, 32)}…`
    const message = `function name '${start}' has ${name.length} characters; at most ${nameLengthMax} are allowed`
    throw new EngineError('NAME_INVALID', message)
  }
  if (!namePattern.test(name)) {
    throw new EngineError('NAME_INVALID', `function name ${quote(name)} ${whyInvalid(name)}`, {
      hint: allowed,
    })
  }
  for (const part of name.toLowerCase().split('.')) {
    if (keywords.has(part)) {
      const hint = `choose another, such as '${name}_value'`
      throw new EngineError(
        'NAME_INVALID',
        `function name '${name}' is reserved: '${part}' is a keyword of SQL`,
        { hint },
      )
    }
    if (ownNames.has(part)) {
      throw new EngineError(
        'NAME_INVALID',
        `function name '${name}' is reserved: '${part}' is how SQL calls the catalog`,
      )
    }
  }
}

function whyInvalid(name: string): string {
  if (name === '') return 'is empty'
  const stranger = /[^a-z0-9_.]/i.exec(name)
  if (stranger !== null)
    return `contains ${quote(String.fromCodePoint(name.codePointAt(stranger.index) ?? 0))}`
  if (name.split('.').length > 2) return "contains more than one '.'"
  const part = name.split('.').find((text) => !/^[a-z]/i.test(text)) ?? name
  return part === ''
    ? "has nothing on one side of its '.'"
    : `has a part '${part}' that does not start with a letter`
}

/** In single quotes; control characters as escapes. */
function quote(text: string): string {
  return `'${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"')}'`
}

function describe(value: unknown): string {
  return value === null ? 'null' : typeof value
}
