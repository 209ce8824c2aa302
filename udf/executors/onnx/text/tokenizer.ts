import { bertEncoder } from './bertTokenizer.ts'
import { libraryEncoder } from './libraryEncoder.ts'
import { readSpecialTokens, type SpecialToken } from './specialTokens.ts'
import {
  countIn,
  invalidTokenizer,
  type Json,
  objectIn,
  objectsIn,
  readTokenizerFiles,
  type TokenizerFiles,
  textIn,
} from './tokenizerFile.ts'
import { type TokenEncoder, TokenList } from './tokenList.ts'

type Side = 'left' | 'right'

/** What fills up the shorter texts of a run. */
export interface Padding {
  readonly id: number
  readonly type: number
  readonly side: Side
}

/** Token ids of texts, special ones included, one text behind the other. */
export interface TokenRows {
  /** One more than there are texts. */
  readonly offsets: Int32Array
  readonly ids: Int32Array
  /** `token_type_ids` by token; null where all are 0. */
  readonly types: Int32Array | null
}

/** Some tokenizers say `no limit` with a number like this. */
const LENGTH_MAX = 1e6

/** Reads a tokenizer. `maxLength` is what the user asks for, `graphLength` what the graph takes. Fails with MODEL_INVALID. */
export async function openTokenizer(
  paths: { readonly tokenizer: string; readonly config: string | null },
  { maxLength, graphLength }: { readonly maxLength: number | null; readonly graphLength: number | null },
): Promise<Tokenizer> {
  const files = await readTokenizerFiles(paths.tokenizer, paths.config)
  const encoder = bertEncoder(files.tokenizer) ?? (await libraryEncoder(files))
  return new Tokenizer(files, encoder, leastOf(maxLength ?? lengthOf(files), graphLength))
}

/** Makes tokens of texts as a tokenizer.json says, cut to the length that a model takes. */
export class Tokenizer {
  readonly padding: Padding
  /** Tokens of a text at most, special ones included; null for any number. */
  readonly maxLength: number | null
  readonly #encoder: TokenEncoder
  readonly #before: readonly SpecialToken[]
  readonly #after: readonly SpecialToken[]
  readonly #type: number
  readonly #cut: Side
  readonly #textLength: number

  constructor(files: TokenizerFiles, encoder: TokenEncoder, maxLength: number | null) {
    const special = readSpecialTokens(files)
    const specials = special.before.length + special.after.length
    if (maxLength !== null && maxLength <= specials) {
      throw invalidTokenizer(
        files.path,
        `it puts ${specials} special tokens around a text, which leaves none of ${maxLength} for the text itself`,
        { hint: `give a maxLength above ${specials}` },
      )
    }
    this.maxLength = maxLength
    this.padding = readPadding(files)
    this.#encoder = encoder
    this.#before = special.before
    this.#after = special.after
    this.#type = special.type
    this.#cut = sideOf(textIn(objectIn(files.tokenizer, 'truncation'), 'direction'))
    this.#textLength = maxLength === null ? Number.POSITIVE_INFINITY : maxLength - specials
  }

  tokenize(texts: readonly string[]): TokenRows {
    const ids = new TokenList()
    const offsets = new Int32Array(texts.length + 1)
    const before = this.#before.map(({ id }) => id)
    const after = this.#after.map(({ id }) => id)
    texts.forEach((text, row) => {
      ids.append(before)
      this.#encode(text, ids)
      ids.append(after)
      // A model takes one token at least.
      if (ids.length === offsets[row]) ids.push(this.padding.id)
      offsets[row + 1] = ids.length
    })
    return { offsets, ids: ids.view(), types: this.#types(offsets) }
  }

  #encode(text: string, into: TokenList): void {
    const from = into.length
    const limit = this.#textLength
    this.#encoder.encode(text, into, this.#cut === 'right' ? limit : Number.POSITIVE_INFINITY)
    const excess = into.length - from - limit
    if (excess <= 0) return
    if (this.#cut === 'right') into.length -= excess
    else into.remove(from, from + excess)
  }

  #types(offsets: Int32Array): Int32Array | null {
    const special = [...this.#before, ...this.#after]
    if (this.#type === 0 && special.every(({ type }) => type === 0)) return null
    const types = new Int32Array(offsets.at(-1) ?? 0).fill(this.#type)
    for (let row = 0; row + 1 < offsets.length; row++) {
      types.set(
        this.#before.map(({ type }) => type),
        offsets[row],
      )
      types.set(
        this.#after.map(({ type }) => type),
        offsets[row + 1]! - this.#after.length,
      )
    }
    return types
  }
}

function lengthOf({ tokenizer, config }: TokenizerFiles): number | null {
  const own = countIn(objectIn(tokenizer, 'truncation'), 'max_length')
  const stated = countIn(config, 'model_max_length')
  return own ?? (stated !== null && stated > 0 && stated <= LENGTH_MAX ? stated : null)
}

function leastOf(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.min(a, b)
}

function readPadding({ tokenizer, config }: TokenizerFiles): Padding {
  const padding = objectIn(tokenizer, 'padding')
  return {
    id: countIn(padding, 'pad_id') ?? idOf(tokenizer, padTokens(config)) ?? 0,
    type: countIn(padding, 'pad_type_id') ?? 0,
    side: sideOf(textIn(padding, 'direction') ?? textIn(config, 'padding_side')),
  }
}

/** The config names the token, or describes it. */
function padTokens(config: Json): readonly string[] {
  const token = textIn(config, 'pad_token') ?? textIn(objectIn(config, 'pad_token'), 'content')
  return token === null ? ['[PAD]', '<pad>'] : [token]
}

function idOf(tokenizer: Json, names: readonly string[]): number | null {
  const vocabulary = objectIn(objectIn(tokenizer, 'model'), 'vocab')
  const added = objectsIn(tokenizer, 'added_tokens')
  for (const name of names) {
    const token = added.find(({ content }) => content === name)
    const id = countIn(token ?? null, 'id') ?? countIn(vocabulary, name)
    if (id !== null) return id
  }
  return null
}

function sideOf(direction: string | null): Side {
  return direction?.toLowerCase() === 'left' ? 'left' : 'right'
}
