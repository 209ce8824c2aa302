import type { Dirent } from 'node:fs'
import { readdir, readFile, realpath } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { z } from 'zod'

/** A text that a package brings. A type alias rather than an interface, so that it can be the row of a DataFrame. */
export type PackageDocument = {
  readonly package: string
  /** Null where package.json gives none. */
  readonly version: string | null
  /** Relative to the root, with `/`. */
  readonly path: string
  readonly kind: 'readme' | 'package.json'
  readonly text: string
}

const readme = /^readme(?:\.(?:md|markdown|txt|rst))?$/i
const manifest = z.object({
  name: z.string().min(1).optional().catch(undefined),
  version: z.string().nullable().catch(null),
})

/**
 * The README and package.json of every package in the `node_modules` of a directory, scoped and nested packages included,
 * package by package in order of path. A package that several links lead to comes once.
 */
export async function* collectDocuments(root: string): AsyncGenerator<PackageDocument> {
  const seen = new Set<string>()
  for await (const directory of packageDirectories(join(root, 'node_modules'), seen)) {
    yield* documentsOf(root, directory)
  }
}

async function* packageDirectories(modules: string, seen: Set<string>): AsyncGenerator<string> {
  if (!(await isNew(modules, seen))) return
  for (const entry of await entriesOf(modules)) {
    const directory = join(modules, entry.name)
    if (entry.name.startsWith('.') || entry.isFile()) continue
    if (entry.name.startsWith('@')) yield* packageDirectories(directory, seen)
    else if (await isNew(directory, seen)) {
      yield directory
      yield* packageDirectories(join(directory, 'node_modules'), seen)
    }
  }
}

async function* documentsOf(root: string, directory: string): AsyncGenerator<PackageDocument> {
  const names = (await entriesOf(directory)).filter((entry) => !entry.isDirectory()).map(({ name }) => name)
  const description = names.includes('package.json') ? await textOf(directory, 'package.json') : null
  const { name, version } = parseManifest(description ?? '{}')
  const owner = { package: name ?? folderName(directory), version }
  const pathOf = (file: string): string => relative(root, join(directory, file)).replaceAll(sep, '/')
  if (description !== null)
    yield { ...owner, path: pathOf('package.json'), kind: 'package.json', text: description }
  const file = names.find((candidate) => readme.test(candidate))
  if (file !== undefined)
    yield { ...owner, path: pathOf(file), kind: 'readme', text: await textOf(directory, file) }
}

function parseManifest(text: string): z.infer<typeof manifest> {
  try {
    return manifest.parse(JSON.parse(text))
  } catch {
    return { version: null }
  }
}

/** What Node resolves it by: `@scope/name` or `name`. */
function folderName(directory: string): string {
  const [scope = '', name = ''] = directory.split(sep).slice(-2)
  return scope.startsWith('@') ? `${scope}/${name}` : name
}

async function textOf(directory: string, file: string): Promise<string> {
  return readFile(join(directory, file), 'utf8')
}

/** What a directory holds, in order of name; nothing if it is not there. */
async function entriesOf(directory: string): Promise<Dirent[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return []
    throw error
  })
  return entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

/** Whether no path led here before; a link that leads nowhere is not new. */
async function isNew(directory: string, seen: Set<string>): Promise<boolean> {
  const real = await realpath(directory).catch(() => null)
  if (real === null || seen.has(real)) return false
  seen.add(real)
  return true
}
