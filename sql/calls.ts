import { findFunction, lookup } from '../catalog/catalog.ts'
import type { CatalogSnapshot, FunctionSignature } from '../catalog/function.ts'
import { optionsText } from '../catalog/policy/optionsText.ts'
import type { CallOptions, CallOutcome } from '../catalog/policy/policies.ts'
import { isKeyword } from '../src/base/identifier.ts'
import { calledName, quoteIdentifier, quoteLiteral } from '../src/expr/render.ts'
import { nameKey } from '../src/plan/names.ts'
import { nameExpected, outcomeOf } from './bindCalls.ts'
import { bindGiven } from './callArguments.ts'
import { sqlCallOptions } from './callOptions.ts'
import { constantOfTokens } from './constants.ts'
import { errorAt, type StatementText, showingPlace } from './sqlError.ts'
import { closingIndex, isOneOf, nameOf, significantTokens, stringValue, type Token } from './tokens.ts'

/** A statement whose calls are in the form in which DuckDB makes them: `"name"(args…)`. */
export interface RewrittenText {
  readonly text: string
  readonly calls: readonly TextCall[]
}

export interface TextCall {
  readonly function: string
  readonly options: CallOptions | null
  readonly outcome: CallOutcome
  /** UTF-16 units from the start of the statement. */
  readonly position: number
}

/** Whether a statement may call the catalog; cheap, and true too often rather than too rarely. */
export function mentionsCalls(text: string, catalog: CatalogSnapshot): boolean {
  const names = new Set([...catalog.functions.keys()].map((name) => nameKey(name.split('.').at(-1) ?? name)))
  const tokens = significantTokens(text)
  return tokens.some((token, index) => {
    const name = nameOf(token)
    if (name === null || !isOneOf(tokens[index + 1], '(')) return false
    return outcomeOf(name) !== null || names.has(nameKey(name))
  })
}

/**
 * Rewrites the calls of any statement, which need not be one that DuckDB's parser gives a tree for: named arguments are put in
 * their places, metadata goes last as JSON. Throws CATALOG_CALL_INVALID, UNKNOWN_FUNCTION and WRONG_ARGUMENTS with the place.
 */
export function rewriteCalls(
  text: string,
  catalog: CatalogSnapshot,
  place: StatementText = { statement: text, offset: 0 },
): RewrittenText {
  const calls: TextCall[] = []
  const tokens = significantTokens(text)
  const rewriter = new CallRewriter(text, tokens, { catalog, place, calls })
  return { text: rewriter.rewrite(0, tokens.length), calls }
}

interface Rewriting {
  readonly catalog: CatalogSnapshot
  readonly place: StatementText
  readonly calls: TextCall[]
}

/** Tokens from `start` up to `end`. */
interface TokenRange {
  readonly start: number
  readonly end: number
}

interface FoundCall {
  readonly signature: FunctionSignature
  /** Index of the opening bracket. */
  readonly open: number
  readonly close: number
  readonly args: readonly TokenRange[]
  readonly outcome: CallOutcome
  readonly position: number
}

class CallRewriter {
  readonly #text: string
  readonly #tokens: readonly Token[]
  readonly #rewriting: Rewriting

  constructor(text: string, tokens: readonly Token[], rewriting: Rewriting) {
    this.#text = text
    this.#tokens = tokens
    this.#rewriting = rewriting
  }

  /** The text of some tokens, and of what is between them, with the calls in it rewritten. */
  rewrite(start: number, end: number): string {
    const first = start === 0 ? 0 : this.#startOf(start)
    const last = end === this.#tokens.length ? this.#text.length : this.#endOf(end - 1)
    let output = ''
    let copied = first
    for (let index = start; index < end; index++) {
      const call = this.#callAt(index)
      if (call === null) continue
      output += this.#text.slice(copied, this.#startOf(index)) + this.#written(call)
      copied = this.#endOf(call.close)
      index = call.close
    }
    return end <= start ? '' : output + this.#text.slice(copied, last)
  }

  #callAt(index: number): FoundCall | null {
    const token = this.#tokens[index]
    const name = nameOf(token)
    if (token === undefined || name === null || isOneOf(this.#tokens[index - 1], '.')) return null
    const position = token.start + this.#rewriting.place.offset
    const outcome = outcomeOf(name)
    if (outcome !== null) return this.#catalogCall(index, outcome, position)
    const second = isOneOf(this.#tokens[index + 1], '.') ? nameOf(this.#tokens[index + 2]) : null
    const full = second === null ? name : nameKey(name) === 'main' ? second : `${name}.${second}`
    const open = second === null ? index + 1 : index + 3
    if (!isOneOf(this.#tokens[open], '(')) return null
    const signature = findFunction(this.#rewriting.catalog, full)
    if (signature === null || this.#isDefinition(index, open)) return null
    return this.#found(signature, { open, first: open + 1, outcome: 'value', position })
  }

  #catalogCall(index: number, outcome: CallOutcome, position: number): FoundCall | null {
    const open = index + 1
    if (!isOneOf(this.#tokens[open], '(') || isOneOf(this.#tokens[index - 1], ...defining)) return null
    const { catalog, place } = this.#rewriting
    const name = this.#tokens[open + 1]
    if (name?.kind !== 'string' || !isOneOf(this.#tokens[open + 2], ',', ')')) {
      throw errorAt('CATALOG_CALL_INVALID', nameExpected(outcome), place.statement, { position })
    }
    const signature = showingPlace(place.statement, () => lookup(catalog, stringValue(name), position))
    const comma = isOneOf(this.#tokens[open + 2], ',')
    return this.#found(signature, { open, first: comma ? open + 3 : open + 2, outcome, position })
  }

  #found(
    signature: FunctionSignature,
    { first, ...call }: Pick<FoundCall, 'open' | 'outcome' | 'position'> & { readonly first: number },
  ): FoundCall {
    const close = closingIndex(this.#tokens, call.open)
    return { ...call, signature, close, args: this.#arguments(first, close) }
  }

  #arguments(first: number, close: number): readonly TokenRange[] {
    const args: TokenRange[] = []
    let start = first
    for (let index = first; index < close; index++) {
      if (isOneOf(this.#tokens[index], '(', '[', '{')) index = closingIndex(this.#tokens, index)
      else if (isOneOf(this.#tokens[index], ',')) {
        args.push({ start, end: index })
        start = index + 1
      }
    }
    return start < close ? [...args, { start, end: close }] : args
  }

  #written({ signature, args, outcome, position }: FoundCall): string {
    const { calls } = this.#rewriting
    const { statement } = this.#rewriting.place
    const given = args.map(({ start, end }) => {
      const name = this.#argumentName(start)
      return { name, value: { start: name === null ? start : start + 2, end } }
    })
    const bound = bindGiven(signature, given, { statement, position })
    const place = { function: signature.name, outcome, statement, position }
    const options =
      bound.options === null
        ? null
        : sqlCallOptions(constantOfTokens(this.#tokens, bound.options.start, bound.options.end), place)
    calls.push({ function: signature.name, options, outcome, position })
    const text = ({ start, end }: TokenRange): string => this.rewrite(start, end)
    const all = bound.args.map(text)
    const isPlain = options === null && outcome === 'value'
    if (bound.metadata !== null) all.push(`CAST(to_json(${text(bound.metadata)}) AS VARCHAR)`)
    else if (!isPlain) all.push('NULL')
    if (!isPlain) all.push(options === null ? 'NULL' : quoteLiteral(optionsText(options)))
    return `${quoteIdentifier(calledName({ function: signature.name, outcome }))}(${all.join(', ')})`
  }

  #argumentName(start: number): string | null {
    return isOneOf(this.#tokens[start + 1], '=>', ':=') ? nameOf(this.#tokens[start]) : null
  }

  /** A table, alias or index of the name of a function, with its columns in brackets. */
  #isDefinition(index: number, open: number): boolean {
    const before = this.#tokens[index - 1]
    if (before === undefined) return false
    if (before.kind === 'word') {
      const first = this.#tokens[0]
      const indexOn = isOneOf(before, 'on') && isOneOf(first, 'create')
      return indexOn || isOneOf(before, ...defining, ...introducing) || !isKeyword(before.text)
    }
    if (before.kind === 'name' || before.text === ')') return true
    const after = closingIndex(this.#tokens, open) + 1
    return isOneOf(this.#tokens[after], 'as') && isOneOf(this.#tokens[after + 1], '(', 'materialized', 'not')
  }

  #startOf(index: number): number {
    return this.#tokens[index]?.start ?? this.#text.length
  }

  #endOf(index: number): number {
    return this.#tokens[index]?.end ?? this.#text.length
  }
}

/** Words that go before the name of something with columns or parameters. */
const defining = ['table', 'into', 'view', 'macro', 'function', 'exists', 'index', 'references'] as const
/** Words that go before an alias or a table function. */
const introducing = ['as', 'from', 'join', 'with', 'recursive', 'update'] as const
