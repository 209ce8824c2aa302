import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { passagesOf, readmePassages } from '../examples/functions/passages.ts'
import { missingFile, modelFile } from './models/pythonModels.ts'

const program = resolve('dist/src/cli/main.js')
const missing = missingFile(modelFile('minilm/minilm.onnx'), modelFile('tabular/churn.onnx'))
const skipped = missing === null ? '' : ` (skipped: ${missing})`

describe('passages', () => {
  it('are paragraphs without what Markdown adds', () => {
    const words = 'enough words to be a passage that somebody may look for one day'
    expect(
      passagesOf(`# Title\r\n\r\n**Bold** [link](https://x.y) ![img](a.png) <b>tag</b>\n${words}\n
[![build](a.svg)](https://ci)\n
\`\`\`sh\n${words}\n\n${words}\n\`\`\`\n
- item: ${words}\n
${'long '.repeat(300)}`),
    ).toEqual([`Bold link tag ${words}`, `item: ${words}`, 'long '.repeat(160)])
  })
})

describe('examples of models', () => {
  let folder = ''

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'callplane-examples-'))
    await mkdir(join(folder, 'cache'))
    await symlink(modelFile(''), join(folder, 'cache/models'))
    const readmes = {
      clock: 'A small clock that tells the time in every zone of the world, by day and by night.',
      argue: 'Reads flags and options that a user types after the name of a program in a terminal.',
      twin: 'Reads flags and options that a user types after the name of a program in a terminal.',
      bread: 'Recipes for sourdough bread, with flour, water, salt and a lot of patience for everyone.',
    }
    for (const [name, text] of Object.entries(readmes)) {
      await mkdir(join(folder, 'node_modules', name), { recursive: true })
      await writeFile(join(folder, 'node_modules', name, 'README.md'), `# ${name}\n\n${text}\n`)
    }
  })
  afterAll(async () => rm(folder, { recursive: true }))

  const run = async (script: string, cache: string, ...args: readonly string[]): Promise<string> => {
    const example = resolve('examples', script)
    const { stdout } = await promisify(execFile)(process.execPath, [program, 'run', example, ...args], {
      cwd: folder,
      env: { ...process.env, CALLPLANE_CACHE: join(folder, cache) },
    })
    return stdout
  }

  it('find each passage once', async () => {
    expect((await readmePassages(folder)).map(({ package: name }) => name)).toEqual([
      'argue',
      'bread',
      'clock',
    ])
  })

  it('say what to do where there are no models', async () => {
    await expect(run('churnScoring.ts', 'nothing')).rejects.toThrow(
      'models/tabular/churn.onnx: run test/python/setup.sh, which makes it with Python 3.11 or later',
    )
  })

  it.skipIf(missing !== null)(`find what a question means${skipped}`, async () => {
    const hits = await run('semanticSearch.ts', 'cache', 'parse', 'command', 'line', 'arguments')
    expect(hits).toMatch(/^3 passages in .* s/)
    expect(hits).toMatch(/parse command line arguments\n\n0\.\d{3} {2}argue\n/)
    const again = await run('semanticSearch.ts', 'cache', 'how', 'to', 'bake')
    expect(again).toMatch(/how to bake\n\n0\.\d{3} {2}bread\n/)
  })

  it.skipIf(missing !== null)(`score customers${skipped}`, async () => {
    const output = await run('churnScoring.ts', 'cache')
    expect(output).toMatch(/'month to month' │ 24918 .*\n.*'one year' .*\n.*'two years'/)
    expect(output).toMatch(/50000 customers scored in/)
  })
})
