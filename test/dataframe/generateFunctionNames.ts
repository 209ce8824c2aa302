import { DuckDBInstance } from '@duckdb/node-api'

/** The text of `dataframe/functionNames.ts` for the DuckDB that is installed. */
export async function generateFunctionNames(): Promise<string> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  const names = async (condition: string): Promise<string[]> => {
    const found = await connection.runAndReadAll(
      `SELECT DISTINCT function_name FROM duckdb_functions()
       WHERE database_name = 'system' AND regexp_full_match(function_name, '[a-z][a-z0-9_]*') AND ${condition} ORDER BY 1`,
    )
    return found.getRows().map(([name]) => String(name))
  }
  try {
    const version = (await connection.runAndReadAll('SELECT version()')).getRows()[0]?.[0]
    const declared = await names(`function_type = 'aggregate'`)
    const windowOnly: string[] = []
    for (const name of declared) if (!(await isOf(name, 'aggregate'))) windowOnly.push(name)
    const aggregates = declared.filter((name) => !windowOnly.includes(name))
    const macros: string[] = []
    for (const name of await names(`function_type = 'macro'`))
      if (await isOf(name, 'macro')) macros.push(name)
    const all = await names(
      `function_type IN ('aggregate', 'scalar', 'macro')
       AND NOT regexp_matches(function_name, '^(icu_collate_|pg_|has_|inet_|shobj_|obj_|col_description)')`,
    )
    return render({
      version: String(version),
      aggregates: [...aggregates, ...macros].toSorted(),
      windowOnly,
      volatile: await names(`stability = 'VOLATILE'`),
      all,
    })
  } finally {
    connection.closeSync()
    instance.closeSync()
  }

  /** Whether a name of `duckdb_functions()` aggregates when it is called without OVER: it then allows a FILTER. */
  async function isOf(name: string, kind: 'aggregate' | 'macro'): Promise<boolean> {
    const parameters = await connection.runAndReadAll(
      `SELECT min(len(parameters)) FROM duckdb_functions() WHERE function_name = '${name}' AND function_type = '${kind}'`,
    )
    const count = Number(parameters.getRows()[0]?.[0] ?? 0)
    const args = Array.from({ length: count }, () => 'x').join(', ')
    if (kind === 'macro') return await macroAggregates(`${name}(${args})`)
    try {
      await connection.prepare(`SELECT ${name}(${args}) FILTER (WHERE true) FROM (SELECT NULL::INTEGER AS x)`)
      return true
    } catch (thrown) {
      return !/with name \w+ does not exist/.test(String(thrown))
    }
  }

  /** A macro aggregates if its call beside a plain column wants a GROUP BY. */
  async function macroAggregates(call: string): Promise<boolean> {
    try {
      await connection.prepare(`SELECT ${call}, x FROM (SELECT NULL::INTEGER AS x)`)
      return false
    } catch (thrown) {
      return /must appear in the GROUP BY/.test(String(thrown))
    }
  }
}

interface FunctionNames {
  readonly version: string
  readonly aggregates: readonly string[]
  readonly windowOnly: readonly string[]
  readonly volatile: readonly string[]
  readonly all: readonly string[]
}

function render({ version, aggregates, windowOnly, volatile, all }: FunctionNames): string {
  return `// Written by test/dataframe/functionNames.test.ts from duckdb_functions() of DuckDB ${version}: do not edit.

/** Functions, and macros over them, that compute one value for a group of rows. */
export const aggregateFunctions: ReadonlySet<string> = words(\`
${filled(aggregates, ' ')}
\`)

/** Functions that need OVER; the aggregates may have it. */
export const windowFunctions: ReadonlySet<string> = words(\`
${filled(windowOnly, ' ')}
\`)

/** Functions whose results differ over equal rows. */
export const volatileFunctions: ReadonlySet<string> = words(\`
${filled(volatile, ' ')}
\`)

function words(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\\s+/))
}

/** The functions of DuckDB as \`F\` has them: \`list_distinct\` is \`listDistinct\`. */
// biome-ignore format: a name a line would take hundreds of lines
export type DuckDBFunctionName =
${filled(
  all.map((name) => `| '${camelCase(name)}'`),
  ' ',
)}
`
}

/** Words in lines of at most 110 characters, two of them for the indent. */
function filled(words: readonly string[], separator: string): string {
  const lines: string[] = []
  let line = ''
  for (const word of words) {
    if (line !== '' && line.length + separator.length + word.length > 108) {
      lines.push(line)
      line = ''
    }
    line = line === '' ? word : `${line}${separator}${word}`
  }
  return [...lines, line].map((text) => `  ${text}`).join('\n')
}

export function camelCase(name: string): string {
  return name.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}
