import { EngineError } from '../src/base/errors.ts'

/** `word` is a keyword or a bare name; `name` is one in double quotes; `symbol` an operator or a bracket. */
export type TokenKind = 'space' | 'comment' | 'word' | 'name' | 'string' | 'number' | 'parameter' | 'symbol'

export interface Token {
  readonly kind: TokenKind
  readonly text: string
  /** Offset in UTF-16 units. */
  readonly start: number
  readonly end: number
}

// DuckDB turns these into spaces before it parses.
const space = /[\s\u00a0\u2000-\u200d\u202f\u205f\u2060\u3000\ufeff]+/y
const word =
  /[A-Za-z_\u0080-\u{10ffff}](?:(?![\u00a0\u2000-\u200d\u202f\u205f\u2060\u3000\ufeff])[\w$\u0080-\u{10ffff}])*/uy
const number = /(?:\d[\d_]*(?:\.\d[\d_]*|\.(?!\.))?|\.\d[\d_]*)(?:[eE][+-]?\d+)?/y
const lineComment = /--[^\n\r]*/y
const quotedName = /"(?:[^"]|"")*"/y
const plainString = /'(?:[^']|'')*'/y
const escapeString = /[eE]'(?:[^'\\]|''|\\[^])*'/y
const dollarTag = /\$(?:[A-Za-z_\u0080-\u{10ffff}][\w\u0080-\u{10ffff}]*)?\$/uy
const parameter = /\?\d*|\$(?:\d+|[A-Za-z_][\w]*)/y
const operator = /[~!@#^&|`+\-*/%<>=]+/y

type Reader = (text: string, at: number) => number | null

/** In order: the first that reads something decides. Each answers where its token ends. */
const readers: readonly (readonly [TokenKind, Reader])[] = [
  ['space', matching(space)],
  ['comment', matching(lineComment)],
  ['comment', blockComment],
  ['string', quoted("e'", escapeString, 'string')],
  ['string', quoted("'", plainString, 'string')],
  ['name', quoted('"', quotedName, 'quoted name')],
  ['string', dollarString],
  ['parameter', matching(parameter)],
  ['number', matching(number)],
  ['word', matching(word)],
  ['symbol', symbol],
]

/**
 * Splits SQL text into tokens that concatenate to it. Throws SQL_INVALID, with the position, for a string, name or comment
 * that does not end.
 */
export function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = []
  let start = 0
  while (start < text.length) {
    const [kind, end] = readToken(text, start)
    tokens.push({ kind, text: text.slice(start, end), start, end })
    start = end
  }
  return tokens
}

/** Tokens other than spaces and comments. */
export function significantTokens(text: string): readonly Token[] {
  return tokenize(text).filter(({ kind }) => kind !== 'space' && kind !== 'comment')
}

/** What a string token stands for. */
export function stringValue({ text }: Token): string {
  if (text.startsWith("'")) return text.slice(1, -1).replaceAll("''", "'")
  if (text.startsWith('$')) {
    const tag = text.indexOf('$', 1) + 1
    return text.slice(tag, -tag)
  }
  return unescape(text.slice(2, -1))
}

/** The name that a word or a quoted name stands for; null for other tokens. */
export function nameOf(token: Token | undefined): string | null {
  if (token?.kind === 'word') return token.text
  return token?.kind === 'name' ? token.text.slice(1, -1).replaceAll('""', '"') : null
}

/** Whether a token is one of these keywords or symbols (in lower case). */
export function isOneOf(token: Token | undefined, ...texts: readonly string[]): boolean {
  const plain = token?.kind === 'word' || token?.kind === 'symbol'
  return plain && texts.includes(token.text.toLowerCase())
}

const closing: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' }

/** Index of the token that closes the bracket at `open`; the number of tokens if none does. */
export function closingIndex(tokens: readonly Token[], open: number): number {
  const expected: string[] = []
  for (let index = open; index < tokens.length; index++) {
    const token = tokens[index]
    if (token?.kind !== 'symbol') continue
    const close = closing[token.text]
    if (close !== undefined) expected.push(close)
    else if (token.text === expected.at(-1)) {
      expected.pop()
      if (expected.length === 0) return index
    }
  }
  return tokens.length
}

function readToken(text: string, start: number): readonly [TokenKind, number] {
  for (const [kind, read] of readers) {
    const end = read(text, start)
    if (end !== null && end > start) return [kind, end]
  }
  return ['symbol', start + 1]
}

function matching(pattern: RegExp): Reader {
  return (text, at) => {
    pattern.lastIndex = at
    return pattern.test(text) ? pattern.lastIndex : null
  }
}

function quoted(opening: string, pattern: RegExp, what: string): Reader {
  const match = matching(pattern)
  return (text, at) => {
    if (text.slice(at, at + opening.length).toLowerCase() !== opening) return null
    return match(text, at) ?? unterminated(what, at)
  }
}

function blockComment(text: string, at: number): number | null {
  if (!text.startsWith('/*', at)) return null
  let depth = 0
  for (let index = at; index < text.length; index++) {
    if (text.startsWith('/*', index)) depth++
    else if (text.startsWith('*/', index)) depth--
    else continue
    index++
    if (depth === 0) return index + 1
  }
  return unterminated('comment', at)
}

function dollarString(text: string, at: number): number | null {
  const opened = matching(dollarTag)(text, at)
  if (opened === null) return null
  const tag = text.slice(at, opened)
  const close = text.indexOf(tag, opened)
  return close < 0 ? unterminated(`string ${tag}`, at) : close + tag.length
}

function symbol(text: string, at: number): number | null {
  if (text.startsWith('::', at) || text.startsWith(':=', at)) return at + 2
  let end = matching(operator)(text, at)
  if (end === null) return null
  const comment = text.slice(at, end).search(/--|\/\*/)
  if (comment > 0) end = at + comment
  // As in PostgreSQL, `=>-1` is `=>` and `-1`.
  if (!/[~!@#^&|`%]/.test(text.slice(at, end))) {
    while (end > at + 1 && /[+-]/.test(text[end - 1] ?? '')) end--
  }
  return end
}

function unterminated(what: string, position: number): never {
  throw new EngineError('SQL_INVALID', `unterminated ${what} at character ${position + 1}`, { position })
}

const escapes: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }

function unescape(text: string): string {
  return text.replace(/''|\\(?:u[\da-fA-F]{4}|U[\da-fA-F]{8}|x[\da-fA-F]{1,2}|[0-7]{1,3}|[^])/g, (escape) => {
    if (escape === "''") return "'"
    const code = escape.slice(1)
    if (/^[uUx]./.test(code)) return String.fromCodePoint(Number.parseInt(code.slice(1), 16))
    if (/^[0-7]/.test(code)) return String.fromCodePoint(Number.parseInt(code, 8))
    return escapes[code] ?? code
  })
}
