import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { expect, test } from 'vitest'
import { repeats } from '../repeats.ts'
import { openSession, temporaryDirectory, values } from '../sessions.ts'
import { calledRows, type RunPaths, RunProcess } from './killedProcess.ts'

const KILLS = repeats(4)
const ROWS = 200_000
const DISTINCT = 20_000
/** Batches of 128, of which 8 are called at once. */
const IN_FLIGHT = 128 * 8
const BYTES_A_ROW = 6
const PATIENCE_MS = 20_000
const TIMEOUT_MS = 60_000 + KILLS * 10_000

const rowsOf = (path: string): string => `SELECT * FROM read_parquet('${path}', file_row_number = true)`
const bytesOf = (path: string): number => (existsSync(path) ? statSync(path).size : 0)

/** Kills the process once the function was called so much more often, and a little later. */
async function killWithin(run: RunProcess, { calls, output }: RunPaths, rows: number, later: number) {
  const enough = bytesOf(calls) + rows * BYTES_A_ROW
  const givenUp = Date.now() + PATIENCE_MS
  while (!run.hasEnded && bytesOf(calls) < enough && Date.now() < givenUp) {
    expect(existsSync(output)).toBe(false)
    await setTimeout(1)
  }
  await setTimeout(later)
  await run.kill()
}

test(
  `a run that is killed ${KILLS} times and resumed writes what an undisturbed one writes`,
  async () => {
    const session = await openSession({ state: null })
    const directory = await temporaryDirectory()
    const at = (name: string): string => join(directory, name)
    const input = at('input.parquet')
    await values(
      session,
      `COPY (SELECT i, (hash(i) % ${DISTINCT})::BIGINT AS value FROM range(${ROWS}) t(i)) TO '${input}' (FORMAT parquet)`,
    )
    const distinct = Number((await values(session, `SELECT count(DISTINCT value) FROM '${input}'`))[0])
    const undisturbed = {
      input,
      output: at('expected.parquet'),
      calls: at('expected.calls'),
      state: at('expected'),
    }
    const paths = { input, output: at('output.parquet'), calls: at('output.calls'), state: at('state') }

    expect(await new RunProcess(undisturbed, false).said()).toBe(`begins\nwrote ${ROWS}\n`)
    expect(calledRows(undisturbed.calls)).toHaveLength(distinct)

    const random = xoroshiro128plus(2026)
    const below = (limit: number): number => (random.next() >>> 0) % limit
    let kills = 0
    while (kills < KILLS && !existsSync(paths.output)) {
      const run = new RunProcess(paths, kills > 0)
      await killWithin(run, paths, below(Math.floor((1.5 * DISTINCT) / KILLS)), below(20))
      kills++
    }
    if (!existsSync(paths.output)) {
      expect(await new RunProcess(paths, true).said()).toBe(`begins\nwrote ${ROWS}\n`)
    }

    const [expected, got] = [rowsOf(undisturbed.output), rowsOf(paths.output)]
    expect(await values(session, `SELECT count(*) FROM (${expected})`)).toEqual([BigInt(ROWS)])
    expect(await values(session, `SELECT count(*) FROM (${got} EXCEPT ${expected})`)).toEqual([0n])
    expect(await values(session, `SELECT count(*) FROM (${expected} EXCEPT ${got})`)).toEqual([0n])

    const called = calledRows(paths.calls)
    expect(new Set(called).size).toBe(distinct)
    expect(called.length).toBeLessThanOrEqual(distinct + kills * IN_FLIGHT)
    expect(readdirSync(directory).toSorted()).toEqual([
      'expected',
      'expected.calls',
      'expected.parquet',
      'input.parquet',
      'output.calls',
      'output.parquet',
      'state',
    ])
  },
  TIMEOUT_MS,
)
