import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ModuleReference } from '../catalog/function.ts'

// Modules load in a process of Node's own, as vitest would load TypeScript itself, and differently.
const repository = join(import.meta.dirname, '..')
let directory: string

const definition = (name: string, options = ''): string =>
  `defineFunction({ name: '${name}', input: { memo: 'VARCHAR' }, output: 'VARCHAR', ${options} handler: ({ memo }) => memo })`

const files: Readonly<Record<string, string>> = {
  'functions/text.ts': `import { defineFunction } from 'callplane'
import { join } from './join.ts'
enum Mode { upper = 'upper' }
interface Row { readonly memo: string | null }
export const shout = defineFunction({ name: 'shout', input: { memo: 'VARCHAR' }, output: 'VARCHAR',
  handler: ({ memo }: Row) => join(memo ?? '', Mode.upper) })
export const alias = shout
export const count = 3
`,
  'functions/join.ts': 'export const join = (a: string, b: string): string => `${a}-${b}`\n',
  'functions/more.mjs': `import { defineFunction } from 'callplane'\nexport const calm = ${definition('text.calm')}\nexport default ${definition('plain')}\n`,
  'functions/types.d.ts': 'export declare const x: number\n',
  'functions/readme.md': 'not a module\n',
  'again.ts': "export { shout } from './functions/text.ts'\n",
  'twice.ts': `import { defineFunction } from 'callplane'\nexport const other = ${definition('SHOUT')}\n`,
  'bad/syntax.ts': 'export const a = 1\n\nexport const x: number = = 3\n',
  'bad/syntax.mjs': 'export const x = = 3\n',
  'bad/throws.ts': `interface A { readonly key: string }
const f = (a: A): never => {
  throw new Error('no key ' + a.key + '\\nmore about it')
}
f({ key: 'b' })
`,
  'bad/import.ts': "import { x } from 'no-such-package'\nexport const y = x\n",
  'bad/none.ts': 'export const y = 1\n',
  'bad/none-either.ts': 'export const y = 1\n',
  'bad/name.ts': `import { defineFunction } from 'callplane'\n\nexport const y = ${definition('a b')}\n`,
  'bad/data.json': '{}',
  'commonjs/package.json': '{}',
  'commonjs/text.ts': `import { defineFunction } from 'callplane'\nexport const shout = ${definition('from_commonjs')}\n`,
  'run.mjs': `import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads'
import * as callplane from 'callplane'
import { defineFunction } from '${repository}/dist/catalog/defineFunction.js'
import { loadDefinitions, loadFunction } from '${repository}/dist/catalog/loadModules.js'

if (isMainThread) {
  const given = { definition: ${definition('shout')}, junk: 5 }
  const results = []
  for (const sources of JSON.parse(process.argv[2])) {
    try {
      const { functions } = await loadDefinitions(sources.map((source) => given[source] ?? source), import.meta.dirname)
      results.push(functions.map(({ signature, definition }) => ({ ...signature, result: definition.handler({ memo: 'x' }) })))
    } catch ({ code, message, details, cause }) {
      results.push({ code, message, details, cause: cause?.message })
    }
  }
  const thread = new Worker(new URL(import.meta.url), { workerData: new URL('functions/text.ts', import.meta.url).href })
  const fromThread = await new Promise((resolve) => thread.once('message', resolve))
  console.log(JSON.stringify({ results, fromThread, same: callplane.defineFunction === defineFunction }))
} else {
  const { signature, definition } = await loadFunction({ url: workerData, exportName: 'shout' }, 3)
  const missing = await loadFunction({ url: workerData, exportName: 'gone' }, 3).catch((error) => error.message)
  parentPort.postMessage({ signature, result: definition.handler({ memo: 'x' }), missing })
}
`,
}

interface Report {
  readonly results: readonly unknown[]
  readonly fromThread: unknown
  readonly same: boolean
}

const cases = {
  glob: ['functions/*'],
  braces: ['{functions,bad}/{more,none}.mjs'],
  path: ['functions/text.ts', './functions/text.ts', 'again.ts'],
  url: ['URL:functions/text.ts'],
  commonJs: ['commonjs/text.ts'],
  given: ['definition'],
  junk: ['junk'],
  twice: ['functions/text.ts', 'twice.ts'],
  twiceGiven: ['definition', 'functions/text.ts'],
  missing: ['bad/zzz.ts'],
  noMatch: ['bad/zz*.ts'],
  folder: ['bad'],
  json: ['bad/data.json'],
  syntax: ['bad/syntax.ts'],
  syntaxJs: ['bad/syntax.mjs'],
  throws: ['bad/throws.ts'],
  import: ['bad/import.ts'],
  none: ['bad/none.ts'],
  noneOfSeveral: ['bad/none*.ts'],
  name: ['bad/name.ts'],
}
let report: Report

const result = (name: keyof typeof cases): unknown => report.results[Object.keys(cases).indexOf(name)]

beforeAll(async () => {
  await mkdir(join(repository, 'test/.tmp'), { recursive: true })
  directory = await mkdtemp(join(repository, 'test/.tmp/modules-'))
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true })
    await writeFile(join(directory, path), text)
  }
  await mkdir(join(directory, 'commonjs/node_modules'))
  await symlink(repository, join(directory, 'commonjs/node_modules/callplane'))
  const sources = Object.values(cases).map((list) =>
    list.map((source) => source.replace('URL:', `file://${directory}/`)),
  )
  const { stdout } = await promisify(execFile)(process.execPath, [
    join(directory, 'run.mjs'),
    JSON.stringify(sources),
  ])
  report = JSON.parse(stdout)
})

afterAll(async () => rm(directory, { recursive: true }))

function textModule(exportName: string): ModuleReference {
  return { url: `file://${directory}/functions/text.ts`, exportName }
}

/** The message of a case that failed to load; paths are those within the directory. */
function failed(name: keyof typeof cases): string {
  expect(result(name)).toMatchObject({
    code: 'MODULE_LOAD_FAILED',
    message: expect.any(String),
    details: { path: expect.stringContaining('bad') },
  })
  return String(Object(result(name)).message).replaceAll(directory, '')
}

describe('modules of functions', () => {
  it('load from globs, TypeScript and JavaScript alike, in order of their paths', () => {
    expect(result('glob')).toMatchObject([
      { name: 'text.calm', module: { exportName: 'calm' }, executor: 'pool', result: 'x' },
      { name: 'plain', module: { exportName: 'default' } },
      { name: 'shout', module: textModule('alias'), version: 1, result: 'x-upper' },
    ])
    expect(result('braces')).toMatchObject([{ name: 'text.calm' }, { name: 'plain' }])
  })

  it('load from paths and file URLs; what is exported several times counts once', () => {
    expect(result('path')).toMatchObject([{ name: 'shout', module: textModule('alias') }])
    expect(result('url')).toMatchObject([{ name: 'shout', module: textModule('alias') }])
  })

  it('share the instance of the package', () => {
    expect(report.same).toBe(true)
  })

  it('load in packages of CommonJS', () => {
    expect(result('commonJs')).toMatchObject([
      { name: 'from_commonjs', module: { exportName: 'shout' }, result: 'x' },
    ])
  })

  it('load in threads, with the version that is asked for', () => {
    expect(report.fromThread).toMatchObject({
      signature: { name: 'shout', version: 3, module: textModule('shout') },
      result: 'x-upper',
      missing: `${directory}/functions/text.ts no longer exports 'gone'`,
    })
  })

  it('stand beside definitions that are given', () => {
    expect(result('given')).toMatchObject([{ name: 'shout', module: null, executor: 'main' }])
    expect(result('junk')).toMatchObject({
      code: 'CONFIG_INVALID',
      message:
        'functions[0] is neither a definition nor a path\n  give what defineFunction({ … }) returns, or the path or glob of modules that export it',
    })
  })

  it('must not define a name twice, in whatever letter case', () => {
    const hint =
      '\n  names are the same in any letter case; rename one, perhaps with a namespace (text.upper)'
    expect(result('twice')).toMatchObject({
      code: 'DUPLICATE_NAME',
      message: `function 'SHOUT' is defined twice: in ${directory}/functions/text.ts (alias) and in ${directory}/twice.ts (other)${hint}`,
    })
    expect(result('twiceGiven')).toMatchObject({
      message: `function 'shout' is defined twice: among the definitions given and in ${directory}/functions/text.ts (alias)${hint}`,
    })
  })

  it('that do not load say where and why', () => {
    expect(failed('missing')).toBe('cannot load /bad/zzz.ts: there is no such file')
    expect(failed('noMatch')).toBe(
      "no module matches 'bad/zz*.ts' in \n  modules end in .ts, .mts, .js or .mjs",
    )
    expect(failed('folder')).toBe("cannot load /bad: it is a directory\n  give a glob, such as 'bad/*.ts'")
    expect(failed('json')).toBe(
      'cannot load /bad/data.json: it is no module\n  give a file that ends in .ts, .mts, .js or .mjs',
    )
    expect(failed('syntax')).toBe('cannot load /bad/syntax.ts:3: Unexpected "="')
    expect(failed('syntaxJs')).toBe("cannot load /bad/syntax.mjs: Unexpected token '='")
    expect(failed('throws')).toBe('cannot load /bad/throws.ts:3: no key b')
    expect(failed('import')).toBe(
      "cannot load /bad/import.ts: Cannot find package 'no-such-package' imported from /bad/import.ts",
    )
    expect(failed('none')).toBe(
      '/bad/none.ts defines no function\n  export what defineFunction({ … }) returns',
    )
    expect(failed('noneOfSeveral')).toBe(
      '/bad/none-either.ts, /bad/none.ts define no function\n  export what defineFunction({ … }) returns',
    )
  })

  it('keep the code of a definition that is invalid', () => {
    expect(result('name')).toMatchObject({
      code: 'NAME_INVALID',
      message: expect.stringMatching(
        `^cannot load ${directory}/bad/name.ts:3: function name 'a b' contains ' '\n`,
      ),
      details: { path: `${directory}/bad/name.ts` },
    })
  })
})
