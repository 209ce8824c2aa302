import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Session } from 'callplane'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { missingFile, modelFile, pythonPredictions } from './pythonModels.ts'

const RELATIVE = 1e-5

/** The columns that a model takes, as SQL types. */
const models = {
  tiny: { x: 'FLOAT[4]' },
  mlp: { x: 'FLOAT[384]' },
  regressor: { x: 'FLOAT[6]' },
  classifier: { x: 'FLOAT[6]' },
  churn: { tenure: 'BIGINT', charges: 'FLOAT', tickets: 'BIGINT', contract: 'VARCHAR', late: 'BIGINT' },
} as const

type ModelName = keyof typeof models

const missing = missingFile(
  ...Object.keys(models).flatMap((name) => [`${name}.onnx`, `${name}.json`].map(tabular)),
)
const skipped = missing === null ? '' : ` (skipped: ${missing})`

describe.skipIf(missing !== null)(`tabular and vector models by Python${skipped}`, () => {
  let directory = ''
  let session: Session

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'callplane-tabular-'))
    session = await Session.open({ state: join(directory, 'state') })
  })
  afterAll(async () => {
    await session.close()
    await rm(directory, { recursive: true })
  })

  async function deploy(name: ModelName, batchSize: number): Promise<void> {
    await session.models.registerModelVersion({ name, model: tabular(`${name}.onnx`) })
    await session.models.deployModel({
      group: name,
      model: name,
      scaling: { maxReplicas: 2 },
      runtime: { batchSize },
    })
  }

  /** A relation of the rows that Python predicted. */
  async function inputsOf(name: ModelName): Promise<string> {
    const { inputs } = pythonPredictions(name)
    const path = join(directory, `${name}.json`)
    const rows = valuesByRow(inputs)
    await writeFile(path, rows.map((row) => JSON.stringify(row)).join('\n'))
    const types = Object.entries(models[name]).map(([column, type]) => `${column}: '${type}'`)
    return `read_json('${path}', columns = {${types.join(', ')}})`
  }

  async function predict(name: ModelName, relation: string): Promise<unknown[]> {
    const columns = Object.keys(models[name]).join(', ')
    const result = await session.sql(`SELECT catalog_call('model.${name}', ${columns}) AS y FROM ${relation}`)
    return (await result.toRows()).map(({ y }) => y)
  }

  it.each(['tiny', 'mlp', 'regressor'] as const)('gives what Python gives for %s', async (name) => {
    await deploy(name, 32)
    const [expected] = Object.values(pythonPredictions(name).outputs)
    const found = await predict(name, await inputsOf(name))
    expectClose(
      found,
      expected?.map((value) => (name === 'regressor' ? onlyOf(value) : value)),
    )
  })

  it.each(['classifier', 'churn'] as const)('gives a struct of all outputs of %s', async (name) => {
    await deploy(name, 7)
    const found = await predict(name, await inputsOf(name))
    expectClose(found, valuesByRow(pythonPredictions(name).outputs))
  })

  it('names the row that has a null, and goes on serving', async () => {
    const rows = "(VALUES (1, 20.5, 0, 'one year', 0), (2, NULL, 1, 'two years', 1)) AS customers"
    const relation = `(SELECT * FROM ${rows}(tenure, charges, tickets, contract, late))`
    await expect(predict('churn', relation)).rejects.toMatchObject({
      code: 'MODEL_INPUT_INVALID',
      message: expect.stringContaining('row 1'),
    })
    expect(await predict('churn', `${relation} WHERE charges IS NOT NULL`)).toHaveLength(1)
  })

  it('passes NaN through', async () => {
    const x = `[1, 'NaN'::FLOAT, 0, 0]::FLOAT[4]`
    const [row] = await predict('tiny', `(SELECT ${x} AS x)`)
    expect(row).toEqual([Number.NaN, Number.NaN, Number.NaN])
  })
})

function tabular(file: string): string {
  return modelFile(`tabular/${file}`)
}

/** Rows of the columns. */
function valuesByRow(columns: Readonly<Record<string, readonly unknown[]>>): Record<string, unknown>[] {
  const [first = []] = Object.values(columns)
  return first.map((_, row) =>
    Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, values[row]])),
  )
}

function onlyOf(value: unknown): unknown {
  return Array.isArray(value) ? value[0] : value
}

/** Numbers are equal up to a relative error, the rest is the same. */
function expectClose(found: unknown, expected: unknown): void {
  const numbers = { found: numbersOf(found), expected: numbersOf(expected) }
  expect(numbers.expected.length).toBeGreaterThan(0)
  expect(numbers.found).toHaveLength(numbers.expected.length)
  const scale = Math.max(...numbers.expected.map(Math.abs))
  for (const [index, value] of numbers.expected.entries()) {
    const distance = Math.abs(numbers.found[index]! - value)
    // Where terms cancel, what is left of them is as inexact as they are.
    expect(distance, `number ${index}`).toBeLessThanOrEqual(RELATIVE * Math.max(Math.abs(value), scale))
  }
}

/** All numbers within a value, in order. */
function numbersOf(value: unknown): number[] {
  if (typeof value === 'number' || typeof value === 'bigint') return [Number(value)]
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(numbersOf)
  throw new Error(`${String(value)} is no number`)
}
