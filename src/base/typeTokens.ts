export interface TypeToken {
  /** A word, a quoted name, a text in single quotes, a whole number, or a mark such as `(`. */
  readonly kind: 'word' | 'name' | 'text' | 'number' | 'mark' | 'end'
  /** What it says, without its quotes. */
  readonly value: string
  /** What was written. */
  readonly written: string
  /** Offset of its first UTF-16 unit. */
  readonly position: number
}

const pattern =
  /\s*(?:(?<word>[\p{L}_][\p{L}\p{N}_$]*)|"(?<name>(?:[^"]|"")*)"|'(?<text>(?:[^']|'')*)'|(?<number>\d+)|(?<mark>.))/suy

/** The tokens of a type's text; the last one is its end. */
export function typeTokens(text: string): readonly TypeToken[] {
  const tokens: TypeToken[] = []
  const end = text.trimEnd().length
  pattern.lastIndex = 0
  while (pattern.lastIndex < end) {
    const groups = pattern.exec(text)?.groups ?? {}
    const [kind, value] = found(groups)
    const written = kind === 'name' ? `"${value}"` : kind === 'text' ? `'${value}'` : value
    const quote = kind === 'name' ? '"' : "'"
    const position = pattern.lastIndex - written.length
    tokens.push({ kind, value: value.replaceAll(quote + quote, quote), written, position })
  }
  tokens.push({ kind: 'end', value: '', written: '', position: end })
  return tokens
}

function found(groups: Readonly<Record<string, string | undefined>>): [TypeToken['kind'], string] {
  for (const kind of ['word', 'name', 'text', 'number'] as const) {
    const value = groups[kind]
    if (value !== undefined) return [kind, value]
  }
  return ['mark', groups['mark'] ?? '']
}
