import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { planRuns } from '../../udf/executors/onnx/text/runs.ts'
import { openTokenizer } from '../../udf/executors/onnx/text/tokenizer.ts'
import { bertTokenizer, folderOf } from './textHarness.ts'

const { vocab } = bertTokenizer()['model'] as { vocab: Record<string, number> }
const names = new Map(Object.entries(vocab).map(([name, id]) => [id, name]))

interface Given {
  readonly tokenizer?: Readonly<Record<string, unknown>>
  readonly config?: unknown
  readonly maxLength?: number | null
  readonly graphLength?: number | null
}

function open({ tokenizer = {}, config, maxLength = null, graphLength = null }: Given = {}) {
  const folder = folderOf({
    'tokenizer.json': bertTokenizer(tokenizer),
    'tokenizer_config.json': config ?? {},
  })
  const paths = { tokenizer: `${folder}/tokenizer.json`, config: `${folder}/tokenizer_config.json` }
  return openTokenizer(paths, { maxLength, graphLength })
}

async function tokens(text: string, given: Given = {}): Promise<string> {
  const { ids } = (await open(given)).tokenize([text])
  return Array.from(ids, (id) => names.get(id)).join(' ')
}

describe('tokens', () => {
  it.each([
    ['', '[CLS] [SEP]'],
    [' \t\n\u3000', '[CLS] [SEP]'],
    ['Hello, WORLDS.', '[CLS] hello [UNK] world ##s . [SEP]'],
    ['unable unab unaz', '[CLS] unable un ##a ##b [UNK] [SEP]'],
    ['héllo h\u0065\u0301llo', '[CLS] hello hello [SEP]'],
    ['a\u0000\u200b\ufffdb', '[CLS] a ##b [SEP]'],
    ['漢a漢𠀀', '[CLS] 漢 a 漢 [UNK] [SEP]'],
    ['ΣΟΦΟΣ', '[CLS] σοφοσ [SEP]'],
    ['[MASK]a[SEP] [mask]', '[CLS] [MASK] a [SEP] [UNK] [UNK] [UNK] [SEP]'],
    ['##s', '[CLS] # # s [SEP]'],
    ['hello\ud800 \udc00world', '[CLS] hello world [SEP]'],
    [`${'a'.repeat(20)} ${'a'.repeat(21)}`, `[CLS] a${' ##a'.repeat(19)} [UNK] [SEP]`],
  ])('of %j', async (text, expected) => {
    expect(await tokens(text)).toBe(expected)
  })

  it('keep case and accents where the tokenizer does', async () => {
    const normalizer = {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: false,
      strip_accents: null,
      lowercase: false,
    }
    expect(await tokens('Hello hello é 漢漢 ab', { tokenizer: { normalizer } })).toBe(
      '[CLS] [UNK] hello [UNK] [UNK] a ##b [SEP]',
    )
  })
})

describe('the greatest length', () => {
  const long = 'a b c d e f g h'
  const truncation = { max_length: 5, strategy: 'LongestFirst', stride: 0 }
  const config = { model_max_length: 6 }

  it('is what was asked for, or what tokenizer.json says, or its configuration, and no more than the graph takes', async () => {
    expect(await tokens(long, { maxLength: 4, tokenizer: { truncation }, config })).toBe('[CLS] a b [SEP]')
    expect(await tokens(long, { tokenizer: { truncation }, config })).toBe('[CLS] a b c [SEP]')
    expect(await tokens(long, { config })).toBe('[CLS] a b c d [SEP]')
    expect(await tokens(long, { config, graphLength: 3 })).toBe('[CLS] a [SEP]')
    expect(await tokens(long, { graphLength: 3 })).toBe('[CLS] a [SEP]')
    expect(await tokens(long, { config: { model_max_length: 1e30 } })).toBe('[CLS] a b c d e f g h [SEP]')
  })

  it('cuts in the midst of a word, and on the side that the tokenizer says', async () => {
    expect(await tokens('unab', { maxLength: 4 })).toBe('[CLS] un ##a [SEP]')
    const left = { truncation: { ...truncation, direction: 'Left' } }
    expect(await tokens(long, { tokenizer: left })).toBe('[CLS] f g h [SEP]')
    expect(await tokens('[MASK] a [MASK] b c d', { maxLength: 5 })).toBe('[CLS] [MASK] a [MASK] [SEP]')
  })

  it('leaves room for a text', async () => {
    await expect(open({ maxLength: 2 })).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringMatching(
        /^tokenizer '.*tokenizer.json' cannot be used: it puts 2 special tokens around a text, which leaves none of 2 for the text itself\n {2}give a maxLength above 2$/,
      ),
    })
  })
})

describe('other tokenizers', () => {
  it('are read by the library', async () => {
    const tokenizer = {
      normalizer: { type: 'Lowercase' },
      pre_tokenizer: { type: 'WhitespaceSplit' },
      post_processor: {
        type: 'Sequence',
        processors: [
          { type: 'ByteLevel' },
          { type: 'RobertaProcessing', cls: ['[CLS]', 2], sep: ['[SEP]', 3] },
        ],
      },
    }
    expect(await tokens('Hello unable b.', { tokenizer })).toBe('[CLS] hello unable [UNK] [SEP]')
    expect(await tokens('a b c d', { tokenizer, maxLength: 4 })).toBe('[CLS] a b [SEP]')
  })

  it('tell the types of their tokens', async () => {
    const post_processor = {
      type: 'TemplateProcessing',
      single: [{ Sequence: { id: 'A', type_id: 1 } }, { SpecialToken: { id: '[SEP]', type_id: 2 } }],
      special_tokens: { '[SEP]': { id: '[SEP]', ids: [3] } },
    }
    const opened = await open({ tokenizer: { post_processor } })
    expect([...(opened.tokenize(['a b', '', 'c']).types ?? [])]).toEqual([1, 1, 2, 2, 1, 2])
  })

  it('find what they pad with', async () => {
    const padding = { pad_id: 4, pad_type_id: 1, direction: 'Left' }
    expect((await open({ tokenizer: { padding } })).padding).toEqual({ id: 4, type: 1, side: 'left' })
    const config = { pad_token: { content: '[MASK]' }, padding_side: 'left' }
    expect((await open({ config })).padding).toEqual({ id: 4, type: 0, side: 'left' })
    expect((await open()).padding).toEqual({ id: 0, type: 0, side: 'right' })
  })

  it.each<[string, unknown, string]>([
    ['no JSON', '{', 'it is no JSON: '],
    ['a list', '[]', 'it is no JSON object'],
    ['a vocabulary', { a: 1 }, "it is no tokenizer.json: it has no 'model'"],
    ['an unknown model', bertTokenizer({ model: { type: 'Other' } }), 'Unknown TokenizerModel type: Other'],
    [
      'an unknown post-processor',
      bertTokenizer({ post_processor: { type: 'Other' } }),
      "its post_processor is of the unknown type 'Other'",
    ],
    [
      'a template without a text',
      bertTokenizer({ post_processor: { type: 'TemplateProcessing', single: [] } }),
      'the template of its post_processor has no place for a text',
    ],
  ])('fail to open: %s', async (_, content, problem) => {
    const path = `${folderOf({ 'tokenizer.json': content })}/tokenizer.json`
    const opening = openTokenizer({ tokenizer: path, config: null }, { maxLength: null, graphLength: null })
    await expect(opening).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringContaining(`tokenizer '${path}' cannot be used: ${problem}`),
    })
  })

  it('fail to open where there is no file', async () => {
    const opening = openTokenizer(
      { tokenizer: '/nowhere/tokenizer.json', config: null },
      { maxLength: null, graphLength: null },
    )
    await expect(opening).rejects.toMatchObject({ code: 'IO_FAILED' })
  })
})

describe('a plan of runs', () => {
  const lengthsOf = fc
    .array(fc.integer({ min: 1, max: 60 }), { maxLength: 80 })
    .map((lengths) => Int32Array.from(lengths))
  const limits = fc.record({
    maxRows: fc.integer({ min: 1, max: 16 }),
    runCost: fc.integer({ min: 0, max: 100 }),
    pads: fc.boolean(),
  })

  it('has every text once, by length, with no more padding than it may', () => {
    fc.assert(
      fc.property(lengthsOf, limits, (lengths, given) => {
        const runs = planRuns(lengths, given)
        const rows = runs.flatMap((run) => [...run.rows])
        expect(rows.toSorted((a, b) => a - b)).toEqual([...lengths.keys()])
        for (const run of runs) {
          const own = Array.from(run.rows, (row) => lengths[row]!)
          expect(run.rows.length).toBeLessThanOrEqual(given.maxRows)
          expect(run.tokens).toBe(Math.max(...own))
          if (!given.pads) expect(new Set(own).size).toBe(1)
        }
      }),
    )
  })

  it('costs no more than one in the order of the texts, nor than full runs by length', () => {
    fc.assert(
      fc.property(lengthsOf, limits, (lengths, { maxRows, runCost }) => {
        const cost = (runs: readonly (readonly number[])[]): number =>
          runs.reduce((sum, run) => sum + runCost + run.length * Math.max(...run), 0)
        const chunks = (all: readonly number[]): number[][] =>
          Array.from({ length: Math.ceil(all.length / maxRows) }, (_, k) =>
            all.slice(k * maxRows, (k + 1) * maxRows),
          )
        const planned = planRuns(lengths, { maxRows, runCost, pads: true })
        const own = cost(planned.map(({ rows }) => Array.from(rows, (row) => lengths[row]!)))
        expect(own).toBeLessThanOrEqual(cost(chunks([...lengths])))
        expect(own).toBeLessThanOrEqual(cost(chunks([...lengths].toSorted((a, b) => a - b))))
      }),
    )
  })

  it('fills runs of equal texts', () => {
    const runs = planRuns(new Int32Array(100).fill(20), { maxRows: 32, runCost: 16, pads: true })
    expect(runs.map(({ rows }) => rows.length)).toEqual([32, 32, 32, 4])
  })

  it('cuts a run where padding costs more than another one', () => {
    expect(rowsOfRuns(16)).toEqual([[1], [0, 2, 3]])
    expect(rowsOfRuns(10_000)).toEqual([[0, 2, 3, 1]])
  })
})

function rowsOfRuns(runCost: number): number[][] {
  const runs = planRuns(Int32Array.of(5, 200, 5, 6), { maxRows: 32, runCost, pads: true })
  return runs.map(({ rows }) => [...rows])
}
