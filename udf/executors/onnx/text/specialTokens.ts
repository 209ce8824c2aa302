import {
  countIn,
  invalidTokenizer,
  isObject,
  type Json,
  objectIn,
  objectsIn,
  type TokenizerFiles,
  textIn,
} from './tokenizerFile.ts'

/** Tokens around those of a text. */
export interface SpecialTokens {
  readonly before: readonly SpecialToken[]
  readonly after: readonly SpecialToken[]
  /** `token_type_ids` of the text's own tokens. */
  readonly type: number
}

export interface SpecialToken {
  readonly id: number
  /** Its `token_type_ids`. */
  readonly type: number
}

const none: SpecialTokens = { before: [], after: [], type: 0 }

/** What a tokenizer.json's post-processor puts around one text. Fails with MODEL_INVALID for a kind that is not known. */
export function readSpecialTokens({ path, tokenizer }: TokenizerFiles): SpecialTokens {
  const { post_processor: processor = null } = tokenizer
  if (processor === null) return none
  return readProcessor(path, isObject(processor) ? processor : {})
}

function readProcessor(path: string, processor: Json): SpecialTokens {
  const type = textIn(processor, 'type')
  switch (type) {
    case 'TemplateProcessing':
      return readTemplate(path, processor)
    case 'BertProcessing':
    case 'RobertaProcessing':
      return {
        before: [{ id: idOfPair(path, processor, 'cls'), type: 0 }],
        after: [{ id: idOfPair(path, processor, 'sep'), type: 0 }],
        type: 0,
      }
    case 'ByteLevel':
      return none
    case 'Sequence':
      return objectsIn(processor, 'processors')
        .map((part) => readProcessor(path, part))
        .reduce(
          (inner, outer) => ({
            before: [...outer.before, ...inner.before],
            after: [...inner.after, ...outer.after],
            type: outer === none ? inner.type : outer.type,
          }),
          none,
        )
    default:
      throw invalidTokenizer(path, `its post_processor is of the unknown type '${type ?? ''}'`)
  }
}

function readTemplate(path: string, processor: Json): SpecialTokens {
  const items = objectsIn(processor, 'single')
  const place = items.findIndex((item) => 'Sequence' in item)
  if (place < 0) throw invalidTokenizer(path, 'the template of its post_processor has no place for a text')
  const special = objectIn(processor, 'special_tokens')
  const tokensOf = (parts: readonly Json[]): readonly SpecialToken[] =>
    parts.flatMap((item) => {
      const token = objectIn(item, 'SpecialToken')
      const name = textIn(token, 'id') ?? ''
      const ids = objectIn(special, name)?.['ids']
      if (!Array.isArray(ids)) throw invalidTokenizer(path, `its post_processor has no ids of '${name}'`)
      return ids.map((id) => ({ id: Number(id), type: countIn(token, 'type_id') ?? 0 }))
    })
  return {
    before: tokensOf(items.slice(0, place)),
    after: tokensOf(items.slice(place + 1)),
    type: countIn(objectIn(items[place] ?? null, 'Sequence'), 'type_id') ?? 0,
  }
}

/** `["[CLS]", 101]`. */
function idOfPair(path: string, processor: Json, name: string): number {
  const pair = processor[name]
  const id: unknown = Array.isArray(pair) ? pair[1] : null
  if (typeof id !== 'number') throw invalidTokenizer(path, `its post_processor has no id of '${name}'`)
  return id
}
