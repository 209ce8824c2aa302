import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'

interface Manifest {
  readonly version: string
  readonly bin: Readonly<Record<string, string>>
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}

const run = promisify(execFile)
const manifest: Manifest = JSON.parse(readFileSync('package.json', 'utf8'))

/** A project of somebody else, in which the package is installed with its run-time dependencies and nothing more. */
let project = ''
let packed: readonly string[] = []

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'callplane-consumer-'))
  const { stdout } = await run('npm', [
    'pack',
    '--ignore-scripts',
    '--json',
    '--silent',
    '--pack-destination',
    project,
  ])
  const [tarball]: readonly { filename: string; files: readonly { path: string }[] }[] = JSON.parse(stdout)
  packed = tarball!.files.map(({ path }) => path)
  await mkdir(installed(''), { recursive: true })
  await run('tar', ['-xzf', join(project, tarball!.filename), '--strip-components=1', '-C', installed('')])
  for (const dependency of Object.keys(manifest.dependencies)) await link(dependency)
  await write('package.json', '{"name":"consumer","type":"module"}')
})

afterAll(async () => {
  await rm(project, { recursive: true, force: true })
})

function installed(path: string): string {
  return join(project, 'node_modules/callplane', path)
}

async function link(name: string): Promise<void> {
  const target = join(project, 'node_modules', name)
  await mkdir(dirname(target), { recursive: true })
  await symlink(resolve('node_modules', name), target, 'junction')
}

async function write(path: string, text: string): Promise<void> {
  await writeFile(join(project, path), text)
}

async function node(...args: string[]): Promise<string> {
  return (await run(process.execPath, args, { cwd: project })).stdout
}

test('holds the build, the license and the README, and nothing else', () => {
  const outside = packed.filter((path) => !path.startsWith('dist/'))
  expect(outside.toSorted()).toEqual(['LICENSE', 'README.md', 'package.json'])
  expect(packed.filter((path) => /(^|\/)(test|benchmarks|examples)\//.test(path))).toEqual([])
})

test('versions of dependencies are exact, and the lock file names no host', () => {
  const versions = Object.values({ ...manifest.dependencies, ...manifest.devDependencies })
  expect(versions.filter((version) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([])
  expect(readFileSync('package-lock.json', 'utf8')).not.toMatch(
    /"resolved": "(?!https:\/\/registry\.npmjs\.org\/)/,
  )
})

test('runs queries when it is imported by its name', async () => {
  await write(
    'shout.ts',
    `import { defineFunction } from 'callplane'
export const shout = defineFunction({
  name: 'shout', input: { memo: 'VARCHAR' }, output: 'VARCHAR', handler: ({ memo }): string => \`\${memo}!\`,
})\n`,
  )
  await write(
    'query.js',
    `import { Session } from 'callplane'
const session = await Session.open({ functions: ['shout.ts'] })
const result = await session.sql("SELECT shout(memo) AS loud FROM (VALUES ('rent'), ('tea')) t(memo)")
console.log(JSON.stringify(await result.toRows()))
await session.close()\n`,
  )
  expect(await node('query.js')).toBe('[{"loud":"rent!"},{"loud":"tea!"}]\n')
})

test('gives nothing but what its exports name', async () => {
  const deep = `await import('callplane/dist/src/session/session.js').catch(({ code }) => console.log(code))`
  expect(await node('--input-type=module', '--eval', deep)).toBe('ERR_PACKAGE_PATH_NOT_EXPORTED\n')
})

test('type-checks in a project with strict options', async () => {
  await link('@types/node')
  await write(
    'consumer.ts',
    `import { DataFrame, EngineError, F, Session, _, defineFunction } from 'callplane'
import { z } from 'zod'
const twice = defineFunction({
  name: 'twice', input: { n: z.int() }, output: z.int(), nullHandling: 'propagate', handler: ({ n }) => n * 2,
})
await using session = await Session.open({ functions: [twice] })
const frame: DataFrame = session.scan('memos.parquet').project({ n: F.catalogCall('twice', _.n) })
export const count: number = await frame.count().catch((error: unknown) => {
  if (error instanceof EngineError) return error.code.length
  throw error
})
// @ts-expect-error a setting that does not exist
await Session.open({ settings: { rout: 'fused' } })\n`,
  )
  const compilerOptions = {
    target: 'es2023',
    lib: ['es2023', 'esnext.disposable'],
    module: 'nodenext',
    types: ['node'],
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmit: true,
  }
  await write('tsconfig.json', JSON.stringify({ compilerOptions, files: ['consumer.ts'] }))
  const { stdout } = await run(
    process.execPath,
    [resolve('node_modules/typescript/bin/tsc'), '-p', project],
    { cwd: project },
  ).catch((error: { stdout: string }) => error)
  expect(stdout).toBe('')
})

test('has a command that runs', async () => {
  const command = installed(manifest.bin['callplane']!)
  expect(existsSync(command)).toBe(true)
  expect(readFileSync(command, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/)
  expect(await node(command, '--version')).toBe(`${manifest.version}\n`)
  expect(await node(command, 'sql', 'SELECT 42 AS answer', '--format', 'csv')).toBe('answer\n42\n')
})
