/** Gives a text without what must not be shown. */
export type Redact = (text: string) => string

/** Shorter values are not looked for: they stand in any text, and their absence would tell them. */
const LENGTH_MIN = 4

/**
 * Replaces the values of secrets (name to value) by `[secret NAME]` wherever a text holds them: as they are, escaped as in JSON
 * or a URL, wholly or in part, in hexadecimal, and in base64, of both alphabets and wherever they begin within what was encoded.
 */
export function createRedactor(secrets: Readonly<Record<string, string>>): Redact {
  const named = Object.entries(secrets).filter(([, value]) => value.length >= LENGTH_MIN)
  if (named.length === 0) return (text) => text
  // The longest first: a secret may begin with another.
  const patterns = named
    .toSorted(([, a], [, b]) => b.length - a.length)
    .map(([name, value]) => ({ name, pattern: new RegExp(patternsOf(value).join('|'), 'g') }))
  return (text) =>
    patterns.reduce(
      (redacted, { name, pattern }) => redacted.replace(pattern, () => `[secret ${name}]`),
      text,
    )
}

function patternsOf(value: string): string[] {
  const bytes = Buffer.from(value)
  return [
    escapedCharacters(value),
    ...[0, 1, 2].map((before) => base64Pattern(bytes, before)),
    hexadecimal(bytes),
  ]
}

/** Each character as it is, or percent-encoded, or as JSON escapes it: encoders differ in which of them they leave alone. */
function escapedCharacters(value: string): string {
  return Array.from(value, (character) => {
    const percent = Array.from(Buffer.from(character), (byte) => `%${hexadecimal(Buffer.of(byte))}`).join('')
    const json = JSON.stringify(character).slice(1, -1)
    const unicode = [...character.matchAll(/[^]/g)]
      .map(([unit]) => `\\\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join('')
    // The escaped ones first: some begin with the character itself.
    return either([
      percent,
      literal(json),
      unicode,
      ...(character === ' ' ? ['\\+'] : []),
      literal(character),
    ])
  }).join('')
}

/** `before`: bytes that stand in front of the value in its first group of three. */
function base64Pattern(bytes: Buffer, before: number): string {
  const digits = Buffer.concat([Buffer.alloc(before), bytes])
    .toString('base64')
    .replace(/=+$/, '')
  const ends = (before + bytes.length) % 3 !== 0
  // The digits at either end also hold bits of what stands beside the value.
  const own = digits.slice(before === 0 ? 0 : before + 1, ends ? -1 : undefined)
  const any = '[\\w+/-]'
  const body = own.replaceAll('+', '[+-]').replaceAll('/', '[/_]')
  return `${before === 0 ? '' : any}${body}${ends ? `${any}={0,2}` : ''}`
}

/** In either case of its letters. */
function hexadecimal(bytes: Buffer): string {
  return bytes.toString('hex').replaceAll(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`)
}

function either(forms: readonly string[]): string {
  const distinct = [...new Set(forms)]
  return distinct.length === 1 ? distinct.join('') : `(?:${distinct.join('|')})`
}

function literal(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
}
