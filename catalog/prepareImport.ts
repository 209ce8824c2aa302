import { existsSync } from 'node:fs'
import { createRequire, register } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { HookData } from './moduleHooks.ts'

/**
 * Makes the next `import(url)` of this thread work for a user's module: TypeScript needs no build step, and `callplane` is
 * this package.
 */
export async function prepareImport(url: string): Promise<void> {
  if (/\.m?ts$/.test(url)) await registerTypeScript()
  else if (!findsThisPackage(url)) registerHooks()
}

let typeScript: Promise<void> | undefined

/** tsx costs a thread some 80 ms, so it waits for the first module that needs it. */
function registerTypeScript(): Promise<void> {
  typeScript ??= (async () => {
    await preload()
    // In a package of "type": "commonjs", TypeScript is loaded as CommonJS, which tsx hooks apart.
    const [modules, commonJs] = await Promise.all([import('tsx/esm/api'), import('tsx/cjs/api')])
    commonJs.register()
    modules.register()
    // The hooks that are registered last are asked first.
    hooked = false
    registerHooks()
  })()
  return typeScript
}

/** Every import that passes the hooks costs a message to their thread: what most modules import is loaded before them. */
async function preload(): Promise<void> {
  await Promise.all([existsSync(fileURLToPath(entry)) ? import(entry) : null, import('zod')])
}

let hooked = false

function registerHooks(): void {
  if (hooked) return
  hooked = true
  const data: HookData = { entry: existsSync(fileURLToPath(entry)) ? entry : null }
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  register(`./moduleHooks.${extension}`, { parentURL: import.meta.url, data })
}

const entry = new URL('../src/index.js', import.meta.url).href

/** Whether Node finds this package from a module by itself; the hooks cost 25 ms. */
function findsThisPackage(url: string): boolean {
  try {
    return createRequire(url).resolve('callplane') === fileURLToPath(entry)
  } catch {
    return false
  }
}
