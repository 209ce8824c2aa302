import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { ScalingGroup, type ScalingGroupOptions, Session } from 'callplane'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Cancellation } from '../../src/base/cancellation.ts'
import { values } from '../sessions.ts'
import { payloadOf, valuesOf } from '../worker/workers.ts'
import { missingWorker, notesIn, PythonWorker, workerCommand, workerEnv } from './pythonWorker.ts'

const skipped = missingWorker === null ? '' : ` (skipped: ${missingWorker})`

describe.skipIf(missingWorker !== null)(`calls of a worker in Python${skipped}`, () => {
  let worker: PythonWorker
  let session: Session

  beforeAll(async () => {
    worker = await PythonWorker.open()
    const group = (name: string, options: Partial<ScalingGroupOptions> = {}) =>
      ScalingGroup({
        name,
        endpoints: worker.endpoint,
        input: { value: 'VARCHAR' },
        output: 'VARCHAR',
        dedupe: false,
        ...options,
      })
    const seconds = { input: { seconds: 'DOUBLE' }, output: 'DOUBLE' } as const
    session = await Session.open({
      functions: [
        ...['fail', 'halves', 'short', 'headers', 'named', 'missing'].map((name) => group(name)),
        group('add', { input: { left: 'INTEGER', right: 'INTEGER' }, output: 'INTEGER' }),
        group('fail__null', { onError: 'null', batching: { maxBatchingSize: 100 } }),
        group('count', { output: 'BIGINT' }),
        group('slow', seconds),
        group('slow__timeout', { ...seconds, timeout: 200 }),
        group('slow__deadline', { ...seconds, deadline: 200 }),
      ],
      state: null,
    })
  })
  afterAll(async () => {
    await session.close()
    await worker.close()
  })

  /** Waits until the worker has noted so many lines of a text. */
  async function noted(text: string, times = 1): Promise<void> {
    const deadline = Date.now() + 20_000
    while (worker.notes().filter((note) => note === text).length < times) {
      if (Date.now() > deadline) throw new Error(`the worker has noted ${worker.notes().join(', ')}`)
      await setTimeout(10)
    }
  }

  it('give its handler the arguments in order', async () => {
    const sums = `SELECT catalog_call('model.add', (i * 10)::INTEGER, i::INTEGER) FROM range(3) r(i)`
    expect(await values(session, sums)).toEqual([0, 11, 22])
    expect(await values(session, `SELECT catalog_call('model.add', right => 1, left => 41)`)).toEqual([42])
  })

  it.each(['plain', '100 % of 5%', 'a #1 ? of é', 'two\nlines', '%'])(
    'fail with what its handler raises: %j',
    async (text) => {
      const failing = values(session, `SELECT catalog_call('model.fail', '!${text}')`)
      await expect(failing).rejects.toMatchObject({
        code: 'FUNCTION_FAILED',
        message: `function 'model.fail' (version 1) failed in batch 0 of 1 row at ${worker.endpoint}: ValueError: !${text}`,
        details: { functionStack: expect.stringContaining('raise ValueError(text)') },
      })
    },
  )

  it('leave the other rows their results where the caller wants them', async () => {
    const texts = `SELECT if(i IN (7, 150), '!' || i, 'row ' || i) AS value FROM range(250) r(i)`
    const results = `SELECT value, catalog_call('model.fail__null', value) AS result FROM (${texts})`
    expect(await values(session, `SELECT value FROM (${results}) WHERE result IS NULL`)).toEqual([
      '!7',
      '!150',
    ])
  })

  it('put together what its handler yields', async () => {
    const back = `SELECT catalog_call('model.halves', 'row ' || i) = 'row ' || i FROM range(1001) r(i)`
    expect(new Set(await values(session, back))).toEqual(new Set([true]))
  })

  it('take the column named result where its handler gives several', async () => {
    expect(await values(session, `SELECT catalog_call('model.named', 'ÀB')`)).toEqual(['àb'])
  })

  it('fail where it gives other rows than it got', async () => {
    const short = values(session, `SELECT catalog_call('model.short', 'row ' || i) FROM range(3) r(i)`)
    await expect(short).rejects.toMatchObject({
      code: 'REMOTE_RESULT_INVALID',
      message: `function 'model.short' (version 1) got 2 rows for 3 from ${worker.endpoint} in batch 0`,
    })
    const long = values(session, `SELECT catalog_call('model.count', 'x')`)
    await expect(long).rejects.toMatchObject({
      code: 'REMOTE_RESULT_INVALID',
      message: `function 'model.count' (version 1) got 2 rows for 1 from ${worker.endpoint} in batch 0`,
    })
    await noted('closed')
    expect(worker.notes()).not.toContain('counted to the end')
  })

  it('carry metadata, its nulls left out, and the name of the function, after its hook ran once', async () => {
    const [text] = await values(
      session,
      `SELECT catalog_call('model.headers', 'x', metadata => {Tenant: 'acme', tags: [1, 2], region: NULL})`,
    )
    expect(JSON.parse(String(text))).toEqual({
      function: 'model.headers',
      started: 1,
      tenant: 'acme',
      tags: '[1,2]',
    })
  })

  it('are apart for rows of other metadata', async () => {
    const calls = `SELECT catalog_call('model.headers', 'x', metadata => {tenant: 't' || i % 2}) FROM range(4) r(i)`
    const texts = await values(session, calls)
    expect(texts.map((text) => JSON.parse(String(text)).tenant)).toEqual(['t0', 't1', 't0', 't1'])
  })

  it.each([
    ['timeout', 'TIMED_OUT'],
    ['deadline', 'DEADLINE_EXCEEDED'],
  ])('end at the %s of the function', async (policy, code) => {
    const begun = performance.now()
    await expect(values(session, `SELECT catalog_call('model.slow__${policy}', 2)`)).rejects.toMatchObject({
      code,
    })
    expect(performance.now() - begun).toBeLessThan(1800)
  })

  it('are given up when the query is', async () => {
    const controller = new AbortController()
    const before = worker.notes().filter((note) => note === 'slow begins').length
    const outcome = session
      .sql(`SELECT catalog_call('model.slow', 3)`, [], { signal: controller.signal })
      .then((result) => result.toRows())
      .catch((error: unknown) => error)
    await noted('slow begins', before + 1)
    const begun = performance.now()
    controller.abort()
    expect(await outcome).toMatchObject({ code: 'CANCELLED' })
    expect(performance.now() - begun).toBeLessThan(1000)
  })

  it('give items as its handler yields them, and close it when nobody reads on', async () => {
    const request = {
      name: 'count',
      payload: payloadOf({ value: ['VARCHAR', ['x']] }),
      headers: {},
      deadline: null,
      signal: new Cancellation(),
    }
    const closed = worker.notes().filter((note) => note === 'closed').length
    const items: unknown[] = []
    for await (const body of worker.channel.stream(request)) {
      items.push(...valuesOf([body]))
      if (items.length === 3) break
    }
    expect(items).toEqual([{ result: [0n] }, { result: [1n] }, { result: [2n] }])
    await noted('closed', closed + 1)
  })

  it('may be of no rows', async () => {
    const payload = payloadOf({ value: ['VARCHAR', []] })
    const request = { name: 'sizes', payload, headers: {}, deadline: null, signal: new Cancellation() }
    expect(valuesOf(await worker.channel.call(request))).toEqual([{ result: [] }])
    expect(worker.notes()).toContain('sizes 0')
  })

  it('say what is missing there', async () => {
    await expect(values(session, `SELECT catalog_call('model.missing', 'x')`)).rejects.toMatchObject({
      code: 'FUNCTION_FAILED',
      message: `function 'model.missing' (version 1) failed in batch 0 of 1 row at ${worker.endpoint}: KeyError: 'missing'`,
    })
  })
})

describe.skipIf(missingWorker !== null)(`workers in Python${skipped}`, () => {
  it('that are told to end leave what they have to others, and end after their hook', async () => {
    const workers = await Promise.all([PythonWorker.open(), PythonWorker.open()])
    const group = ScalingGroup({
      name: 'slow',
      endpoints: workers.map(({ endpoint }) => endpoint),
      input: { seconds: 'DOUBLE' },
      output: 'DOUBLE',
    })
    const session = await Session.open({ functions: [group], state: null })
    try {
      const answer = values(session, `SELECT catalog_call('model.slow', 1)`)
      const begun = (): PythonWorker | undefined =>
        workers.find((worker) => worker.notes().includes('slow begins'))
      while (begun() === undefined) await setTimeout(10)
      const first = begun()!
      first.signal('SIGTERM')
      expect(await answer).toEqual([1])
      expect(await first.ended()).toBe(0)
      // Its connection ended with the signal, before its handler did.
      expect(first.notes()).toEqual(['started', 'slow begins', 'slow ends', 'shut down'])
      const other = workers.find((worker) => worker !== first)
      expect(other?.notes()).toEqual(['started', 'slow begins', 'slow ends'])
    } finally {
      await session.close()
      await Promise.all(workers.map((worker) => worker.close()))
    }
  })

  it('are replicas of groups, started by the first call and ended with the session', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'callplane-interop-'))
    const group = ScalingGroup({
      name: 'upper',
      command: workerCommand,
      env: workerEnv(folder),
      input: { text: 'VARCHAR' },
      output: 'VARCHAR',
      maxReplicas: 2,
    })
    const session = await Session.open({ functions: [group], state: null })
    try {
      expect(await values(session, `SELECT catalog_call('model.upper', 'déjà vu')`)).toEqual(['DÉJÀ VU'])
      expect(notesIn(folder)).toEqual(['started'])
    } finally {
      await session.close()
    }
    expect(notesIn(folder)).toEqual(['started', 'shut down'])
    await rm(folder, { recursive: true })
  })
})
