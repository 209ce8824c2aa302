import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { onnxModel } from './onnxModel.ts'
import { missingFile, modelFile } from './pythonModels.ts'

const page = readFileSync('docs/models.md', 'utf8')
const main = resolve('dist/src/cli/main.js')
const directory = mkdtempSync(join(tmpdir(), 'callplane-docs-'))
const minilm = ['minilm.onnx', 'tokenizer.json'].map((name) => modelFile(`minilm/${name}`))

const run = promisify(execFile)

interface Snippet {
  readonly number: number
  readonly language: string
  readonly code: string
  /** What it prints; of several commands the last. */
  readonly output: string
  /** Why it cannot run here; null if it can. */
  readonly missing: string | null
}

const snippets = [
  ...page.matchAll(/```(ts|sh) run( minilm)?\n([\s\S]*?)```\s*```text output\n([\s\S]*?)```/g),
].map(([, language = '', needs, code = '', output = ''], index): Snippet => {
  const missing = needs === undefined ? null : missingFile(...minilm)
  return { number: index + 1, language, code, output, missing }
})

function column(name: string) {
  return { name, type: 'float32', shape: ['N', 1] } as const
}

/** A risk from 0 to 1 of an age and an amount, which count as much as these weights. */
function churnModel(weights: readonly [number, number]): Uint8Array {
  return onnxModel({
    nodes: [
      { op: 'Concat', inputs: ['age', 'spent'], outputs: ['x'], attributes: { axis: 1 } },
      { op: 'MatMul', inputs: ['x', 'w'], outputs: ['sum'] },
      { op: 'Sigmoid', inputs: ['sum'], outputs: ['risk'] },
    ],
    inputs: ['age', 'spent'].map(column),
    outputs: [column('risk')],
    initializers: [{ name: 'w', type: 'float32', dims: [2, 1], data: Float32Array.from(weights) }],
  })
}

/** The arguments of each command of a snippet: words, and texts in quotation marks. */
function commandsOf(code: string): readonly (readonly string[])[] {
  const lines = code.replaceAll('\\\n', ' ').trim().split('\n')
  return lines.map((line) => {
    const words = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? '')
    expect(words[0]).toBe('callplane')
    return words.slice(1)
  })
}

async function callplane(args: readonly string[]): Promise<string> {
  const { stdout, stderr } = await run(process.execPath, [main, ...args], { cwd: directory })
  expect(stderr).toBe('')
  return stdout
}

describe('docs/models.md', () => {
  beforeAll(() => {
    writeFileSync(join(directory, 'churn.onnx'), churnModel([0.1, -0.05]))
    writeFileSync(join(directory, 'churn-2.onnx'), churnModel([0.01, -0.05]))
    writeFileSync(join(directory, 'customers.csv'), 'customer,age,spent\nAnn,30,10\nBob,20,200\nCem,70,5\n')
    for (const [, name = '', code = ''] of page.matchAll(/```ts file=(\S+)\n([\s\S]*?)```/g)) {
      writeFileSync(join(directory, name), code)
    }
    if (missingFile(...minilm) !== null) return
    for (const path of minilm) symlinkSync(path, join(directory, path.slice(path.lastIndexOf('/') + 1)))
  })
  afterAll(() => rmSync(directory, { recursive: true, force: true }))

  it('has an output for each snippet that runs', () => {
    expect(snippets.length).toBe([...page.matchAll(/^```\w+ run/gm)].length)
    expect(snippets.length).toBeGreaterThan(0)
  })

  // One after the other: each goes on with the state that the ones before left.
  for (const { number, language, code, output, missing } of snippets) {
    const why = missing === null ? '' : `: skipped, ${missing}`
    it.skipIf(missing !== null)(`snippet ${number} prints what it says${why}`, async () => {
      let printed = ''
      if (language === 'ts') {
        writeFileSync(join(directory, 'snippet.ts'), code)
        printed = await callplane(['run', 'snippet.ts'])
      } else {
        for (const args of commandsOf(code)) printed = await callplane(args)
      }
      expect(printed).toBe(output)
    })
  }
})
