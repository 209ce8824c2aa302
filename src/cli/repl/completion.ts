import { formatIdentifier } from '../../base/identifier.ts'

/** What can be completed in a session. */
export interface CompletionNames {
  readonly keywords: readonly string[]
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
  const tables = identifiers(names.tables.keys())
  if (/\b(?:from|join|into|update|table|describe|summarize)\s+$/i.test(before)) {
    return [matching(tables, word), word]
  }
  if (word === '') return [[], '']
  const candidates = [
    ...matching(columnsOf(before, names), word),
    ...matching(names.functions, word).map((name) => `${name}(`),
    ...matching(tables, word),
    ...matching(names.keywords, word).map((keyword) => inCaseOf(word, keyword)),
  ]
  return [[...new Set(candidates)], word]
}

function completeColumn(word: string, dot: number, before: string, names: CompletionNames): Completion {
  const prefix = word.slice(dot + 1)
  const qualifier = word.slice(0, dot)
  const table = tableOf(qualifier, before, names)
  const columns = table === null ? [] : identifiers(names.tables.get(table) ?? [])
  // A namespace of functions looks the same: text.upper.
  const functions = matching(names.functions, word).map((name) => `${name.slice(dot + 1)}(`)
  return [[...matching(columns, prefix), ...functions], prefix]
}

/** The table that a name before a dot means, as itself or as its alias in the statement. */
function tableOf(qualifier: string, statement: string, { tables }: CompletionNames): string | null {
  const wanted = unquoted(qualifier).toLowerCase()
  const byName = [...tables.keys()].find((table) => table.toLowerCase() === wanted)
  if (byName !== undefined) return byName
  for (const [, table, alias] of statement.matchAll(/([\w"]+)\s+(?:as\s+)?(\w+)/gi)) {
    if (alias?.toLowerCase() !== wanted) continue
    const name = unquoted(table ?? '').toLowerCase()
    const found = [...tables.keys()].find((candidate) => candidate.toLowerCase() === name)
    if (found !== undefined) return found
  }
  return null
}

/** Columns of the tables that the statement names, or of all where it names none yet. */
function columnsOf(statement: string, { tables }: CompletionNames): readonly string[] {
  const words = new Set(statement.toLowerCase().match(/\w+/g))
  const named = [...tables].filter(([table]) => words.has(table.toLowerCase()))
  const columns = (named.length > 0 ? named : [...tables]).flatMap(([, list]) => list)
  return identifiers(new Set(columns))
}

function identifiers(names: Iterable<string>): readonly string[] {
  return [...names].map(formatIdentifier)
}

function matching(candidates: readonly string[], prefix: string): string[] {
  const wanted = unquoted(prefix).toLowerCase()
  return candidates.filter((candidate) => unquoted(candidate).toLowerCase().startsWith(wanted))
}

function unquoted(name: string): string {
  return name.replaceAll('"', '')
}

function inCaseOf(typed: string, keyword: string): string {
  return typed === typed.toLowerCase() ? keyword.toLowerCase() : keyword.toUpperCase()
}
