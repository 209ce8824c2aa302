import { readFile, rm, writeFile } from 'node:fs/promises'
import { Tokenizer } from '@huggingface/tokenizers'
import { collectDocuments } from '../../examples/functions/documents.ts'
import { plainDuckDb } from '../plainDuckDb.ts'

export interface TextsRequest {
  /** `uniform`: texts of one length; `mixed`: paragraphs and sentences as they come. */
  readonly kind: 'uniform' | 'mixed'
  readonly rows: number
  readonly path: string
  /** Path of the tokenizer.json by which lengths are counted. */
  readonly tokenizer: string
}

/** Tokens of a text, those that the tokenizer puts around it included. */
const UNIFORM_TOKENS = 32
const MIXED_TOKENS = { least: 5, most: 200 }

/** Writes parquet of `id` and `text`: distinct texts of the READMEs of the packages installed here, in the order of the packages. */
export async function task({ kind, rows, path, tokenizer: file }: TextsRequest): Promise<void> {
  const tokenizer = new Tokenizer(JSON.parse(await readFile(file, 'utf8')), {})
  const lengthOf = (text: string): number => tokenizer.encode(text).ids.length
  // Of more texts than are needed, so that they are of many packages.
  const enough = kind === 'uniform' ? rows : 3 * rows
  const found = new Set<string>()
  for await (const { kind: document, text } of collectDocuments('.')) {
    if (found.size >= enough) break
    if (document !== 'readme') continue
    for (const piece of kind === 'uniform' ? uniform(text, lengthOf) : mixed(text, lengthOf)) found.add(piece)
  }
  if (found.size < rows) throw new Error(`the READMEs in node_modules hold ${found.size} texts, not ${rows}`)
  const lines = spread([...found], rows).map((text, id) => JSON.stringify({ id, text }))
  const json = `${path}.json`
  await writeFile(json, lines.join('\n'))
  await plainDuckDb(
    `COPY (FROM read_json('${json}', columns = {id: 'BIGINT', text: 'VARCHAR'})) TO '${path}' (FORMAT parquet)`,
  )
  await rm(json)
}

/** Runs of words that have just so many tokens. */
function* uniform(text: string, lengthOf: (text: string) => number): Generator<string> {
  let words: string[] = []
  for (const word of text.split(/\s+/)) {
    words.push(word)
    if (words.length < UNIFORM_TOKENS / 4) continue
    const piece = words.join(' ')
    const length = lengthOf(piece)
    if (length === UNIFORM_TOKENS) yield piece
    if (length >= UNIFORM_TOKENS) words = []
  }
}

/** Paragraphs, and the sentences of those that are too long. */
function* mixed(text: string, lengthOf: (text: string) => number): Generator<string> {
  for (const paragraph of text.split(/\n\s*\n/)) {
    const length = lengthOf(paragraph)
    const pieces = length <= MIXED_TOKENS.most ? [paragraph] : paragraph.split(/(?<=[.!?])\s+|\n/)
    for (const piece of pieces.map((each) => each.replaceAll(/\s+/g, ' ').trim())) {
      const tokens = lengthOf(piece)
      if (tokens >= MIXED_TOKENS.least && tokens <= MIXED_TOKENS.most) yield piece
    }
  }
}

/** So many of them, at equal distances. */
function spread(texts: readonly string[], count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => texts[Math.floor((index * texts.length) / count)] ?? '')
}
