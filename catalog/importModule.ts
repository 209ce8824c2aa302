import { fileURLToPath } from 'node:url'
import { EngineError, isEngineError, messageOf } from '../src/base/errors.ts'
import { prepareImport } from './prepareImport.ts'

/**
 * Loads a module by its file URL; TypeScript needs no build step. Throws MODULE_LOAD_FAILED, or what the module itself throws
 * of ours (a definition that is invalid), with the path, and the line if it is known.
 */
export async function importModule(url: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    await prepareImport(url)
    const namespace: Readonly<Record<string, unknown>> = await import(url)
    return namespace
  } catch (thrown) {
    throw loadError(url, thrown)
  }
}

function loadError(url: string, thrown: unknown): EngineError {
  const path = fileURLToPath(url)
  const { line, reason } = whatFailed(path, thrown)
  const place = line === null ? path : `${path}:${line}`
  const code = isEngineError(thrown) ? thrown.code : 'MODULE_LOAD_FAILED'
  const details = isEngineError(thrown) ? thrown.details : {}
  return new EngineError(code, `cannot load ${place}: ${reason}`, { ...details, path }, thrown)
}

function whatFailed(path: string, thrown: unknown): { line: string | null; reason: string } {
  const [summary = ''] = messageOf(thrown).split('\n')
  const text = thrown instanceof Error ? `${thrown.message}\n${thrown.stack ?? ''}` : ''
  const start = text.indexOf(`${path}:`)
  const [, line = null, problem] =
    start < 0 ? [] : (/^:(\d+)(?::\d+: ERROR: (.*))?/.exec(text.slice(start + path.length)) ?? [])
  return { line, reason: problem ?? summary }
}
