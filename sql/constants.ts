import { notConstant } from './callOptions.ts'
import { isOneOf, nameOf, stringValue, type Token } from './tokens.ts'
import type { ConstantTree, ExpressionTree } from './tree.ts'
import { numberText } from './treeJson.ts'

/** The value of a constant: text, numbers, truth values, NULL, and structs and lists of these; else `notConstant`. */
export function constantOfTree(tree: ExpressionTree): unknown {
  if (tree.class === 'CONSTANT') return plainConstant(tree)
  if (tree.class === 'CAST' && tree.cast_type.id === 'BOOLEAN' && tree.child.class === 'CONSTANT') {
    return tree.child.value.value === 't'
  }
  if (tree.class !== 'FUNCTION') return notConstant
  const items = tree.children.map(constantOfTree)
  if (items.includes(notConstant)) return notConstant
  if (tree.function_name === 'list_value') return items
  if (tree.function_name !== 'struct_pack') return notConstant
  return Object.fromEntries(tree.children.map(({ alias }, index) => [alias, items[index]]))
}

function plainConstant({ value: { type, is_null: isNull, value } }: ConstantTree): unknown {
  if (isNull) return null
  if (type.id === 'VARCHAR' || type.id === 'BOOLEAN') return value
  if (typeof value !== 'number' && typeof value !== 'string') return notConstant
  const number = Number(numberText(value))
  return type.id === 'DECIMAL' ? number / 10 ** scaleOf(type.type_info) : number
}

function scaleOf(typeInfo: unknown): number {
  const known = typeof typeInfo === 'object' && typeInfo !== null && 'scale' in typeInfo
  return known ? Number(typeInfo.scale) : 0
}

/** As {@link constantOfTree}, for the tokens from `start` up to `end`. */
export function constantOfTokens(tokens: readonly Token[], start: number, end: number): unknown {
  const reader = new ConstantReader(tokens, start)
  const value = reader.read()
  return reader.position === end ? value : notConstant
}

class ConstantReader {
  position: number
  readonly #tokens: readonly Token[]

  constructor(tokens: readonly Token[], start: number) {
    this.#tokens = tokens
    this.position = start
  }

  read(): unknown {
    if (this.#take('{')) return this.#struct()
    if (this.#take('[')) return this.#list()
    const sign = this.#take('-') ? -1 : 1
    const token = this.#tokens[this.position++]
    if (token?.kind === 'number') return sign * Number(token.text.replaceAll('_', ''))
    if (sign < 0 || token === undefined) return notConstant
    if (token.kind === 'string') return stringValue(token)
    if (isOneOf(token, 'null')) return null
    return isOneOf(token, 'true', 'false') ? isOneOf(token, 'true') : notConstant
  }

  #struct(): unknown {
    const fields = new Map<string, unknown>()
    while (!this.#take('}')) {
      const token = this.#tokens[this.position++]
      const name = token?.kind === 'string' ? stringValue(token) : nameOf(token)
      if (name === null || !this.#take(':')) return notConstant
      const value = this.read()
      if (value === notConstant) return notConstant
      fields.set(name, value)
      if (!this.#take(',') && !isOneOf(this.#tokens[this.position], '}')) return notConstant
    }
    return Object.fromEntries(fields)
  }

  #list(): unknown {
    const items: unknown[] = []
    while (!this.#take(']')) {
      const item = this.read()
      if (item === notConstant) return notConstant
      items.push(item)
      if (!this.#take(',') && !isOneOf(this.#tokens[this.position], ']')) return notConstant
    }
    return items
  }

  #take(symbol: string): boolean {
    const found = isOneOf(this.#tokens[this.position], symbol)
    if (found) this.position++
    return found
  }
}
