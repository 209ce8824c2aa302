import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { EngineError } from '../../src/base/errors.ts'
import { suggestNames } from '../../src/base/suggest.ts'
import { importModule } from '../importModule.ts'
import type { ModuleReference } from '../moduleReference.ts'
import { field, type Given, isObject, objectFields, optional, text } from '../policy/fields.ts'
import { checkFile } from './sourceFiles.ts'

/** A function of a module: its path or file URL, and the name under which it is exported. */
export type ModuleOption = string | { readonly module: string; readonly export?: string }

/** The function that an option names, by default the export of that role. Throws MODULE_LOAD_FAILED, IO_FAILED. */
export async function readModule(
  given: Given,
  role: string,
  baseDirectory: string,
): Promise<ModuleReference | null> {
  if (given.value === undefined || given.value === null) return null
  const { module, exportName } = moduleOf(given, role)
  const path = module.startsWith('file:') ? fileURLToPath(module) : resolve(baseDirectory, module)
  await checkFile(path, `${given.place.subject}: its ${role}`)
  const url = pathToFileURL(path).href
  const exported = await importModule(url)
  if (typeof exported[exportName] === 'function') return Object.freeze({ url, exportName })
  const names = Object.keys(exported).filter((name) => typeof exported[name] === 'function')
  const suggestion = suggestNames(exportName, names, 'its list of functions')
  throw new EngineError(
    'MODULE_LOAD_FAILED',
    `${given.place.subject}: ${path}, its ${role}, exports no function '${exportName}': ${suggestion}`,
    { path },
  )
}

function moduleOf(given: Given, role: string): { readonly module: string; readonly exportName: string } {
  if (!isObject(given.value)) return { module: text(given), exportName: role }
  const fields = objectFields(given, ['module', 'export'])
  const exportName = optional(field(given, fields, 'export'), text, role)
  return { module: text(field(given, fields, 'module')), exportName }
}
