import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { EngineError } from '../src/base/errors.ts'

const modulePattern = /(?<!\.d)\.m?[jt]s$/

/** The file URLs of modules that a path, file URL or glob names, sorted if there are several. Throws MODULE_LOAD_FAILED if none. */
export async function findModules(source: string, baseDirectory: string): Promise<readonly string[]> {
  const path = source.startsWith('file:') ? fileURLToPath(source) : resolve(baseDirectory, source)
  const found = await stat(path).catch(() => null)
  if (found?.isFile() === true) {
    if (!modulePattern.test(path))
      throw cannotLoad(path, 'it is no module', 'give a file that ends in .ts, .mts, .js or .mjs')
    return [pathToFileURL(path).href]
  }
  if (found?.isDirectory() === true)
    throw cannotLoad(path, 'it is a directory', `give a glob, such as '${source}/*.ts'`)
  const { glob, isDynamicPattern } = await import('tinyglobby')
  if (!isDynamicPattern(source)) throw cannotLoad(path, 'there is no such file')
  const matches = await glob(source, { cwd: baseDirectory, absolute: true, expandDirectories: false })
  const modules = matches.filter((match) => modulePattern.test(match)).toSorted()
  if (modules.length === 0) {
    throw new EngineError('MODULE_LOAD_FAILED', `no module matches '${source}' in ${baseDirectory}`, {
      path: source,
      hint: 'modules end in .ts, .mts, .js or .mjs',
    })
  }
  return modules.map((match) => pathToFileURL(match).href)
}

function cannotLoad(path: string, why: string, hint?: string): EngineError {
  const details = hint === undefined ? { path } : { path, hint }
  return new EngineError('MODULE_LOAD_FAILED', `cannot load ${path}: ${why}`, details)
}
