import { access, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { importModule } from '../../catalog/importModule.ts'
import { EngineError, messageOf } from '../base/errors.ts'
import type { SessionOptions } from './session.ts'

const names = ['callplane.config.ts', 'callplane.config.js', 'callplane.config.json']
const known: ReadonlySet<string> = new Set([
  'functions',
  'database',
  'settings',
  'state',
  'secrets',
  'tracing',
])

/** The options that a directory's `callplane.config.ts` (or .js, .json) exports by default; none if it has no such file. */
export async function readConfiguration(directory: string): Promise<SessionOptions> {
  for (const name of names) {
    const path = resolve(join(directory, name))
    if (!(await exists(path))) continue
    const options = name.endsWith('.json')
      ? await readJson(path)
      : (await importModule(pathToFileURL(path).href))['default']
    return { ...checkOptions(options, path), baseDirectory: directory }
  }
  return { baseDirectory: directory }
}

function checkOptions(options: unknown, path: string): SessionOptions {
  const hint = "export { functions: ['functions/*.ts'], database: 'my.duckdb', settings: { … } } by default"
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new EngineError('CONFIG_INVALID', `${path} does not export an object`, { path, hint })
  }
  const unknown = Object.keys(options).find((key) => !known.has(key))
  if (unknown !== undefined)
    throw new EngineError('CONFIG_INVALID', `${path} has an unknown option '${unknown}'`, { path, hint })
  return options
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'))
  } catch (error) {
    throw new EngineError('CONFIG_INVALID', `${path} is not valid JSON: ${messageOf(error)}`, { path }, error)
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
