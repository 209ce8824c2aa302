/** What can be completed in a session. */
export interface CompletionNames {
  readonly keywords: readonly string[]
  /** Keywords that are no names unless they are quoted. */
  readonly reserved: ReadonlySet<string>
  /** Functions of the catalog. */
  readonly functions: readonly string[]
  /** Columns by table or view. */
  readonly tables: ReadonlyMap<string, readonly string[]>
}

/** Candidates, and the text before the cursor that they replace: what readline asks for. */
export type Completion = [candidates: string[], replaced: string]

/** Completes the last word of `text`, which is the statement up to the cursor. */
export function complete(text: string, names: CompletionNames): Completion {
  const [, called] = /\bcatalog_call\(\s*'([^']*)$/i.exec(text) ?? []
  if (called !== undefined) return [matching(names.functions, called), called]
  const [word = ''] = /[\p{L}_"][\p{L}\p{N}_$".]*$/u.exec(text) ?? []
  const before = text.slice(0, text.length - word.length)
  const dot = word.lastIndexOf('.')
  if (dot >= 0) return completeColumn(word, dot, before, names)
  const tables = identifiers(names.tables.keys(), word, names)
  if (/\b(?:from|join|into|update|table|describe|summarize)\s+$/i.test(before)) return [tables, word]
  if (word === '') return [[], '']
  const columns = identifiers(columnsOf(before, names), word, names)
  if (word.startsWith('"')) return [distinct([...columns, ...tables]), word]
  const functions = matching(names.functions, word).map((name) => `${name}(`)
  const keywords = matching(names.keywords, word).map((keyword) => inCaseOf(word, keyword))
  return [distinct([...columns, ...functions, ...tables, ...keywords]), word]
}

function completeColumn(word: string, dot: number, before: string, names: CompletionNames): Completion {
  const prefix = word.slice(dot + 1)
  const table = tableOf(word.slice(0, dot), before, names)
  const columns = table === null ? [] : identifiers(names.tables.get(table) ?? [], prefix, names)
  // A namespace of functions looks the same: text.upper.
  const functions = matching(names.functions, word).map((name) => `${name.slice(dot + 1)}(`)
  return [[...columns, ...functions], prefix]
}

/** The table that a name before a dot means, as itself or as its alias in the statement. */
function tableOf(qualifier: string, statement: string, { tables }: CompletionNames): string | null {
  const wanted = unquoted(qualifier).toLowerCase()
  const named = (name: string): string | null =>
    [...tables.keys()].find((table) => table.toLowerCase() === name) ?? null
  const aliases = statement.matchAll(/(?:\bfrom|\bjoin|,)\s+([\w"]+)\s+(?:as\s+)?(\w+)/gi)
  for (const [, table = '', alias = ''] of aliases) {
    if (alias.toLowerCase() === wanted) return named(unquoted(table).toLowerCase())
  }
  return named(wanted)
}

/** Columns of the tables that the statement names, or of all where it names none yet. */
function columnsOf(statement: string, { tables }: CompletionNames): Iterable<string> {
  const words = new Set(statement.toLowerCase().match(/\w+/g))
  const named = [...tables].filter(([table]) => words.has(table.toLowerCase()))
  return new Set((named.length > 0 ? named : [...tables]).flatMap(([, columns]) => columns))
}

/** The names that begin with what was typed, quoted where they have to be or where that was begun with a quote. */
function identifiers(names: Iterable<string>, typed: string, { reserved }: CompletionNames): string[] {
  const isPlain = (name: string): boolean =>
    /^[a-z_]\w*$/i.test(name) && !reserved.has(name.toLowerCase()) && !typed.startsWith('"')
  return matching([...names], typed).map((name) => (isPlain(name) ? name : `"${name.replaceAll('"', '""')}"`))
}

function matching(candidates: readonly string[], prefix: string): string[] {
  const wanted = unquoted(prefix).toLowerCase()
  return candidates.filter((candidate) => candidate.toLowerCase().startsWith(wanted))
}

function unquoted(name: string): string {
  return name.replaceAll('"', '')
}

function distinct(candidates: readonly string[]): string[] {
  return [...new Set(candidates)]
}

function inCaseOf(typed: string, keyword: string): string {
  return typed === typed.toLowerCase() ? keyword.toLowerCase() : keyword.toUpperCase()
}
