import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'

function read(path: string): string {
  return readFileSync(path, 'utf8')
}

/** A page without its blocks of code. */
function prose(page: string): string {
  return read(page).replaceAll(/```[\s\S]*?```/g, '')
}

function markdownIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md'))
    .map((path) => join(folder, path))
}

const decisions = markdownIn('docs/decisions')
const pages = ['README.md', 'ARCHITECTURE.md', 'CHANGELOG.md', ...markdownIn('docs')]
const laws = [...read('ARCHITECTURE.md').matchAll(/^\| (\d+)\. .+? \| `(.+?)` \|$/gm)].map(
  ([, number = '', file = '']) => ({ number: Number(number), file }),
)

test('ARCHITECTURE.md names a test for each of the ten laws, and no other test of laws exists', () => {
  expect(laws.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  const tests = readdirSync('test/laws').filter((name) => name.endsWith('.test.ts'))
  expect(laws.map(({ file }) => file).toSorted()).toEqual(tests.map((name) => `test/laws/${name}`).toSorted())
})

test('every folder and file of the house that ARCHITECTURE.md and README.md name exists', () => {
  for (const page of ['ARCHITECTURE.md', 'README.md']) {
    const named = prose(page).matchAll(
      /(?<![\w/.-])(?:src|catalog|dataframe|sql|udf|test|docs)\/[\w/-]*(?:\.\w+)*/g,
    )
    for (const [path] of named) expect(existsSync(path), `${page}: ${path}`).toBe(true)
  }
})

test.each(pages)('every relative link of %s leads to a file', (page) => {
  const targets = [...prose(page).matchAll(/\]\(([^)\s#]+)(?:#[^)]*)?\)/g)].map(([, target = '']) => target)
  const relative = targets.filter((target) => !/^[a-z]+:/.test(target))
  for (const target of relative) expect(existsSync(join(dirname(page), target)), target).toBe(true)
})

test.each(decisions)('%s is short, numbered and has a title', (path) => {
  expect(path).toMatch(/\/\d{4}-[a-z0-9-]+\.md$/)
  expect(read(path)).toMatch(/^# \S/)
  expect(read(path).split('\n').length).toBeLessThanOrEqual(60)
})

test('ARCHITECTURE.md stays within three pages', () => {
  expect(read('ARCHITECTURE.md').split('\n').length).toBeLessThanOrEqual(180)
})
