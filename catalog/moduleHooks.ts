import { readFileSync, realpathSync, statSync } from 'node:fs'
import type { InitializeHook, ResolveHook } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** What the thread of Node's module hooks is told. */
export interface HookData {
  /** URL of this package's main module; null leaves `import … from 'callplane'` to Node. */
  readonly entry: string | null
}

let entry: string | null = null

export const initialize: InitializeHook<HookData> = (data) => {
  ;({ entry } = data)
}

/**
 * `import … from 'callplane'` gives the package that runs, wherever the importing module lies, and so one catalog and one
 * default session. Modules of a package that does not state its type count as what they hold, as Node decides for JavaScript:
 * tsx would take them for CommonJS, where `await` at top level is an error.
 */
export const resolve: ResolveHook = async (specifier, context, nextResolve) => {
  if (specifier === 'callplane' && entry !== null) return { url: entry, format: 'module', shortCircuit: true }
  const url = untypedModule(specifier, context.parentURL)
  return url === null ? nextResolve(specifier, context) : { url, format: 'module', shortCircuit: true }
}

/** The URL of a user's file that is an ES module by what it holds, without its package saying so. */
function untypedModule(specifier: string, parentURL: string | undefined): string | null {
  if (!/^(?:file:|\.\.?\/)/.test(specifier)) return null
  const url = new URL(specifier, parentURL)
  if (url.protocol !== 'file:' || url.search !== '' || url.pathname.includes('/node_modules/')) return null
  const path = sourceFile(fileURLToPath(url))
  if (path === null || packageType(path) !== null || !moduleSyntax.test(readFileSync(path, 'utf8')))
    return null
  return pathToFileURL(path).href
}

/** As in TypeScript, `./name.js` and `./name` may mean `./name.ts`. */
function sourceFile(path: string): string | null {
  const candidates = [path, path.replace(/\.js$/, '.ts'), `${path}.ts`]
  const found = candidates.find((candidate) => statSync(candidate, { throwIfNoEntry: false })?.isFile())
  return found !== undefined && /\.[jt]s$/.test(found) ? realpathSync(found) : null
}

const moduleSyntax = /^\s*(?:import|export)\b(?!\s*\()/m

/** The type that the nearest package.json states; null if it states none. */
function packageType(path: string): string | null {
  for (let folder = dirname(path), child = path; folder !== child; child = folder, folder = dirname(folder)) {
    const text = readIfThere(join(folder, 'package.json'))
    if (text === null) continue
    const { type }: { type?: unknown } = JSON.parse(text)
    return typeof type === 'string' ? type : null
  }
  return null
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}
