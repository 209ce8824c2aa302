import { AddedTokens } from './addedTokens.ts'
import { countIn, type Json, objectIn, objectsIn, textIn } from './tokenizerFile.ts'
import type { TokenEncoder } from './tokenList.ts'
import { WordPieceEncoder } from './wordPiece.ts'

/** The encoder of a tokenizer.json that is of BERT's kind; null for one of another kind. */
export function bertEncoder(tokenizer: Json): TokenEncoder | null {
  const normalizer = objectIn(tokenizer, 'normalizer')
  const model = objectIn(tokenizer, 'model')
  const added = objectsIn(tokenizer, 'added_tokens')
  const isBert =
    textIn(normalizer, 'type') === 'BertNormalizer' &&
    textIn(objectIn(tokenizer, 'pre_tokenizer'), 'type') === 'BertPreTokenizer' &&
    textIn(model, 'type') === 'WordPiece'
  // Those are looked for in other places of a text than as they stand there.
  if (!isBert || added.some((token) => token['normalized'] === true || token['single_word'] === true))
    return null
  const vocabulary = new Map(
    Object.entries(objectIn(model, 'vocab') ?? {}).map(([word, id]) => [word, Number(id)]),
  )
  const unknownId = vocabulary.get(textIn(model, 'unk_token') ?? '')
  if (unknownId === undefined) return null
  const lowercase = normalizer?.['lowercase'] !== false
  const stripAccents = normalizer?.['strip_accents'] ?? null
  const words = new WordPieceEncoder(
    {
      vocabulary,
      unknownId,
      continuingPrefix: textIn(model, 'continuing_subword_prefix') ?? '##',
      maxWordLength: countIn(model, 'max_input_chars_per_word') ?? 100,
    },
    {
      cleanText: normalizer?.['clean_text'] !== false,
      handleChineseChars: normalizer?.['handle_chinese_chars'] !== false,
      stripAccents: stripAccents === null ? lowercase : stripAccents === true,
      lowercase,
    },
  )
  return new AddedTokens(added, words)
}
