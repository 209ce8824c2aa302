import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Figure, Measurement } from '../benchmarks/figure.ts'
import { findFigures } from '../benchmarks/findFigures.ts'
import { interleave, median, speedRatio } from '../benchmarks/measure.ts'
import { readOptions } from '../benchmarks/options.ts'
import { plainDuckDb } from '../benchmarks/plainDuckDb.ts'
import { jsonLine, tableHeader, tableRow, verdictOf } from '../benchmarks/report.ts'
import { task as makeInput } from '../benchmarks/tasks/makeInput.ts'
import { expectSums } from '../benchmarks/workloads/expectSums.ts'
import { checkUpper } from '../benchmarks/workloads/upper.ts'
import { missingWorker } from './interop/pythonWorker.ts'
import { missingFile, missingModule, modelFile } from './models/pythonModels.ts'

const measurement: Measurement = {
  ratio: 0.75,
  value: 1_500_000,
  limit: 2_000_000,
  rows: 3_000_000,
  seconds: 2,
  runs: 5,
  peakRssBytes: 512 * 2 ** 20,
}

const figure: Figure = {
  name: 'some-work',
  about: 'work',
  unit: 'rows/s',
  must: { atLeast: 0.5 },
  aim: { atLeast: 0.8 },
  rows: 1000,
  rounds: 5,
  run: async () => measurement,
}

const environment = {
  versions: { callplane: '1.2.3', node: '20.0.0', duckdb: '1.5.6' },
  machine: { platform: 'linux x64', processor: 'some', cores: 2, memoryBytes: 8 },
}

describe('measuring', () => {
  it('takes turns, warms up with the first round, and prepares outside of the time', async () => {
    const steps: string[] = []
    const log = (step: string) => async (): Promise<void> => void steps.push(step)
    const timings = await interleave(
      2,
      { run: log('limit') },
      { before: log('before'), run: log('candidate') },
    )
    expect(steps).toEqual(Array.from({ length: 3 }, () => ['limit', 'before', 'candidate']).flat())
    expect(timings.runs).toBe(2)
    expect(timings.peakRssBytes).toBeGreaterThan(10 * 2 ** 20)
  })

  it('takes medians', () => {
    expect(median([5, 1, 100])).toBe(5)
    expect(median([4, 1, 2, 100])).toBe(3)
    expect(() => median([])).toThrow('nothing was measured')
  })

  it('gives speed as a share of the limit', () => {
    const found = speedRatio(100, { limit: 1, candidate: 4, runs: 5, peakRssBytes: 7 })
    expect(found).toEqual({
      ratio: 0.25,
      value: 25,
      limit: 100,
      rows: 100,
      seconds: 4,
      runs: 5,
      peakRssBytes: 7,
    })
  })
})

describe('results of models', () => {
  it('are those of the bare loop but for rounding', () => {
    expectSums([10, 10.0001], [10.001], 100)
    expect(() => expectSums([10], [10, 10.1], 100)).toThrow('a sum over 100 results came out as 10.1, not 10')
    expect(() => expectSums([10], [Number.NaN], 100)).toThrow('came out as NaN, not 10')
  })
})

describe('reporting', () => {
  it('says which goal is reached', () => {
    expect(verdictOf(figure, { ...measurement, ratio: 0.8 })).toBe('aim')
    expect(verdictOf(figure, { ...measurement, ratio: 0.5 })).toBe('must')
    expect(verdictOf(figure, { ...measurement, ratio: 0.49 })).toBe('no')
    const upper: Figure = { ...figure, must: { atMost: 0.6 }, aim: null }
    expect(verdictOf(upper, { ...measurement, ratio: 0.6 })).toBe('aim')
    expect(verdictOf(upper, { ...measurement, ratio: 0.61 })).toBe('no')
  })

  it('aligns rows with the header', () => {
    const [titles = '', rule = ''] = tableHeader().split('\n')
    const row = tableRow(figure, { ...measurement, note: 'a note' })
    expect(row).toBe(
      'some-work               0.750     ≥ 0.5     ≥ 0.8     must  1.500 M rows/s  2.000 M rows/s    3,000,000      2.00     5    512 MiB\n  a note',
    )
    expect(titles).toHaveLength(rule.length)
    expect(row.split('\n')[0]).toHaveLength(rule.length)
    expect(titles.indexOf('reached') + 'reached'.length).toBe(row.indexOf('must') + 'must'.length)
  })

  it('gives the goals of a value in its unit, and those of a ratio without one', () => {
    const { ratio: _ratio, ...value } = measurement
    const cached: Figure = { ...figure, must: { atLeast: 300_000 }, aim: { atLeast: 1_000_000 } }
    expect(tableRow(cached, value)).toContain('1.500 M rows/s   ≥ 0.3 M     ≥ 1 M      aim')
    const memory: Figure = { ...figure, unit: 'bytes', must: { atMost: 2 ** 30 }, aim: null }
    expect(tableRow(memory, value)).toContain('1 MiB   ≤ 1 GiB                aim')
    expect(tableRow({ ...figure, unit: 'calls/s' }, measurement)).toContain('1500000.0 calls/s')
    expect(tableRow({ ...figure, unit: 'queries' }, { ...value, value: 1234 })).toContain('1,234 queries')
    expect(tableRow(figure, { ...measurement, value: 99.95 })).toContain('100.0 rows/s')
  })

  it('prints one JSON object a line, with a ratio only where the figure is one', () => {
    const keys = ['value', 'unit', 'limit', 'rows', 'seconds', 'peakRssBytes', 'runs', 'versions', 'machine']
    const line = jsonLine(figure, measurement, environment)
    expect(line).not.toContain('\n')
    expect(Object.keys(JSON.parse(line))).toEqual(['name', 'ratio', ...keys, 'must', 'aim', 'reached'])
    const { ratio, ...value } = measurement
    expect(ratio).toBe(0.75)
    expect(Object.keys(JSON.parse(jsonLine(figure, value, environment)))).toEqual([
      'name',
      ...keys,
      'must',
      'aim',
      'reached',
    ])
  })
})

describe('the command line', () => {
  it('reads names and options in any order', () => {
    expect(readOptions(['latency', '--rows', '10_000', 'memory', '--json'])).toEqual({
      names: ['latency', 'memory'],
      json: true,
      rows: 10_000,
      rounds: null,
      inputs: null,
      device: 'cpu',
    })
  })

  it('refuses devices that it does not know', () => {
    expect(() => readOptions(['--device', 'tpu'])).toThrow('--device takes cpu or cuda, not tpu')
  })

  it.each(['0', '-1', 'many', '1.5', ''])('refuses --rows=%s', (text) => {
    expect(() => readOptions([`--rows=${text}`])).toThrow(`--rows takes a number of at least 1, not ${text}`)
  })

  it('refuses options that it does not know', () => {
    expect(() => readOptions(['--row', '5'])).toThrow("Unknown option '--row'")
  })
})

describe('figures', () => {
  it('are found by name, or by what names begin with', async () => {
    const all = await findFigures([])
    expect(all.map(({ name }) => name)).toEqual([
      'fused-double',
      'fused-string',
      'partitioned-string',
      'partitioned-regex',
      'staged-string',
      'staged-regex',
      'bridged',
      'latency',
      'laziness',
      'memory',
      'start',
      'start-help',
      'auto-batch',
      'concurrency',
      'dedupe',
      'dedupe-memory',
      'dispatch-overhead',
      'embed-mixed',
      'embed-uniform',
      'event-loop',
      'limits',
      'mlp',
      'model-memory',
      'overlap',
      'remote-echo',
      'remote-latency',
      'remote-python',
      'scale',
      'small-calls',
      'swap',
      'warm-cache',
    ])
    expect((await findFigures(['staged', 'latency'])).map(({ name }) => name)).toEqual([
      'staged-string',
      'staged-regex',
      'latency',
    ])
    await expect(findFigures(['fast'])).rejects.toThrow('no figure is called fast: there are fused-double')
  })
})

describe('a run', () => {
  let directory: string
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'callplane-bench-test-'))
  })
  afterAll(async () => {
    await rm(directory, { recursive: true })
  })

  /** The lines that a run of these figures prints, each of so many rows and one round. */
  async function linesOf(
    names: readonly string[],
    rows: number,
  ): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const options = ['--rows', `${rows}`, '--rounds', '1', '--json', '--inputs', directory]
    const args = ['--import', 'tsx', 'benchmarks/main.ts', ...names, ...options]
    const { stdout } = await promisify(execFile)(process.execPath, args)
    return stdout
      .trim()
      .split('\n')
      .map((line): Record<string, unknown> => JSON.parse(line))
  }

  it('prints the lines of the figures that it was asked for', async () => {
    const lines = await linesOf(['laziness', 'fused-string'], 5000)
    expect(lines.map((line) => [line['name'], line['rows'], line['unit']])).toEqual([
      ['fused-string', 5000, 'rows/s'],
      ['laziness', 5000, 'rows'],
    ])
    expect(lines[0]?.['ratio']).toBeGreaterThan(0)
    expect(lines[1]?.['value']).toBe(0)
  })

  it('counts the calls that are made and those that are saved', async () => {
    const lines = await linesOf(['dispatch-overhead', 'warm-cache'], 2000)
    expect(lines.map((line) => [line['name'], line['rows'], line['unit']])).toEqual([
      ['dispatch-overhead', 2000, 'rows/s'],
      ['warm-cache', 2000, 'rows/s'],
    ])
  })

  it('calls workers in other processes', async () => {
    const lines = await linesOf(['remote-echo', 'remote-latency', 'small-calls'], 100)
    expect(lines.map((line) => [line['name'], line['rows'], line['unit']])).toEqual([
      ['remote-echo', 100, 'rows/s'],
      ['remote-latency', 100, 'rows/s'],
      ['small-calls', 100, 's'],
    ])
  })

  it('keeps calls of a slow worker in flight together, and starts and ends replicas with the load', {
    timeout: 150_000,
  }, async () => {
    const [overlap] = await linesOf(['overlap'], 60)
    // One after the other they would take three seconds.
    expect(overlap?.['value']).toBeLessThan(2.5)
    const [scale] = await linesOf(['scale'], 20_480)
    expect(scale?.['note']).toContain('the number of replicas turned 0 times in a step of the load at most')
  })

  const withoutEngine = missingWorker ?? missingModule('chalkdf')
  const unmeasured = withoutEngine === null ? '' : ` (skipped: ${withoutEngine})`

  it.skipIf(withoutEngine !== null)(
    `holds workers in Python against Chalk's engine${unmeasured}`,
    async () => {
      const [line] = await linesOf(['remote-python'], 20_000)
      expect(line).toMatchObject({ name: 'remote-python', rows: 20_000 })
      expect(line?.['ratio']).toBeGreaterThan(0)
    },
  )

  const missing = missingFile(modelFile('minilm/minilm.onnx'), modelFile('tabular/mlp.onnx'))
  const skipped = missing === null ? '' : ` (skipped: ${missing})`

  it.skipIf(missing !== null)(`holds models against bare threads${skipped}`, async () => {
    const names = ['embed', 'mlp']
    const args = [...names, '--rows', '64', '--rounds', '1', '--json', '--inputs', directory]
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--import',
      'tsx',
      'benchmarks/main.ts',
      ...args,
    ])
    const lines = stdout
      .trim()
      .split('\n')
      .map((line): Record<string, unknown> => JSON.parse(line))
    expect(lines.map((line) => [line['name'], line['rows']])).toEqual([
      ['embed-mixed', 64],
      ['embed-uniform', 64],
      ['mlp', 64],
    ])
  })

  it('swaps versions under load, and fails or mixes none', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--import',
      'tsx',
      'benchmarks/main.ts',
      'swap',
      '--rows',
      '512',
      '--rounds',
      '3',
      '--json',
    ])
    expect(JSON.parse(stdout)).toMatchObject({ name: 'swap', value: 0, reached: 'aim' })
  })

  it('takes no results that are wrong, missing or out of place', async () => {
    const input = join(directory, 'input.parquet')
    await makeInput({ kind: 'memos', rows: 3000, path: input })
    const upper = `SELECT id, amount, upper(memo) AS result FROM '${input}'`
    const write = async (name: string, select: string): Promise<string> => {
      const output = join(directory, name)
      await plainDuckDb(`COPY (${select}) TO '${output}' (FORMAT parquet)`)
      return output
    }
    await checkUpper(input, await write('right.parquet', upper))
    const wrong = {
      missing: `${upper} LIMIT 2999`,
      'out of place': `${upper} ORDER BY id DESC`,
      'not upper': `SELECT id, amount, memo AS result FROM '${input}'`,
      null: `SELECT id, amount, if(id = 17, NULL, result) AS result FROM (${upper})`,
    }
    for (const [name, select] of Object.entries(wrong)) {
      const output = await write(`${name}.parquet`, select)
      await expect(checkUpper(input, output)).rejects.toThrow(`${output} holds`)
    }
  })
})
