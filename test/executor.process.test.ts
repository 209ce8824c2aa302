import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { type RegisteredFunction, registerFunction } from '../catalog/registerFunction.ts'
import { ProcessExecutor } from '../dist/udf/executors/process/process.js'
import type { CallEvent } from '../udf/callEvents.ts'
import type { InvokeContext } from '../udf/executor.ts'
import * as conformance from './executor.conformance.ts'
import * as fixtures from './fixtures/process/functions.ts'
import { contextOf, failureOf } from './invocations.ts'

const { batchOf, describeExecutor, valuesOf } = conformance
describeExecutor('process', () => new ProcessExecutor(2))

const url = new URL('./fixtures/process/functions.ts', import.meta.url).href
const definitions = { ...fixtures }
type Name = keyof typeof definitions

const registered = (exportName: Name): RegisteredFunction =>
  registerFunction(definitions[exportName], { url, exportName })

let executor: ProcessExecutor
let folder: string

beforeEach(() => {
  executor = new ProcessExecutor(1)
  folder = mkdtempSync(join(tmpdir(), 'callplane-process-'))
})
afterEach(async () => {
  await executor.close()
  rmSync(folder, { recursive: true, force: true })
})

async function call(
  name: Name,
  columns: readonly (readonly unknown[])[],
  options: Partial<InvokeContext> = {},
): Promise<unknown[]> {
  const fn = registered(name)
  return valuesOf(fn, await executor.invoke(fn, batchOf(fn, ...columns), contextOf(options)))
}

/** Whether the process runs: one that nobody has waited for yet is dead too. */
const isAlive = (pid: number): boolean => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return !/\) [ZX] /.test(stat)
  } catch {
    return false
  }
}

/** Waits for what comes true within a second. */
async function soon(holds: () => boolean): Promise<boolean> {
  for (const started = performance.now(); performance.now() - started < 1000; await setTimeout(10)) {
    if (holds()) return true
  }
  return false
}

/** The processes that wrote themselves down in a file. */
function pidsIn(file: string): number[] {
  try {
    // What stands behind the last end of a line may still be written.
    return readFileSync(file, 'utf8').split('\n').slice(0, -1).map(Number)
  } catch {
    return []
  }
}

describe('a process that ends', () => {
  it.each([
    ['exits', [1n, 1234n, 2n], 'batch 7 of 3 rows: exit code 7', {}],
    ['exits', [1234n], 'batch 7 of 1 row, row 0: exit code 7', { row: 0 }],
    ['exitsByRow', [1n, 1234n, 2n], 'batch 7 of 3 rows, row 1: exit code 7', { row: 1 }],
    ['exitsOrFails', [1n, null, null, 33n, 2n], 'batch 7 of 5 rows, row 3: exit code 7', { row: 3 }],
    ['aborts', [33n, 1n], 'batch 7 of 2 rows: signal SIGABRT', {}],
    ['isKilled', [33n, 1n], 'batch 7 of 2 rows: signal SIGKILL', {}],
    ['segfaults', [33n, 1n], 'batch 7 of 2 rows: signal SIGSEGV', {}],
    ['dead', [33n, 1n], 'batch 7 of 2 rows: exit code 5', {}],
  ] as const)('%s: names the batch, and the row if it can', async (name, values, problem, place) => {
    const fn = registered(name)
    const { code, message, details } = await failureOf(call(name, [values]))
    expect({ code, message }).toEqual({
      code: 'WORKER_LOST',
      message: `a process ended while function '${fn.signature.name}' (version 1) worked on ${problem}`,
    })
    expect(details).toEqual({
      function: fn.signature.name,
      version: 1,
      batch: 7,
      batchRows: values.length,
      ...place,
    })
    expect(await call('exits', [[1n, 2n]])).toEqual([1n, 2n])
  })

  it.each([
    ['hoardsBuffers', /^it took more memory than its limit$/],
    ['hoardsObjects', /^(it took more memory than its limit|its heap was full)$/],
  ] as const)('%s: names the limit of its memory and what it took', async (name, problem) => {
    const { code, message, details } = await failureOf(call(name, [[1n, 33n]]))
    expect(code).toBe('WORKER_LOST')
    expect(message.split('\n')[0]?.split(' rows: ')[1]).toMatch(problem)
    expect(details.hint).toMatch(
      /^(it took (2[5-9]\d|[3-9]\d\d) MB where )?resources\.memory allows 256 MB: allow more, or send it fewer rows at once$/,
    )
    expect(await call(name, [[1n, 2n]])).toEqual([1n, 2n])
  })

  it('by what came before fails no batch', async () => {
    for (let batch = 0; batch < 24; batch++) expect(await call('leaks', [[1n, 2n]])).toEqual([1n, 2n])
  })

  it('after its batch fails no other', async () => {
    for (let batch = 0; batch < 5; batch++) {
      expect(await call('failsLater', [[1n]])).toEqual([1n])
      await setTimeout(20)
    }
  })

  it('takes along those that waited in it only if they end it too', async () => {
    const numbers = Array.from({ length: 12 }, (_, index) => BigInt(index))
    const results = await Promise.allSettled([
      ...numbers.map((number) => call('exitsWaiting', [[number]])),
      call('exitsWaiting', [[33n]]),
    ])
    const got = results.map((result) => (result.status === 'fulfilled' ? result.value[0] : 'lost'))
    expect(got).toEqual([...numbers, 'lost'])
  })
})

describe('what a process prints', () => {
  it('is logged without secrets, by what it worked on', async () => {
    const events: CallEvent[] = []
    const observer = (_: unknown, event: CallEvent) => events.push(event)
    expect(await call('prints', [[1n, 2n]], { observer, secrets: { KEY: 'sk-12345' } })).toEqual([1n, 2n])
    expect(await soon(() => events.length === 4)).toBe(true)
    const said = (stream: string) =>
      events.flatMap((event) =>
        event.kind === 'log' && event.fields['stream'] === stream ? [`${event.level} ${event.message}`] : [],
      )
    expect(said('stdout')).toEqual(['info value 1', 'info value 2'])
    expect(said('stderr')).toEqual(['warn the key is [secret KEY]', 'warn the key is [secret KEY]'])
  })
})

describe('processes', () => {
  it('are as many as were asked for, and only where they are needed', async () => {
    const executors = new ProcessExecutor(2)
    const fn = registered('whereItRuns')
    const places = async (batches: number): Promise<number> => {
      const results = await Promise.all(
        Array.from({ length: batches }, () => executors.invoke(fn, batchOf(fn, [1n]), contextOf())),
      )
      return new Set(results.flatMap((result) => valuesOf(fn, result))).size
    }
    expect(await places(1)).toBe(1)
    expect(await places(1)).toBe(1)
    expect(await places(8)).toBe(2)
    await executors.close()
  })

  it.each([true, false])(
    'are ended within a second by a call that is cancelled (waiting: %s)',
    async (waits) => {
      const controller = new AbortController()
      const file = join(folder, 'pids')
      const failing = failureOf(call('hangs', [[file], [waits]], { signal: controller.signal }))
      while (pidsIn(file).length === 0) await setTimeout(10)
      const started = performance.now()
      controller.abort()
      expect(await failing).toMatchObject({
        code: 'CANCELLED',
        message: "function 'hangs' (version 1) was cancelled in batch 7",
      })
      expect(performance.now() - started).toBeLessThan(200)
      // One that waits has let go of the call, and goes on with others.
      if (!waits) expect(await soon(() => !pidsIn(file).some(isAlive))).toBe(true)
      expect(await call('exits', [[1n]])).toEqual([1n])
    },
  )

  it.each([true, false])('are gone within a second when they are closed (waiting: %s)', async (waits) => {
    const file = join(folder, 'pids')
    const failing = failureOf(call('hangs', [[file], [waits]]))
    while (pidsIn(file).length === 0) await setTimeout(10)
    const started = performance.now()
    await executor.close()
    expect(performance.now() - started).toBeLessThan(1000)
    expect(await failing).toMatchObject({
      code: 'SESSION_CLOSED',
      message: 'the executor of processes is closed',
    })
    expect(pidsIn(file).map(isAlive)).toEqual([false])
    expect(await failureOf(call('exits', [[1n]]))).toMatchObject({ code: 'SESSION_CLOSED' })
  })

  it.each([true, false])('are gone soon after their parent was killed (waiting: %s)', async (waits) => {
    const file = join(folder, 'pids')
    const parent = spawn(
      process.execPath,
      ['--import', 'tsx', 'test/fixtures/process/parent.ts', file, String(waits)],
      { stdio: 'ignore' },
    )
    onTestFinished(() => void parent.kill('SIGKILL'))
    for (let tries = 0; tries < 3000 && pidsIn(file).length === 0; tries++) await setTimeout(10)
    const pids = pidsIn(file)
    expect(pids.map(isAlive)).toEqual([true])
    parent.kill('SIGKILL')
    await setTimeout(1000)
    expect(await soon(() => !pids.some(isAlive))).toBe(true)
  })

  it('do not keep their parent from ending', async () => {
    const parent = spawn(process.execPath, ['--import', 'tsx', 'test/fixtures/process/parent.ts', '', ''], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let said = ''
    parent.stdout.on('data', (text) => (said += String(text)))
    const code = await new Promise((resolve) => parent.on('exit', resolve))
    expect({ code, said }).toEqual({ code: 0, said: '1,2,3\n' })
  })

  it('cannot load a closure', async () => {
    const fn = registered('exits')
    const closure = { ...fn, signature: { ...fn.signature, module: null } }
    expect(await failureOf(executor.invoke(closure, batchOf(fn, [1n]), contextOf()))).toMatchObject({
      code: 'INTERNAL',
      message: "function 'exits' (version 1) is in no module that a process could load",
    })
  })
})

/** The first items of a stream whose process exits at the item `stop`. */
async function take(stop: bigint, most: number): Promise<unknown[]> {
  const fn = registered('countsUp')
  const taken: unknown[] = []
  for await (const item of executor.stream(fn, [stop], contextOf())) {
    taken.push(item)
    if (taken.length === most) break
  }
  return taken
}

describe('a stream from a process', () => {
  it('gives its items as they are asked for', async () => {
    expect(await take(-1n, 10)).toEqual([0, 1, 2, 3, 4])
    expect(await take(-1n, 2)).toEqual([0, 1])
    expect(await take(-1n, 10)).toEqual([0, 1, 2, 3, 4])
    const fn = registered('countsUp')
    const items = executor.stream(fn, [-1n], contextOf())
    expect(await items.next()).toEqual({ done: false, value: 0 })
    await items.return()
    expect(await failureOf(executor.stream(registered('exits'), [1n], contextOf()).next())).toMatchObject({
      code: 'WRONG_ARGUMENTS',
      message: expect.stringContaining("function 'exits' (version 1) does not yield its result item by item"),
    })
  })

  it('fails after its items with what its process ended with', async () => {
    expect(await failureOf(take(2n, 10))).toMatchObject({
      code: 'WORKER_LOST',
      message:
        "a process ended while function 'counts_up' (version 1) worked on batch 7 of 1 row, row 0: exit code 3",
      details: { itemsYielded: 2 },
    })
    expect(await failureOf(take(0n, 10))).toMatchObject({ details: { itemsYielded: 0 } })
    expect(await take(-1n, 10)).toEqual([0, 1, 2, 3, 4])
  })

  it('ends with the signal', async () => {
    const controller = new AbortController()
    const items = executor.stream(registered('countsUp'), [-1n], contextOf({ signal: controller.signal }))
    expect(await items.next()).toEqual({ done: false, value: 0 })
    controller.abort()
    expect(await failureOf(items.next())).toMatchObject({ code: 'CANCELLED' })
  })
})
