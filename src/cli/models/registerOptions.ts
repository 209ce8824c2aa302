import { readFile } from 'node:fs/promises'
import type { RegisterModelOptions } from '../../../catalog/models/modelRegistry.ts'
import { type TextModel, textClassification, textEmbedding } from '../../../catalog/models/textModels.ts'
import { EngineError, messageOf } from '../../base/errors.ts'
import { moduleExport } from '../moduleExport.ts'
import type { RegisterFlags, TextFlags } from './modelFlags.ts'

/** Throws USAGE_INVALID for flags that contradict each other, and what the options themselves are refused with. */
export async function registerOptions(
  name: string,
  path: string,
  flags: RegisterFlags,
): Promise<RegisterModelOptions> {
  const { input, outputType, preprocess, postprocess, metadata, alias, file } = flags
  return {
    name,
    model: await modelOf(path, flags),
    ...(input === undefined ? {} : { inputSchema: input }),
    ...(outputType === undefined ? {} : { outputSchema: outputType }),
    ...(preprocess === undefined ? {} : { preprocess: moduleOf(preprocess) }),
    ...(postprocess === undefined ? {} : { postprocess: moduleOf(postprocess) }),
    metadata,
    aliases: alias,
    files: file,
  }
}

async function modelOf(model: string, flags: TextFlags): Promise<string | TextModel> {
  const { tokenizer, pooling, normalize, maxLength, prefix, labels } = flags
  if (tokenizer === undefined) {
    const given = Object.entries({ pooling, labels, maxLength, prefix }).find(
      ([, value]) => value !== undefined,
    )
    if (given === undefined && normalize) return model
    throw misused(
      given === undefined ? '--no-normalize' : flagOf(given[0]),
      'is for texts and needs --tokenizer',
    )
  }
  const shared = {
    model,
    tokenizer,
    ...(maxLength === undefined ? {} : { maxLength }),
    ...(prefix === undefined ? {} : { prefix }),
  }
  if (labels === undefined) {
    return textEmbedding({ ...shared, normalize, ...(pooling === undefined ? {} : { pooling }) })
  }
  if (pooling !== undefined) throw misused('--pooling', notOfClasses)
  if (!normalize) throw misused('--no-normalize', notOfClasses)
  return textClassification({ ...shared, labels: await readLabels(labels) })
}

const notOfClasses = 'is for embeddings, and --labels for classification'

function misused(flag: string, problem: string): EngineError {
  return new EngineError('USAGE_INVALID', `${flag} ${problem}`)
}

function flagOf(name: string): string {
  return `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}

async function readLabels(labels: string): Promise<readonly string[]> {
  if (!labels.startsWith('@')) return labels.split(',').map((label) => label.trim())
  const path = labels.slice(1)
  try {
    const lines = (await readFile(path, 'utf8')).replace(/^\uFEFF/, '').split(/\r?\n/)
    return lines.at(-1) === '' ? lines.slice(0, -1) : lines
  } catch (error) {
    throw new EngineError(
      'IO_FAILED',
      `cannot read the labels in ${path}: ${messageOf(error)}`,
      { path },
      error,
    )
  }
}

function moduleOf(text: string): string | { readonly module: string; readonly export: string } {
  const { module, exportName } = moduleExport(text)
  return exportName === null ? module : { module, export: exportName }
}
