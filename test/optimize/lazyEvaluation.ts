import type { Expr } from '../../src/expr/expr.ts'
import { containsCall, isVolatile } from '../../src/expr/walk.ts'
import { catalogOf } from '../planDatabase.ts'
import { generatorStubs } from '../planGenerator.ts'

type Value = bigint | string | boolean | null | readonly Value[]
type Row = Readonly<Record<string, Value>>

const stubs = new Map(generatorStubs.map((stub) => [stub.name, stub]))
const catalog = catalogOf(generatorStubs)

/** Evaluates expressions of the plan generator one row at a time, and only what the result depends on. */
export class LazyEvaluator {
  readonly calls = new Set<string>()

  /** Whether a filter lets a row pass: what makes no call comes first, then each condition as it is written. */
  passes(predicate: Expr, row: Row): boolean {
    const all = predicate.kind === 'and' ? predicate.args : [predicate]
    const isCheap = (expr: Expr): boolean => !containsCall(expr) && !isVolatile(expr, catalog)
    const ordered = [...all.filter(isCheap), ...all.filter((expr) => !isCheap(expr))]
    return ordered.every((conjunct) => this.evaluate(conjunct, row, true) === true)
  }

  /** For a `condition` it does not matter whether it is false or null. */
  evaluate(expr: Expr, row: Row, condition: boolean): Value {
    const value = (of: Expr): Value => this.evaluate(of, row, false)
    switch (expr.kind) {
      case 'column':
        return row[expr.name] ?? null
      case 'literal':
        return expr.value as Value
      case 'call': {
        const args = expr.args.map(value) as (bigint | string | boolean | null)[]
        this.calls.add(JSON.stringify([expr.function, ...args.map(String)]))
        return stubs.get(expr.function)!.compute(...args)
      }
      case 'and':
      case 'or':
        return this.#logical(expr.kind, expr.args, row, condition)
      case 'case': {
        const branch = expr.branches.find(({ when }) => this.evaluate(when, row, true) === true)
        const chosen = branch?.result ?? expr.otherwise
        return chosen === null ? null : this.evaluate(chosen, row, condition)
      }
      case 'coalesce': {
        for (const arg of expr.args) {
          const found = value(arg)
          if (found !== null) return found
        }
        return null
      }
      case 'sql':
        return compute(expr.parts, expr.args.map(value))
    }
  }

  #logical(kind: 'and' | 'or', args: readonly Expr[], row: Row, condition: boolean): Value {
    const decisive = kind === 'or'
    let result: Value = !decisive
    for (const arg of args) {
      const operand = this.evaluate(arg, row, condition)
      if (operand === decisive) return decisive
      if (operand === null) {
        if (condition && kind === 'and') return false
        result = null
      }
    }
    return result
  }
}

/** The texts of the generator, which merge when they stand in each other. */
function compute(parts: readonly string[], args: readonly Value[]): Value {
  const tokens = parts.flatMap((part, index) => [
    ...(part.match(/upper|NOT|IS NULL|[()[\],%+>]|\d+/g) ?? []),
    ...(index < args.length ? [index] : []),
  ])
  return new TextParser(tokens, args).parse()
}

class TextParser {
  readonly #tokens: readonly (string | number)[]
  readonly #args: readonly Value[]
  #at = 0

  constructor(tokens: readonly (string | number)[], args: readonly Value[]) {
    this.#tokens = tokens
    this.#args = args
  }

  parse(): Value {
    const left = this.#sum()
    if (this.#accept('IS NULL')) return left === null
    if (!this.#accept('>')) return left
    const right = this.#sum()
    return left === null || right === null ? null : left > right
  }

  #sum(): Value {
    let left = this.#remainder()
    while (this.#accept('+')) left = number(left, this.#remainder(), (x, y) => x + y)
    return left
  }

  #remainder(): Value {
    let left = this.#primary()
    while (this.#accept('%')) left = number(left, this.#primary(), (x, y) => x % y)
    return left
  }

  #primary(): Value {
    const token = this.#tokens[this.#at++]
    if (typeof token === 'number') return this.#args[token] ?? null
    if (token === 'upper') return upper(this.#primary())
    if (token === 'NOT') {
      const operand = this.#primary()
      return operand === null ? null : operand === false
    }
    if (token === '(') {
      const inner = this.parse()
      this.#at++
      return inner
    }
    if (token === '[') {
      const items = [this.parse()]
      while (this.#accept(',')) items.push(this.parse())
      this.#at++
      return items
    }
    return BigInt(token ?? 'nothing')
  }

  #accept(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false
    this.#at++
    return true
  }
}

function upper(value: Value): Value {
  return typeof value === 'string' ? value.toUpperCase() : null
}

function number(x: Value, y: Value, operate: (x: bigint, y: bigint) => bigint): Value {
  return typeof x === 'bigint' && typeof y === 'bigint' ? operate(x, y) : null
}
