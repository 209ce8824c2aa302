import { readFile } from 'node:fs/promises'
import { EngineError, messageOf } from '../../../../src/base/errors.ts'

/** An object of a JSON file. */
export type Json = Readonly<Record<string, unknown>>

/** A tokenizer.json, and the tokenizer_config.json that may be beside it. */
export interface TokenizerFiles {
  /** Path of the tokenizer, for messages. */
  readonly path: string
  readonly tokenizer: Json
  /** Empty where there is none. */
  readonly config: Json
}

/** Fails with IO_FAILED for a file that is not read, and with MODEL_INVALID for one that is no tokenizer's. */
export async function readTokenizerFiles(path: string, configPath: string | null): Promise<TokenizerFiles> {
  const tokenizer = await readJson(path)
  if (objectIn(tokenizer, 'model') === null) {
    throw invalidTokenizer(path, "it is no tokenizer.json: it has no 'model'", {
      hint: 'give the tokenizer.json that the model was published with, not its vocabulary or configuration',
    })
  }
  return { path, tokenizer, config: configPath === null ? {} : await readJson(configPath) }
}

/** `problem` follows "tokenizer '<path>' cannot be used: ". */
export function invalidTokenizer(
  path: string,
  problem: string,
  { hint, cause }: { readonly hint?: string; readonly cause?: unknown } = {},
): EngineError {
  const details = hint === undefined ? { path } : { path, hint }
  return new EngineError('MODEL_INVALID', `tokenizer '${path}' cannot be used: ${problem}`, details, cause)
}

async function readJson(path: string): Promise<Json> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    throw new EngineError('IO_FAILED', `cannot read '${path}': ${messageOf(error)}`, { path }, error)
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw invalidTokenizer(path, `it is no JSON: ${messageOf(error)}`, { cause: error })
  }
  if (!isObject(value)) throw invalidTokenizer(path, 'it is no JSON object')
  return value
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A field that is an object; null for any other. */
export function objectIn(json: Json | null, name: string): Json | null {
  const value = json?.[name]
  return isObject(value) ? value : null
}

/** The objects of a field that is a list. */
export function objectsIn(json: Json | null, name: string): readonly Json[] {
  const value = json?.[name]
  return Array.isArray(value) ? value.filter(isObject) : []
}

/** A field that is a whole number from 0; null for any other. */
export function countIn(json: Json | null, name: string): number | null {
  const value = json?.[name]
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null
}

export function textIn(json: Json | null, name: string): string | null {
  const value = json?.[name]
  return typeof value === 'string' ? value : null
}
