import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type {
  ModelArtifact,
  ModelBinding,
  ModelInterface,
  TextEmbeddingPipeline,
} from '../../catalog/models/model.ts'
import type { TextPipeline } from '../../catalog/models/textGraph.ts'
import type { Batch, ColumnData } from '../../src/arrow/column.ts'
import { encodeColumn } from '../../src/arrow/encode.ts'
import type { PipelineContext } from '../../udf/executors/onnx/pipeline.ts'
import { oneSession } from './runtime.ts'

/** A tokenizer.json of BERT's kind, of a few words. */
export function bertTokenizer(more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const words = [
    '[PAD]',
    '[UNK]',
    '[CLS]',
    '[SEP]',
    '[MASK]',
    ...'abcdefghijklmnopqrstuvwxyz'.split(''),
    '.',
    '#',
    '漢',
  ]
  const pieces = ['un', 'unable', '##able', '##a', '##b', 'hello', 'σοφοσ', 'world', '##s']
  const vocab = Object.fromEntries([...words, ...pieces].map((word, id) => [word, id]))
  const special = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]']
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: special.map((content, id) => ({ id, content, special: true, normalized: false })),
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase: true,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [
        { SpecialToken: { id: '[CLS]', type_id: 0 } },
        { Sequence: { id: 'A', type_id: 0 } },
        { SpecialToken: { id: '[SEP]', type_id: 0 } },
      ],
      special_tokens: { '[CLS]': { id: '[CLS]', ids: [2] }, '[SEP]': { id: '[SEP]', ids: [3] } },
    },
    decoder: null,
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 20,
      vocab,
    },
    ...more,
  }
}

/** Writes files into a folder of their own and gives its path. */
export function folderOf(files: Readonly<Record<string, unknown>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'callplane-text-'))
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content))
  }
  return folder
}

export const embeddingPipeline: TextEmbeddingPipeline = {
  kind: 'textEmbedding',
  pooling: 'mean',
  normalize: false,
  maxLength: null,
  prefix: '',
}

/** A graph that gives `size` numbers for each token, or, of rank 2, for each text. */
export function graphOf(
  size: number,
  rank: 2 | 3,
  inputs: readonly string[] = ['input_ids', 'attention_mask'],
) {
  const shape = rank === 3 ? ['b', 's', size] : ['b', size]
  return {
    inputs: inputs.map((name) => ({ name, type: 'int64', shape: ['b', 's'] }) as const),
    outputs: [{ name: 'out', type: 'float32', shape } as const],
  }
}

export function bindingOf(
  pipeline: TextPipeline,
  graph: ModelInterface,
  files: { readonly tokenizer: string; readonly config?: string; readonly batchSize?: number },
): ModelBinding {
  return {
    version: {
      name: 'words',
      version: 3,
      created: 0,
      model: artifact('words.onnx'),
      artifacts: {
        tokenizer: artifact(files.tokenizer),
        ...(files.config === undefined ? {} : { tokenizerConfig: artifact(files.config) }),
      },
      inputs: [{ name: 'text', type: { kind: 'varchar' } }],
      output: { kind: 'null' },
      graph,
      pipeline,
      metadata: {},
    },
    runtime: {
      ...oneSession,
      batchSize: files.batchSize ?? 32,
    },
  }
}

function artifact(path: string): ModelArtifact {
  return { path, digest: '', bytes: 0 }
}

export function batchOf(texts: readonly (string | null)[]): Batch {
  return { length: texts.length, columns: [encodeColumn({ kind: 'varchar' }, texts)] }
}

export const context: PipelineContext = {
  function: 'model.words',
  batch: 7,
  firstRow: 0,
  reportsRows: false,
  signal: new AbortController().signal,
}

/** The rows of an ARRAY of floats. */
export function rowsOf(column: ColumnData): number[][] {
  const values = column.children[0]?.values as Float32Array
  const size = column.length === 0 ? 0 : values.length / column.length
  return Array.from({ length: column.length }, (_, row) => [...values.subarray(row * size, (row + 1) * size)])
}
