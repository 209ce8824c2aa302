import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { defaultPolicies } from '../catalog/policy/policies.ts'
import { type RegisteredFunction, registerFunction } from '../catalog/registerFunction.ts'
import { MainExecutor } from '../dist/udf/executors/main.js'
import { PoolExecutor } from '../dist/udf/executors/pool/pool.js'
import { ProcessExecutor } from '../dist/udf/executors/process/process.js'
import type { CallEvent } from '../udf/callEvents.ts'
import type { Executor, InvokeContext } from '../udf/executor.ts'
import { nestedCaller } from '../udf/nestedCalls.ts'
import { batchOf, valuesOf } from './executor.conformance.ts'
import * as fixtures from './fixtures/lifecycle/functions.ts'
import { contextOf, failureOf } from './invocations.ts'

const url = new URL('./fixtures/lifecycle/functions.ts', import.meta.url).href
const definitions = { ...fixtures }
type Name = keyof typeof definitions

const functions = new Map<Name, RegisteredFunction>()

function registered(exportName: Name): RegisteredFunction {
  const fn = functions.get(exportName) ?? registerFunction(definitions[exportName], { url, exportName })
  functions.set(exportName, fn)
  return fn
}

let folder = ''
const open: Executor[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'callplane-lifecycle-'))
  process.env['CALLPLANE_LIFECYCLE'] = join(folder, 'notes')
})
afterEach(async () => {
  await Promise.all(open.splice(0).map((executor) => executor.close()))
  delete process.env['CALLPLANE_LIFECYCLE']
  rmSync(folder, { recursive: true, force: true })
})

/** What was written down, in order: what happened, and where. */
function notes(): { readonly what: string; readonly place: string }[] {
  let text = ''
  try {
    text = readFileSync(join(folder, 'notes'), 'utf8')
  } catch {
    return []
  }
  return text
    .trim()
    .split('\n')
    .map((line) => ({ what: line.slice(0, line.lastIndexOf(' ')), place: line.split(' ').at(-1)! }))
}

const happened = (beginning: string): string[] =>
  notes().flatMap(({ what }) => (what.startsWith(beginning) ? [what] : []))

async function call(
  executor: Executor,
  name: Name,
  values: readonly unknown[],
  options: Partial<InvokeContext> = {},
): Promise<unknown[]> {
  const fn = registered(name)
  return valuesOf(fn, await executor.invoke(fn, batchOf(fn, values), contextOf(options)))
}

const places: readonly (readonly [string, (count: number) => Executor])[] = [
  ['the main thread', () => new MainExecutor()],
  ['threads of the pool', (count) => new PoolExecutor(count)],
  ['processes', (count) => new ProcessExecutor(count)],
]

describe.each(places)('in %s', (where, create) => {
  const opened = (count = 1): Executor => {
    const executor = create(count)
    open.push(executor)
    return executor
  }

  it('a function of any style starts once, before its first call, and stops with its state when the place closes', async () => {
    const executor = opened()
    const numbers = Array.from({ length: 10 }, (_, index) => index)
    for (const name of ['byRow', 'byBatch', 'byTable', 'waits'] as const) {
      const results = await Promise.all(numbers.map((number) => call(executor, name, [number, null, 3])))
      expect(results).toEqual(numbers.map((number) => [number, null, 3]))
    }
    expect(await call(executor, 'yields', [3, 0])).toEqual([[0, 1, 2], []])
    const starts = ['start by_row', 'start by_batch', 'start by_table', 'start waits', 'start yields']
    expect(happened('')).toEqual(starts)
    await executor.close()
    const calls = { by_row: 30, by_batch: 10, by_table: 10, waits: 30, yields: 2 }
    const stops = Object.entries(calls).map(([name, count]) => `stop ${name} after ${count}`)
    expect(happened('')).toEqual([...starts, ...stops.toReversed()])
    expect(new Set(notes().map(({ place }) => place)).size).toBe(1)
  })

  it('handlers that call functions, and those, have each their own', async () => {
    const executor = opened()
    const caller = nestedCaller(
      (name) => ({
        registered: registered(name === 'on_main' ? 'onMain' : 'byRow'),
        policies: defaultPolicies,
        secrets: {},
      }),
      (...args) => executor.invoke(...args),
    )
    expect(await call(executor, 'nests', [1, 2, 3], { caller })).toEqual([2, 4, 6])
    await executor.close()
    expect(happened('start').toSorted()).toEqual(['start by_row', 'start nests', 'start on_main'])
    expect(happened('stop').toSorted()).toEqual([
      'stop by_row after 3',
      'stop nests after 3',
      'stop on_main after 3',
    ])
  })

  it('a startup that fails fails the calls that need it, hides secrets, and is tried again for the next', async () => {
    const executor = opened()
    const secrets = { KEY: 'the key itself' }
    const events: CallEvent[] = []
    const observer = (_: unknown, event: CallEvent) => events.push(event)
    const attempt = () => failureOf(call(executor, 'heals', [1], { secrets, observer, reportsRows: true }))
    const [first, second] = await Promise.all([attempt(), attempt()])
    expect(first).toEqual(second)
    expect(first).toMatchObject({
      code: 'FUNCTION_FAILED',
      message: "onStartup of function 'heals' failed: no answer for [secret KEY]",
      details: { function: 'heals', version: 1, during: 'onStartup' },
    })
    expect(first.details.functionStack).toMatch(
      /^RangeError: no answer for \[secret KEY\]\n[^]*functions\.ts/,
    )
    expect(events).toMatchObject([
      { kind: 'log', level: 'info', message: 'heals starts with [secret KEY]', fields: {} },
    ])
    expect(await attempt()).toMatchObject({ code: 'FUNCTION_FAILED' })
    expect(await call(executor, 'heals', [1, 2], { secrets })).toEqual([15, 16])
  })

  it('what cannot be shut down is told, and does not keep the place from closing', async () => {
    const executor = opened()
    const logged: CallEvent[] = []
    const observer = (_: unknown, event: CallEvent) => logged.push(event)
    const warnings: string[] = []
    const warn = ({ message }: Error) => warnings.push(message)
    process.on('warning', warn)
    await call(executor, 'failsToStop', [1], { observer })
    await call(executor, 'neverStops', [1], { observer })
    await call(executor, 'byRow', [1])
    const started = performance.now()
    await executor.close()
    expect(performance.now() - started).toBeLessThan(1000)
    await setTimeout(1)
    process.off('warning', warn)
    const problems = [
      "onShutdown of function 'fails_to_stop' failed: it is stuck",
      "onShutdown of function 'never_stops' did not end within 800 ms",
    ]
    expect(warnings).toEqual(problems)
    expect(logged).toMatchObject(problems.map((message) => ({ kind: 'log', level: 'error', message })))
    expect(happened('stop')).toEqual(['stop by_row after 1'])
  })

  it('calls that are under way are cancelled and waited for before their function is shut down', async () => {
    const executor = opened()
    const failing = failureOf(call(executor, 'lingers', [1]))
    while (happened('start').length === 0) await setTimeout(5)
    await setTimeout(50)
    await executor.close()
    expect(await failing).toMatchObject({ code: 'SESSION_CLOSED' })
    expect(happened('')).toEqual([
      'start lingers',
      'cancelled lingers',
      'left lingers',
      'stop lingers after 1',
    ])
  })

  if (where === 'the main thread') return

  it('each place has a state of its own', async () => {
    const executor = opened(2)
    const many = Array.from({ length: 64 }, (_, index) => index)
    await Promise.all(many.map((number) => call(executor, 'waits', [number, 1, 2, 3])))
    await executor.close()
    const started = notes().filter(({ what }) => what === 'start waits')
    expect(new Set(started.map(({ place }) => place)).size).toBe(2)
    expect(started).toHaveLength(2)
    const counted = happened('stop waits').map((what) => Number(what.split(' ').at(-1)))
    expect(counted.reduce((sum, count) => sum + count, 0)).toBe(64 * 4)
  })
})
