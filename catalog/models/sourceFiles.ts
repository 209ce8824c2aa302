import { existsSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { EngineError, messageOf } from '../../src/base/errors.ts'
import type { SourceFile } from './artifacts.ts'
import type { TextModel } from './textModels.ts'

/** A file to keep with its role in the version. */
export interface RoleFile extends SourceFile {
  readonly role: string
}

/** Files with weights, those beside the model included. They keep their place beside it, by which its graph names them. */
export function weightFiles(
  model: string,
  given: readonly string[],
  baseDirectory: string,
): readonly RoleFile[] {
  const beside = [`${model}.data`, `${model}_data`].filter((path) => existsSync(path))
  const paths = new Set([...given.map((path) => resolve(baseDirectory, path)), ...beside])
  return [...paths].map((path) => {
    const name = placeBeside(model, path)
    return { role: name, path, name }
  })
}

function placeBeside(model: string, path: string): string {
  const place = relative(dirname(model), path)
  return place.startsWith('..') || isAbsolute(place) ? basename(path) : place.replaceAll(sep, '/')
}

/** The files of a text model's tokenizer. */
export function tokenizerFiles(model: TextModel | null, baseDirectory: string): readonly RoleFile[] {
  if (model === null) return []
  const tokenizer = resolve(baseDirectory, model.tokenizer)
  const beside = join(dirname(tokenizer), 'tokenizer_config.json')
  const config = model.tokenizerConfig ?? (existsSync(beside) ? beside : null)
  return [
    roleFile('tokenizer', tokenizer),
    ...(config === null ? [] : [roleFile('tokenizerConfig', resolve(baseDirectory, config))]),
  ]
}

function roleFile(role: string, path: string): RoleFile {
  return { role, path, name: basename(path) }
}

/** Throws CONFIG_INVALID for two files that would lie in one place. */
export function checkPlaces(files: readonly SourceFile[], subject: string): void {
  const names = files.map(({ name }) => name)
  const twin = names.find((name, index) => names.indexOf(name) !== index)
  if (twin === undefined) return
  const message = `${subject} has two files named '${twin}', which are kept in one folder`
  throw new EngineError('CONFIG_INVALID', message, { hint: 'rename one of them' })
}

/** Throws IO_FAILED unless there is such a file. */
export async function checkFile(path: string, subject: string): Promise<void> {
  const found = await stat(path).catch((error: unknown) => {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    const problem = isMissing ? `there is no file ${path}` : `cannot read ${path}: ${messageOf(error)}`
    throw new EngineError('IO_FAILED', `${subject}: ${problem}`, { path }, error)
  })
  if (!found.isFile()) throw new EngineError('IO_FAILED', `${subject}: ${path} is no file`, { path })
}
