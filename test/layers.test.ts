import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

interface Cruise {
  readonly summary: {
    readonly totalCruised: number
    readonly violations: readonly { from: string; to: string; rule: { name: string } }[]
  }
}

const folders = ['src', 'catalog', 'dataframe', 'sql', 'udf']
let house = ''

/** What dependency-cruiser says of the folders in a directory; it fails when it finds violations. */
async function cruise(directory: string, paths: readonly string[]): Promise<Cruise['summary']> {
  const program = resolve('node_modules/dependency-cruiser/bin/dependency-cruise.mjs')
  const options = ['--config', resolve('.dependency-cruiser.cjs'), '--output-type', 'json']
  const output = await new Promise<string>((done, fail) => {
    const limits = { cwd: directory, maxBuffer: 256 * 2 ** 20 }
    execFile(process.execPath, [program, ...paths, ...options], limits, (error, stdout) => {
      if (error !== null && stdout === '') fail(error)
      else done(stdout)
    })
  })
  const { summary }: Cruise = JSON.parse(output)
  return summary
}

beforeAll(async () => {
  house = await mkdtemp(join(tmpdir(), 'callplane-layers-'))
  await cp('tsconfig.json', join(house, 'tsconfig.json'))
  await write('node_modules/piscina/package.json', '{"name":"piscina","version":"1.0.0","main":"index.js"}')
  await write('node_modules/piscina/index.js', 'module.exports = {}')
  await write('package.json', '{"name":"house","type":"module","dependencies":{"piscina":"1.0.0"}}')
  await write('src/run/run.ts', `import { low } from '../base/low.ts'\nexport const run = low\n`)
  await write('src/base/low.ts', 'export const low = 1\n')
})

afterAll(async () => {
  await rm(house, { recursive: true, force: true })
})

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(house, path)), { recursive: true })
  await writeFile(join(house, path), text)
}

test('no module imports from a later layer, and libraries stay in their folders', async () => {
  const { totalCruised, violations } = await cruise('.', folders)
  expect(totalCruised).toBeGreaterThan(200)
  expect(violations.map(({ from, to, rule }) => `${rule.name}: ${from} → ${to}`)).toEqual([])
})

test('the rules see an import from a later layer, a library in a wrong folder and a cycle', async () => {
  expect((await cruise(house, ['src'])).violations).toEqual([])
  await write('src/base/low.ts', `import { run } from '../run/run.ts'\nexport const low: number = run\n`)
  await write('src/plan/pool.ts', `import piscina from 'piscina'\nexport const pool = piscina\n`)
  const { violations } = await cruise(house, ['src'])
  expect(violations.map(({ from, rule }) => `${rule.name} ${from}`).toSorted()).toEqual([
    'layer ^src/base/ src/base/low.ts',
    'library piscina src/plan/pool.ts',
    'no-circular src/base/low.ts',
  ])
})
