import { EngineError, messageOf } from '../../../../src/base/errors.ts'
import { invalidTokenizer, type TokenizerFiles } from './tokenizerFile.ts'
import type { TokenEncoder } from './tokenList.ts'

/** The encoder of any tokenizer.json that `@huggingface/tokenizers` reads. Fails with MODEL_INVALID for one that it does not. */
export async function libraryEncoder({ path, tokenizer, config }: TokenizerFiles): Promise<TokenEncoder> {
  const { Tokenizer } = await import('@huggingface/tokenizers')
  const parts = {
    decoder: null,
    post_processor: null,
    pre_tokenizer: null,
    normalizer: null,
    added_tokens: [],
  }
  let library: InstanceType<typeof Tokenizer>
  try {
    library = new Tokenizer({ ...parts, ...tokenizer }, config)
  } catch (error) {
    throw invalidTokenizer(path, messageOf(error), { cause: error })
  }
  return {
    encode(text, into) {
      try {
        // Where a model has no token for what is unknown, the reference leaves it out.
        const ids: readonly (number | undefined)[] = library.encode(text, { add_special_tokens: false }).ids
        into.append(ids.filter((id) => id !== undefined))
      } catch (error) {
        throw new EngineError(
          'MODEL_FAILED',
          `tokenizer '${path}' failed: ${messageOf(error)}`,
          { path },
          error,
        )
      }
    },
  }
}
