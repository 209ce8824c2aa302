import type { DataType, DecimalType, Field, SimpleKind } from './dataType.ts'
import { EngineError } from './errors.ts'
import { suggestNames } from './suggest.ts'
import { followingWords, nestedTypeNames, simpleTypeNames } from './typeNames.ts'
import { type TypeToken, typeTokens } from './typeTokens.ts'

const maxNesting = 128
const maxArraySize = 100_000

/**
 * Reads a type in DuckDB's words, aliases included: `STRUCT(a INT, b TEXT)[]`. Throws DEFINITION_INVALID with the place and
 * what may stand there.
 */
export function parseType(text: string): DataType {
  const reader = new TypeReader(text)
  const type = reader.type()
  reader.end()
  return type
}

class TypeReader {
  readonly #text: string
  readonly #tokens: readonly TypeToken[]
  #index = 0
  #nesting = 0

  constructor(text: string) {
    this.#text = text
    this.#tokens = typeTokens(text)
  }

  type(): DataType {
    const outer = this.#nesting
    this.#nest()
    let type = this.#named()
    let array = this.#takeWord('ARRAY')
    while (array || this.#isMark('[')) {
      this.#nest()
      type = this.#isMark('[') ? this.#sized(type) : { kind: 'list', item: type }
      array = false
    }
    this.#nesting = outer
    return type
  }

  end(): void {
    if (this.#token.kind !== 'end') throw this.#expected("'[', '(' or the end")
  }

  get #token(): TypeToken {
    return this.#tokens[this.#index]!
  }

  #named(): DataType {
    const token = this.#token
    if (token.kind !== 'word' && token.kind !== 'name') throw this.#expected('a type')
    this.#index++
    let name = token.value.toUpperCase()
    while (
      token.kind === 'word' &&
      this.#token.kind === 'word' &&
      followingWords.has(this.#token.value.toUpperCase())
    ) {
      name += ` ${this.#token.value.toUpperCase()}`
      this.#index++
    }
    switch (name) {
      case 'DECIMAL':
      case 'NUMERIC':
      case 'DEC':
        return this.#decimal()
      case 'ENUM':
        return { kind: 'enum', values: this.#enumValues() }
      case 'STRUCT':
      case 'ROW':
        return { kind: 'struct', fields: this.#fields(true) }
      case 'UNION':
        return { kind: 'union', members: this.#fields(false) }
      case 'MAP':
        return this.#map()
      default:
        return this.#simple(name, token)
    }
  }

  #simple(name: string, token: TypeToken): DataType {
    const kind = simpleTypeNames.get(name)
    if (kind === undefined) {
      const known = [...simpleTypeNames.keys(), ...nestedTypeNames].toSorted()
      const near = suggestNames(name, known, 'DuckDB')
      throw this.#error(
        `'${name}' is no type of DuckDB`,
        token,
        near.startsWith('did you') ? near : undefined,
      )
    }
    if (!this.#isMark('(')) return { kind }
    // As in DuckDB, the length of a text is read and says nothing.
    if (kind === 'varchar' || kind === 'bit') this.#parameters(1)
    else if (kind === 'float')
      return { kind: this.#parameters(1, { least: 1, most: 53 })[0]! > 24 ? 'double' : 'float' }
    else if (kind === 'timestamp')
      return { kind: timestampKind(this.#parameters(1, { least: 0, most: 9 })[0]!) }
    else throw this.#error(`${name} takes no parameters`, this.#token)
    return { kind }
  }

  #decimal(): DecimalType {
    if (!this.#isMark('(')) return { kind: 'decimal', width: 18, scale: 3 }
    const first = this.#tokens[this.#index + 1]!
    const [width = 0, scale = 0] = this.#parameters(2)
    if (width < 1 || width > 38) throw this.#error('the width of a DECIMAL is 1 to 38', first)
    if (scale > width) throw this.#error(`the scale of a DECIMAL is 0 to its width, ${width}`, first)
    return { kind: 'decimal', width, scale }
  }

  #map(): DataType {
    this.#mark('(')
    const key = this.type()
    this.#mark(',')
    const value = this.type()
    this.#mark(')')
    return { kind: 'map', key, value }
  }

  #sized(item: DataType): DataType {
    this.#mark('[')
    if (this.#isMark(']')) {
      this.#index++
      return { kind: 'list', item }
    }
    const size = this.#number({ least: 1, most: maxArraySize })
    this.#mark(']')
    return { kind: 'array', item, size }
  }

  #enumValues(): readonly string[] {
    const values = new Set<string>()
    this.#list(() => {
      const token = this.#token
      if (token.kind !== 'text') throw this.#expected('a value in single quotes')
      if (values.has(token.value)) throw this.#error(`the value ${token.written} is there twice`, token)
      values.add(token.value)
      this.#index++
    })
    return [...values]
  }

  /** Names and types; a struct may also have types alone, as `row(1, 2)` makes it. */
  #fields(mayBeUnnamed: boolean): readonly Field[] {
    const fields: Field[] = []
    const seen = new Set<string>()
    this.#list(() => {
      const token = this.#token
      const unnamed = mayBeUnnamed && (fields.length === 0 ? this.#startsUnnamed() : fields[0]?.name === '')
      if (!unnamed) this.#fieldName()
      const name = unnamed ? '' : token.value
      const key = name.toLowerCase()
      if (!unnamed && seen.has(key)) throw this.#error(`the name ${token.written} is there twice`, token)
      seen.add(key)
      fields.push({ name, type: this.type() })
    })
    return fields
  }

  #fieldName(): void {
    const { kind, value } = this.#token
    if ((kind !== 'word' && kind !== 'name') || value === '') throw this.#expected('a name')
    this.#index++
  }

  /** A name is followed by the first word of a type; a type by a mark, or by words that belong to its own name. */
  #startsUnnamed(): boolean {
    const next = this.#tokens[this.#index + 1]
    if (next === undefined) return true
    if (next.kind !== 'word' && next.kind !== 'name') return true
    const word = next.value.toUpperCase()
    return (
      next.kind === 'word' && (word === 'ARRAY' || followingWords.has(word)) && !simpleTypeNames.has(word)
    )
  }

  #list(item: () => void): void {
    this.#mark('(')
    item()
    while (this.#isMark(',')) {
      this.#index++
      item()
    }
    if (!this.#isMark(')')) throw this.#expected("',' or ')'")
    this.#index++
  }

  #parameters(most: number, range: Range = { least: 0, most: 2 ** 31 - 1 }): readonly number[] {
    const numbers: number[] = []
    const start = this.#token
    this.#list(() => numbers.push(this.#number(range)))
    if (numbers.length > most) throw this.#error(`expected at most ${most} parameters`, start)
    return numbers
  }

  #number({ least, most }: Range): number {
    const value = Number(this.#token.value)
    if (this.#token.kind !== 'number' || value < least || value > most) {
      throw this.#expected(`a whole number from ${least} to ${most}`)
    }
    this.#index++
    return value
  }

  #mark(mark: string): void {
    if (!this.#isMark(mark)) throw this.#expected(`'${mark}'`)
    this.#index++
  }

  #isMark(mark: string): boolean {
    return this.#token.kind === 'mark' && this.#token.value === mark
  }

  #takeWord(word: string): boolean {
    if (this.#token.kind !== 'word' || this.#token.value.toUpperCase() !== word) return false
    this.#index++
    return true
  }

  #nest(): void {
    if (++this.#nesting > maxNesting) throw this.#error(`types nest at most ${maxNesting} deep`, this.#token)
  }

  #expected(what: string): EngineError {
    const { kind, written } = this.#token
    return this.#error(`expected ${what}, got ${kind === 'end' ? 'the end' : `'${written}'`}`, this.#token)
  }

  #error(problem: string, { position }: TypeToken, hint?: string): EngineError {
    const text = this.#text.length > 200 ? `${this.#text.slice(0, 200)}…` : this.#text
    return new EngineError(
      'DEFINITION_INVALID',
      `cannot read the type '${text}': ${problem} at position ${position + 1}`,
      {
        hint:
          hint ??
          'a type is written as in DuckDB: BIGINT, DECIMAL(18, 3), VARCHAR[], STRUCT(a INTEGER, b VARCHAR)',
      },
    )
  }
}

function timestampKind(digits: number): SimpleKind {
  if (digits === 0) return 'timestamp_s'
  if (digits <= 3) return 'timestamp_ms'
  return digits <= 6 ? 'timestamp' : 'timestamp_ns'
}

interface Range {
  readonly least: number
  readonly most: number
}
