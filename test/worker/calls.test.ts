import { expect, test } from 'vitest'
import { defineFunction } from '../../catalog/defineFunction.ts'
import { RetryPolicy } from '../../catalog/policy/factories.ts'
import type { Batch } from '../../src/arrow/column.ts'
import { encodeColumn } from '../../src/arrow/encode.ts'
import { IpcWriter } from '../../src/arrow/ipcWriter.ts'
import { Cancellation } from '../../src/base/cancellation.ts'
import { EngineError } from '../../src/base/errors.ts'
import type { CallRequest } from '../../src/protocol/callChannel.ts'
import { type CallContext, CONTEXT_HEADER, encodeCallContext } from '../../src/protocol/callContext.ts'
import { Limiter } from '../../udf/limiter.ts'
import { call, channelTo, openWorker, payloadOf, requestOf, valuesOf } from './workers.ts'

const upper = defineFunction({
  name: 'upper',
  input: { text: 'VARCHAR' },
  output: 'VARCHAR',
  batching: { maxBatchingSize: 10_000 },
  handler: async ({ text }) => text.map((one) => one?.toUpperCase() ?? null),
})

const double = defineFunction({
  name: 'double',
  input: { n: 'BIGINT' },
  output: 'BIGINT',
  format: 'arrow',
  handler: async (table) => table.getChildAt(0)!,
})

const count = defineFunction({
  name: 'count_to',
  input: { n: 'BIGINT' },
  output: 'BIGINT',
  async *handler({ n }) {
    for (let item = 1n; item <= (n ?? 0n); item++) yield item
  },
})

/** Fails for what is negative. */
const root = defineFunction({
  name: 'root',
  input: { n: 'DOUBLE' },
  output: 'DOUBLE',
  handler: async ({ n }) => {
    if (n !== null && n < 0) throw new RangeError(`${n} has no root`)
    return n === null ? null : Math.sqrt(n)
  },
})

const context: CallContext = {
  batch: 7,
  firstRow: 700,
  attempt: 2,
  deadline: null,
  metadata: null,
  reportsRows: false,
  itemsApart: false,
  chain: [],
}

function ours(more: Partial<CallContext> = {}): Pick<CallRequest, 'headers'> {
  return { headers: { [CONTEXT_HEADER]: encodeCallContext({ ...context, ...more }) } }
}

test('a call answers one message for its batch, with a column result', async () => {
  const worker = await openWorker({ functions: [upper, double] })
  const texts = { text: ['VARCHAR', ['a', null, 'é']] } as const
  expect(await call(worker, 'upper', texts)).toEqual([{ result: ['A', null, 'É'] }])
  expect(await call(worker, 'UPPER', { '0': texts.text })).toEqual([{ result: ['A', null, 'É'] }])
  expect(await call(worker, 'double', { n: ['INTEGER', [1, 2]] })).toEqual([{ result: [1n, 2n] }])
})

test('a batch without rows is answered by one without rows', async () => {
  const worker = await openWorker({ functions: [upper] })
  expect(await call(worker, 'upper', { text: ['VARCHAR', []] })).toEqual([{ result: [] }])
})

test('each batch of a request is a call, and its result a message; without one there is none', async () => {
  const worker = await openWorker({ functions: [upper] })
  const fields = [{ name: 'text', type: { kind: 'varchar' } }] as const
  const batch = (texts: readonly string[]): Batch => ({
    length: texts.length,
    columns: [encodeColumn(fields[0].type, texts)],
  })
  const requestWith = (...batches: readonly Batch[]): Uint8Array => {
    const writer = new IpcWriter(fields, 'stream')
    return Buffer.concat([...batches.flatMap((each) => writer.write(each)), ...writer.finish()])
  }
  const channel = channelTo(worker.endpoint)
  const several = Array.from({ length: 20 }, (_, index) => batch([`a${index}`, `b${index}`]))
  expect(await call(channel, 'upper', requestWith(...several))).toEqual(
    several.map((_, index) => ({ result: [`A${index}`, `B${index}`] })),
  )
  expect(await call(channel, 'upper', requestWith())).toEqual([])
})

test('an unknown function is told with those that there are', async () => {
  const worker = await openWorker({ functions: [upper, double] })
  const failure = call(worker, 'uper', { text: ['VARCHAR', ['a']] })
  await expect(failure).rejects.toMatchObject({ code: 'UNKNOWN_FUNCTION' })
  await expect(failure).rejects.toThrow("unknown function 'uper': did you mean 'upper'?")
  await expect(call(worker, 'other', { text: ['VARCHAR', ['a']] })).rejects.toThrow(
    "unknown function 'other': this worker has upper, double",
  )
})

test('wrong columns and broken data are refused, and the worker goes on', async () => {
  const worker = await openWorker({ functions: [upper] })
  const channel = channelTo(worker.endpoint)
  await expect(
    call(channel, 'upper', { a: ['VARCHAR', ['a']], b: ['VARCHAR', ['a']] }),
  ).rejects.toMatchObject({
    code: 'WRONG_ARGUMENTS',
    message: "function 'upper' takes 1, got 2 columns: 'a', 'b'\n  upper(text VARCHAR) → VARCHAR",
  })
  await expect(call(channel, 'upper', Buffer.from('no Arrow at all'))).rejects.toMatchObject({
    code: 'ARROW_INVALID',
  })
  expect(await call(channel, 'upper', { text: ['VARCHAR', ['a']] })).toEqual([{ result: ['A'] }])
})

test('the one function of a worker has the name of its group too', async () => {
  const worker = await openWorker({ functions: [upper], group: 'shout' })
  expect(worker.functions).toEqual(['upper', 'model.shout'])
  expect(await call(worker, 'model.shout', { text: ['VARCHAR', ['a']] })).toEqual([{ result: ['A'] }])
})

test('a handler that yields sends a message for each item, those before its failure too', async () => {
  const broken = defineFunction({
    name: 'broken',
    input: { n: 'BIGINT' },
    output: 'BIGINT',
    async *handler({ n }) {
      yield n
      throw new Error('no more')
    },
  })
  const worker = await openWorker({ functions: [count, broken] })
  const channel = channelTo(worker.endpoint)
  expect(await call(channel, 'count_to', { n: ['BIGINT', [2n, 0n, 1n]] })).toEqual([
    { result: [1n] },
    { result: [2n] },
    { result: [1n] },
  ])
  const answer = channel.stream(requestOf('broken', { n: ['BIGINT', [5n]] }))
  const first = await answer.next()
  expect(valuesOf([first.value!])).toEqual([{ result: [5n] }])
  await expect(answer.next()).rejects.toThrow(
    "function 'broken' (version 1) failed after 1 item in batch 0 of 1 row, row 0: no more",
  )
})

test('for a client of ours what is yielded is a list, or items if it asks for them', async () => {
  const worker = await openWorker({ functions: [count] })
  const n = { n: ['BIGINT', [2n, 0n]] } as const
  expect(await call(worker, 'count_to', n, ours())).toEqual([{ result: [[1n, 2n], []] }])
  expect(await call(worker, 'count_to', n, ours({ itemsApart: true }))).toEqual([
    { result: [1n] },
    { result: [2n] },
  ])
})

test('an exception of a handler fails the call with all that is known of it', async () => {
  const worker = await openWorker({ functions: [root] })
  const error: unknown = await call(worker, 'root', { n: ['DOUBLE', [4, -1]] }, ours()).catch(
    (e: unknown) => e,
  )
  expect(error).toBeInstanceOf(EngineError)
  expect(error).toMatchObject({
    code: 'FUNCTION_FAILED',
    message: "function 'root' (version 1) failed in batch 7 of 2 rows, row 1: -1 has no root",
    details: { function: 'root', version: 1, batch: 7, row: 1 },
    cause: { name: 'RangeError', message: '-1 has no root' },
  })
})

test('rows fail one by one for a client of ours that asks for that', async () => {
  const worker = await openWorker({ functions: [root] })
  const [answer] = await call(worker, 'root', { n: ['DOUBLE', [4, -1, 9]] }, ours({ reportsRows: true }))
  expect(answer?.['result']).toEqual([2, null, 3])
  const [first, second, third] = answer?.['__callplane_error__'] ?? []
  expect([first, third]).toEqual([null, null])
  expect(JSON.parse(String(second))).toMatchObject({
    code: 'FUNCTION_FAILED',
    message: "function 'root' (version 1) failed in batch 7 of 3 rows, row 1: -1 has no root",
  })
  const [clean] = await call(worker, 'root', { n: ['DOUBLE', [4]] }, ours({ reportsRows: true }))
  expect(Object.keys(clean ?? {})).toEqual(['result'])
})

test("a definition's policies hold for other clients: rows that fail are null if it says so, attempts are made again", async () => {
  let attempts = 0
  const lenient = defineFunction({
    name: 'lenient',
    input: { n: 'DOUBLE' },
    output: 'DOUBLE',
    onError: 'null',
    handler: async ({ n }) => {
      if (n === 0) throw new Error('nothing')
      return n
    },
  })
  const stubborn = defineFunction({
    name: 'stubborn',
    input: { n: 'DOUBLE' },
    output: 'DOUBLE',
    batching: { maxBatchingSize: 10 },
    retries: RetryPolicy.linear({ attempts: 2, delay: 0.001 }),
    handler: async ({ n }) => {
      if (++attempts < 3) throw new Error('not yet')
      return n
    },
  })
  const worker = await openWorker({ functions: [lenient, stubborn] })
  const n = { n: ['DOUBLE', [1, 0, 2]] } as const
  expect(await call(worker, 'lenient', n)).toEqual([{ result: [1, null, 2] }])
  expect(await call(worker, 'stubborn', n)).toEqual([{ result: [1, 0, 2] }])
  expect(attempts).toBe(3)
  attempts = 0
  await expect(call(worker, 'stubborn', n, ours())).rejects.toThrow('not yet')
  expect(attempts).toBe(1)
})

test('handlers see the headers of a call, its deadline, and what a client of ours says of it', async () => {
  const seen: unknown[] = []
  const look = defineFunction({
    name: 'look',
    input: { n: 'BIGINT' },
    output: 'BIGINT',
    handler: async ({ n }, { metadata, deadline, batch, firstRow, attempt }) => {
      seen.push({ metadata, deadline, batch, firstRow, attempt })
      return n
    },
  })
  const worker = await openWorker({ functions: [look], token: 'secret' })
  const channel = channelTo(worker.endpoint, { token: 'secret' })
  const deadline = Date.now() + 60_000
  await call(channel, 'look', { n: ['BIGINT', [1n]] }, { headers: { tenant: 'a' }, deadline })
  expect(seen[0]).toMatchObject({ metadata: { tenant: 'a' }, batch: 0, firstRow: 0, attempt: 1 })
  const [{ metadata, deadline: left }] = seen as [{ metadata: object; deadline: number }]
  expect(metadata).not.toHaveProperty('authorization')
  expect(Math.abs(left - deadline)).toBeLessThan(5000)
  await call(channel, 'look', { n: ['BIGINT', [1n]] }, ours({ metadata: { tenant: 1, tags: ['x'] } }))
  expect(seen[1]).toMatchObject({
    metadata: { tenant: 1, tags: ['x'] },
    batch: 7,
    firstRow: 700,
    attempt: 2,
  })
})

test('what a handler reports reaches a client of ours, also if it fails', async () => {
  const lines: string[] = []
  const talk = defineFunction({
    name: 'talk',
    input: { n: 'BIGINT' },
    output: 'BIGINT',
    handler: async ({ n }, { log, reportUsage }) => {
      log.warn('careful', { n })
      reportUsage({ tokens: 3 })
      if (n === 0n) throw new Error('zero')
      return n
    },
  })
  const worker = await openWorker({ functions: [talk], log: (line) => lines.push(line) })
  const channel = channelTo(worker.endpoint)
  const answer = await call(channel, 'talk', { n: ['BIGINT', [1n]] }, ours())
  const events = answer
    .flatMap((body) => body['__callplane_events__'] ?? [])
    .map((text) => JSON.parse(String(text)))
  expect(answer.flatMap((body) => body['result'] ?? [])).toEqual([1n])
  expect(events).toEqual([
    { kind: 'log', level: 'warn', message: 'careful', fields: { n: '1' } },
    { kind: 'usage', key: null, units: { tokens: 3 } },
  ])
  expect(JSON.parse(lines[0]!)).toMatchObject({ level: 'warn', function: 'talk', message: 'careful', n: '1' })
  const failing = channel.stream(requestOf('talk', { n: ['BIGINT', [0n]] }, ours()))
  expect(Object.keys(valuesOf([(await failing.next()).value!])[0]!)).toEqual(['__callplane_events__'])
  await expect(failing.next()).rejects.toThrow('zero')
  expect(await call(channel, 'talk', { n: ['BIGINT', [1n]] })).toEqual([{ result: [1n] }])
})

test('a caller that gives up aborts the call, and a deadline does too', async () => {
  const signals: AbortSignal[] = []
  const wait = defineFunction({
    name: 'wait',
    input: { n: 'BIGINT' },
    output: 'BIGINT',
    handler: async (_row, { signal }) => {
      signals.push(signal)
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      return 1n
    },
  })
  const worker = await openWorker({ functions: [wait] })
  const channel = channelTo(worker.endpoint)
  const signal = new Cancellation()
  const given = call(channel, 'wait', { n: ['BIGINT', [1n]] }, { signal })
  given.catch(() => undefined)
  await expect.poll(() => signals.length).toBe(1)
  signal.abort(new EngineError('CANCELLED', 'enough'))
  await expect(given).rejects.toThrow('enough')
  await expect.poll(() => signals[0]?.aborted).toBe(true)
  await expect(
    call(channel, 'wait', { n: ['BIGINT', [1n]] }, { deadline: Date.now() + 200 }),
  ).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' })
  await expect.poll(() => signals[1]?.aborted).toBe(true)
})

test('a result of more bytes than a message has is split for clients of ours, and refused to others', async () => {
  const blow = defineFunction({
    name: 'blow',
    input: { n: 'BIGINT' },
    output: 'VARCHAR',
    batching: { maxBatchingSize: 100 },
    handler: async ({ n }) => n.map((bytes) => 'x'.repeat(Number(bytes))),
  })
  const worker = await openWorker({ functions: [blow] })
  const rows = Array.from({ length: 5 }, () => 10_000_000n)
  const bodies = await call(worker, 'blow', { n: ['BIGINT', rows] }, ours())
  expect(bodies.flatMap((body) => body['result']!.map((text) => String(text).length))).toEqual(
    rows.map(Number),
  )
  expect(bodies.length).toBeGreaterThan(1)
  await expect(call(worker, 'blow', { n: ['BIGINT', rows] })).rejects.toMatchObject({
    code: 'MESSAGE_TOO_LARGE',
    retryable: false,
  })
})

test('calls of several callers share batches where they may wait for each other', async () => {
  const sizes: number[] = []
  const shared = defineFunction({
    name: 'shared',
    input: { n: 'BIGINT' },
    output: 'BIGINT',
    batching: { maxBatchingSize: 4, maxBufferDuration: 20_000 },
    handler: async ({ n }) => {
      sizes.push(n.length)
      return n
    },
  })
  const worker = await openWorker({ functions: [shared], coalesce: 20_000 })
  const callers = [1n, 2n, 3n, 4n].map((n) => call(worker, 'shared', { n: ['BIGINT', [n]] }))
  expect(await Promise.all(callers)).toEqual([1n, 2n, 3n, 4n].map((n) => [{ result: [n] }]))
  expect(sizes).toEqual([4])
})

test('a function calls others of the worker', async () => {
  const outer = defineFunction({
    name: 'outer',
    input: { text: 'VARCHAR' },
    output: 'VARCHAR',
    handler: async ({ text }) => `${await upper.remote({ text })}!`,
  })
  const worker = await openWorker({ functions: [upper, outer] })
  expect(await call(worker, 'outer', { text: ['VARCHAR', ['a']] })).toEqual([{ result: ['A!'] }])
})

test('the state of a function is there before the first call, and is shut down after the last', async () => {
  const told: string[] = []
  const stateful = defineFunction({
    name: 'stateful',
    input: { n: 'BIGINT' },
    output: 'BIGINT',
    onStartup: async () => {
      told.push('started')
      return 10n
    },
    onShutdown: () => void told.push('ended'),
    handler: async ({ n }, { state }) => (n ?? 0n) + state,
  })
  const worker = await openWorker({ functions: [stateful] })
  expect(told).toEqual(['started'])
  expect(await call(worker, 'stateful', { n: ['BIGINT', [1n]] })).toEqual([{ result: [11n] }])
  await worker.drain(1000)
  expect(told).toEqual(['started', 'ended'])
})

test('a worker whose functions do not start does not open', async () => {
  const broken = defineFunction({
    name: 'broken',
    input: { n: 'BIGINT' },
    output: 'BIGINT',
    onStartup: () => {
      throw new Error('no model here')
    },
    handler: async ({ n }) => n,
  })
  await expect(openWorker({ functions: [broken] })).rejects.toMatchObject({
    code: 'FUNCTION_FAILED',
    message: "onStartup of function 'broken' failed: no model here",
  })
})

test('calls beyond those that may wait are asked to come later', async () => {
  const held = new Limiter(1)
  await held.acquire(new Cancellation())
  const patient = defineFunction({
    name: 'patient',
    input: { n: 'BIGINT' },
    output: 'BIGINT',
    handler: async ({ n }, { signal }) => held.hold(signal, 1, async () => n),
  })
  const worker = await openWorker({ functions: [patient], maxConcurrentCalls: 1, maxQueuedCalls: 1 })
  const channel = channelTo(worker.endpoint)
  const n = { n: ['BIGINT', [1n]] } as const
  const [first, second] = [call(channel, 'patient', n), call(channel, 'patient', n)]
  await expect(call(channel, 'patient', n)).rejects.toMatchObject({
    code: 'RESOURCE_EXHAUSTED',
    retryable: true,
  })
  held.release()
  expect(await Promise.all([first, second])).toEqual([[{ result: [1n] }], [{ result: [1n] }]])
})

test('a request of more than 32 MiB is refused', async () => {
  const worker = await openWorker({ functions: [upper] })
  const text = 'x'.repeat(34_000_000)
  const payload = payloadOf({ text: ['VARCHAR', [text]] })
  await expect(call(worker, 'upper', payload)).rejects.toMatchObject({ code: 'MESSAGE_TOO_LARGE' })
})
