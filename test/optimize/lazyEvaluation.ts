import type { Expr } from '../../src/expr/expr.ts'
import { containsCall, isVolatile } from '../../src/expr/walk.ts'
import { catalogOf, toValue, type Value } from '../planDatabase.ts'
import { generatorStubs } from '../planGenerator.ts'

type Nested = Value | readonly Nested[]
function toNested(value: unknown): Nested {
  return Array.isArray(value) ? value.map(toNested) : toValue(value)
}

function isCheap(expr: Expr): boolean {
  return !containsCall(expr) && !isVolatile(expr, catalog)
}

type Row = Readonly<Record<string, Nested>>

const stubs = new Map(generatorStubs.map((stub) => [stub.name, stub]))
const catalog = catalogOf(generatorStubs)

/** Evaluates expressions of the plan generator one row at a time, and only what the result depends on. */
export class LazyEvaluator {
  readonly calls = new Set<string>()

  /** Whether a filter lets a row pass: what makes no call comes first, then each condition as it is written. */
  passes(predicate: Expr, row: Row): boolean {
    const all = predicate.kind === 'and' ? predicate.args : [predicate]
    const ordered = [...all.filter(isCheap), ...all.filter((expr) => !isCheap(expr))]
    return ordered.every((conjunct) => this.evaluate(conjunct, row, true) === true)
  }

  /** For a `condition` it does not matter whether it is false or null. */
  evaluate(expr: Expr, row: Row, condition: boolean): Nested {
    const value = (of: Expr): Nested => this.evaluate(of, row, false)
    switch (expr.kind) {
      case 'column':
        return row[expr.name] ?? null
      case 'literal':
        return toNested(expr.value)
      case 'call': {
        const args = expr.args.map((arg) => toValue(value(arg)))
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

  #logical(kind: 'and' | 'or', args: readonly Expr[], row: Row, condition: boolean): Nested {
    const decisive = kind === 'or'
    let result: Nested = !decisive
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
function compute(parts: readonly string[], args: readonly Nested[]): Nested {
  const tokens = parts.flatMap((part, index) => [
    ...(part.match(/upper|NOT|IS NULL|[()[\],%+>]|\d+/g) ?? []),
    ...(index < args.length ? [index] : []),
  ])
  return new TextParser(tokens, args).parse()
}

class TextParser {
  readonly #tokens: readonly (string | number)[]
  readonly #args: readonly Nested[]
  #at = 0

  constructor(tokens: readonly (string | number)[], args: readonly Nested[]) {
    this.#tokens = tokens
    this.#args = args
  }

  parse(): Nested {
    const left = this.#sum()
    if (this.#accept('IS NULL')) return left === null
    if (!this.#accept('>')) return left
    const right = this.#sum()
    return left === null || right === null ? null : left > right
  }

  #sum(): Nested {
    let left = this.#remainder()
    while (this.#accept('+')) left = number(left, this.#remainder(), (x, y) => x + y)
    return left
  }

  #remainder(): Nested {
    let left = this.#primary()
    while (this.#accept('%')) left = number(left, this.#primary(), (x, y) => x % y)
    return left
  }

  #primary(): Nested {
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

function upper(value: Nested): Nested {
  return typeof value === 'string' ? value.toUpperCase() : null
}

function number(x: Nested, y: Nested, operate: (x: bigint, y: bigint) => bigint): Nested {
  return typeof x === 'bigint' && typeof y === 'bigint' ? operate(x, y) : null
}
