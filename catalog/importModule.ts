import { fileURLToPath } from 'node:url'
import { EngineError, messageOf } from '../src/base/errors.ts'

/**
 * Loads a module by its file URL; TypeScript needs no build step. Throws MODULE_LOAD_FAILED with the path, and the line where
 * there is one.
 */
export async function importModule(url: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    if (/\.m?ts$/.test(url)) await registerTypeScript()
    const namespace: Readonly<Record<string, unknown>> = await import(url)
    return namespace
  } catch (thrown) {
    throw loadError(url, thrown)
  }
}

let registered: Promise<void> | undefined

/** tsx costs a thread some 80 ms, so it waits for the first module that needs it. */
function registerTypeScript(): Promise<void> {
  registered ??= (async () => {
    // In a package without "type": "module", TypeScript is loaded as CommonJS, which tsx hooks apart.
    const [modules, commonJs] = await Promise.all([import('tsx/esm/api'), import('tsx/cjs/api')])
    commonJs.register()
    modules.register()
  })()
  return registered
}

function loadError(url: string, thrown: unknown): EngineError {
  const path = fileURLToPath(url)
  const { line, reason } = whatFailed(path, thrown)
  const place = line === null ? path : `${path}:${line}`
  return new EngineError('MODULE_LOAD_FAILED', `cannot load ${place}: ${reason}`, { path }, thrown)
}

function whatFailed(path: string, thrown: unknown): { line: string | null; reason: string } {
  const [summary = ''] = messageOf(thrown).split('\n')
  const text = thrown instanceof Error ? `${thrown.message}\n${thrown.stack ?? ''}` : ''
  const start = text.indexOf(`${path}:`)
  const [, line = null, problem] =
    start < 0 ? [] : (/^:(\d+)(?::\d+: ERROR: (.*))?/.exec(text.slice(start + path.length)) ?? [])
  return { line, reason: problem ?? summary }
}
