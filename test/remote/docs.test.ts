import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const page = readFileSync('docs/remote.md', 'utf8')
const main = resolve('dist/src/cli/main.js')
const directory = mkdtempSync(join(tmpdir(), 'callplane-docs-'))
const run = promisify(execFile)

const snippets = [...page.matchAll(/```sh run\n([\s\S]*?)```\s*```text output\n([\s\S]*?)```/g)].map(
  ([, code = '', output = ''], index) => ({ number: index + 1, commands: code.trim().split('\n'), output }),
)

/** The arguments of a command: words, and texts in quotation marks. */
function argumentsOf(command: string): readonly string[] {
  const words = [...command.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    (found) => found[1] ?? found[2] ?? found[3] ?? '',
  )
  expect(words[0]).toBe('callplane')
  return words.slice(1)
}

describe('docs/remote.md', () => {
  beforeAll(() => {
    for (const [, name = '', code = ''] of page.matchAll(/```ts file=(\S+)\n([\s\S]*?)```/g)) {
      writeFileSync(join(directory, name), code)
    }
  })
  afterAll(() => rmSync(directory, { recursive: true, force: true }))

  it('has an output for each snippet that runs', () => {
    expect(snippets.length).toBe([...page.matchAll(/^```\w+ run/gm)].length)
    expect(snippets.length).toBeGreaterThan(0)
  })

  // One after the other: each goes on with the state that the ones before left.
  it.each(snippets)('snippet $number prints what it says', async ({ commands, output }) => {
    let printed = ''
    for (const command of commands) {
      const { stdout } = await run(process.execPath, [main, ...argumentsOf(command)], { cwd: directory })
      printed = stdout
    }
    expect(printed).toBe(output)
  })
})
