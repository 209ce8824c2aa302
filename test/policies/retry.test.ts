import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RetryPolicy } from '../../catalog/policy/factories.ts'
import { encodeColumn } from '../../src/arrow/encode.ts'
import { EngineError } from '../../src/base/errors.ts'
import type { CallResult, Invoke, InvokeContext } from '../../udf/executor.ts'
import { retry } from '../../udf/policies/retry.ts'
import { failureOf } from '../invocations.ts'
import { repeats } from '../repeats.ts'
import { VirtualClock } from '../virtualClock.ts'
import { caller, echoes, failed, seeded, textsOf, unavailable } from './calls.ts'

interface Attempt extends Pick<InvokeContext, 'attempt' | 'keepsInput' | 'reportsRows' | 'firstRow'> {
  readonly at: number
  readonly texts: readonly unknown[]
}

/** Retries around an executor that keeps what it was asked, and answers as `answer` says. */
function retried(
  answer: (texts: readonly unknown[], attempt: number) => CallResult | null,
  random = () => 0.5,
) {
  const clock = new VirtualClock()
  const started = clock.now()
  const attempts: Attempt[] = []
  const executor: Invoke = async (registered, batch, context) => {
    const { attempt, keepsInput, reportsRows, firstRow } = context
    const texts = textsOf(batch)
    attempts.push({ at: clock.now() - started, texts, attempt, keepsInput, reportsRows, firstRow })
    return answer(texts, attempts.length) ?? echoes(registered, batch, context)
  }
  return { clock, attempts, ...caller([retry({ clock, random })], executor) }
}

function failing(times: number, error: (attempt: number) => Error = () => unavailable()) {
  return (_: unknown, attempt: number): null => {
    if (attempt <= times) throw error(attempt)
    return null
  }
}

/** A result whose rows fail for which `errorOf` gives an error. */
function rowResult(
  texts: readonly unknown[],
  errorOf: (text: unknown, row: number) => EngineError | null,
): CallResult {
  const errors = texts.map(errorOf)
  return {
    column: encodeColumn(
      { kind: 'varchar' },
      texts.map((text, row) => (errors[row] === null ? `${String(text)}!` : null)),
    ),
    failures: errors.flatMap((error, row) => (error === null ? [] : [{ row, error }])),
  }
}

const rowError = (text: unknown, row: number, batchRows: number): EngineError =>
  new EngineError(
    'FUNCTION_FAILED',
    `function 'echo' (version 1) failed in batch 7 of ${batchRows} ${batchRows === 1 ? 'row' : 'rows'}, row ${row}: ${String(text)}`,
    { function: 'echo', version: 1, batch: 7, batchRows, row },
  )

const hinted = (attempt: number): Error =>
  new EngineError('UNAVAILABLE', `failure ${attempt}`, { function: 'echo', hint: 'look at it' }, 'cause')

const slowDown = (): Error => new EngineError('RESOURCE_EXHAUSTED', 'slow down', { retryAfter: 20_000 })

describe('a retry', () => {
  it('waits longer each time, up to a limit, and counts the attempts', async () => {
    const { clock, attempts, call, events } = retried(failing(5))
    const policy = RetryPolicy.exponential({ attempts: 5, maxWait: 5, jitter: false })
    await clock.until(call({ policies: { retry: policy } }))
    expect(attempts.map(({ at }) => at)).toEqual([0, 1000, 3000, 7000, 12_000, 17_000])
    expect(attempts.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4, 5, 6])
    expect(attempts.map(({ keepsInput }) => keepsInput)).toEqual([true, true, true, true, true, false])
    expect(events.slice(0, 3)).toMatchObject([
      { kind: 'retried', rows: 1, error: { code: 'UNAVAILABLE' } },
      { kind: 'waited', for: 'retry', milliseconds: 1000 },
      { kind: 'retried' },
    ])
    expect(clock.pending).toBe(0)
  })

  it('waits a random share of that where it is jittered', async () => {
    const { clock, attempts, call } = retried(failing(3), () => 0.25)
    await clock.until(call({ policies: { retry: RetryPolicy.exponential() } }))
    expect(attempts.map(({ at }) => at)).toEqual([0, 250, 750, 1750])
  })

  it('waits the same time each time where it is linear', async () => {
    const { clock, attempts, call } = retried(failing(2))
    await clock.until(call({ policies: { retry: RetryPolicy.linear({ delay: 0.2 }) } }))
    expect(attempts.map(({ at }) => at)).toEqual([0, 200, 400])
  })

  it('gives out the last error, with the number of attempts before its hint', async () => {
    const { clock, call, attempts } = retried(failing(9, hinted))
    const work = call({ policies: { retry: RetryPolicy.linear({ attempts: 2, delay: 1 }) } })
    expect(await clock.until(failureOf(work))).toEqual({
      code: 'UNAVAILABLE',
      message: 'failure 3 (after 3 attempts)\n  look at it',
      details: { function: 'echo', hint: 'look at it', attempts: 3 },
    })
    expect(attempts.length).toBe(3)
    await expect(work).rejects.toMatchObject({ cause: 'cause' })
  })

  it('leaves what it does not retry as it was', async () => {
    const error = new EngineError('BATCH_TOO_LARGE', 'too large')
    const { call, attempts } = retried(failing(9, () => error))
    await expect(call({ policies: { retry: RetryPolicy.exponential() } })).rejects.toBe(error)
    expect(attempts.length).toBe(1)
    const late = retried((_, attempt) => {
      throw attempt === 1 ? unavailable() : error
    })
    const work = failureOf(late.call({ policies: { retry: RetryPolicy.exponential() } }))
    expect(await late.clock.until(work)).toMatchObject({
      code: 'BATCH_TOO_LARGE',
      message: 'too large (after 2 attempts)',
    })
  })

  it('goes straight through without a policy', async () => {
    const error = unavailable()
    const { call, attempts } = retried(failing(9, () => error))
    await expect(call({ policies: {} })).rejects.toBe(error)
    expect(attempts).toMatchObject([{ keepsInput: false, reportsRows: false }])
  })

  it('waits as long as a service asks for, and then not together', async () => {
    const plain = retried(failing(2, slowDown))
    const policy = RetryPolicy.exponential({ jitter: false })
    await plain.clock.until(plain.call({ policies: { retry: policy } }))
    expect(plain.attempts.map(({ at }) => at)).toEqual([0, 20_000, 40_000])
    const jittered = retried(failing(2, slowDown), () => 0.5)
    await jittered.clock.until(jittered.call({ policies: { retry: RetryPolicy.exponential() } }))
    expect(jittered.attempts.map(({ at }) => at)).toEqual([0, 20_500, 41_500])
  })

  it('ends its wait when it is cancelled', async () => {
    const { clock, call, attempts } = retried(failing(9))
    const controller = new AbortController()
    const policies = { retry: RetryPolicy.linear({ delay: 60 }) }
    const work = failureOf(call({ policies, context: { signal: controller.signal } }))
    await clock.advance(1000)
    controller.abort()
    expect(await work).toMatchObject({
      code: 'CANCELLED',
      message: "function 'echo' (version 1) was cancelled in batch 7",
    })
    expect([attempts.length, clock.pending]).toEqual([1, 0])
  })

  it('makes no attempt after it was cancelled, whatever the call fails with', async () => {
    const controller = new AbortController()
    const { call, attempts } = retried(() => {
      controller.abort()
      throw unavailable()
    })
    const policies = { retry: RetryPolicy.linear() }
    expect(await failureOf(call({ policies, context: { signal: controller.signal } }))).toMatchObject({
      code: 'CANCELLED',
    })
    expect(attempts.length).toBe(1)
  })
})

describe('a retry of some rows', () => {
  const policies = { retry: RetryPolicy.linear({ attempts: 2, delay: 1 }) }

  it('makes only the rows again that failed, and joins all in their places', async () => {
    const { clock, call, attempts, events } = retried((texts, attempt) =>
      rowResult(texts, (text, row) =>
        attempt < 3 && Number(text) % (attempt + 1) === 0 ? rowError(text, row, texts.length) : null,
      ),
    )
    const texts = ['1', '2', '3', '4', '5', '6']
    const result = await clock.until(call({ policies, texts }))
    expect(textsOf({ columns: [result.column] })).toEqual(['1!', '2!', '3!', '4!', '5!', '6!'])
    expect(result.failures).toEqual([])
    expect(attempts).toEqual([
      { at: 0, texts, attempt: 1, keepsInput: true, reportsRows: true, firstRow: 1000 },
      { at: 1000, texts: ['2', '4', '6'], attempt: 2, keepsInput: false, reportsRows: true, firstRow: 1001 },
      { at: 2000, texts: ['6'], attempt: 3, keepsInput: false, reportsRows: false, firstRow: 1005 },
    ])
    expect(events.filter(({ kind }) => kind === 'retried')).toMatchObject([{ rows: 3 }, { rows: 1 }])
  })

  it('tells the rows that fail for good by their place in the batch', async () => {
    const { clock, call } = retried((texts) =>
      rowResult(texts, (text, row) => (text === 'bad' ? rowError(text, row, texts.length) : null)),
    )
    const texts = ['a', 'bad', 'b', 'bad']
    const result = await clock.until(call({ policies, texts, context: { reportsRows: true } }))
    expect(textsOf({ columns: [result.column] })).toEqual(['a!', null, 'b!', null])
    expect(result.failures.map(({ row, error }) => [row, error.message, error.details])).toEqual(
      [1, 3].map((row) => [
        row,
        `function 'echo' (version 1) failed in batch 7 of 4 rows, row ${row}: bad (after 3 attempts)`,
        { function: 'echo', version: 1, batch: 7, batchRows: 4, row, attempts: 3 },
      ]),
    )
    expect(await clock.until(failureOf(call({ policies, texts })))).toMatchObject({
      message: "function 'echo' (version 1) failed in batch 7 of 4 rows, row 1: bad (after 3 attempts)",
    })
  })

  it('keeps rows that no attempt can help out of the next one', async () => {
    const final = new EngineError('FUNCTION_RESULT_INVALID', 'no text')
    const { clock, call, attempts } = retried((texts, attempt) =>
      rowResult(texts, (text, row) => {
        if (text === 'final') return final
        return attempt === 1 && text === 'again' ? rowError(text, row, texts.length) : null
      }),
    )
    const texts = ['final', 'again', 'c']
    const result = await clock.until(call({ policies, texts, context: { reportsRows: true } }))
    expect(attempts.map((attempt) => attempt.texts)).toEqual([texts, ['again']])
    expect(textsOf({ columns: [result.column] })).toEqual([null, 'again!', 'c!'])
    expect(result.failures).toEqual([{ row: 0, error: final }])
    await expect(clock.until(call({ policies, texts: ['again', 'final'] }))).rejects.toBe(final)
  })

  it('keeps the rows that succeeded when the rest fails as a whole', async () => {
    const { clock, call } = retried((texts, attempt) => {
      if (attempt % 3 !== 1) throw unavailable()
      return rowResult(texts, (text, row) => (text === 'bad' ? rowError(text, row, texts.length) : null))
    })
    const texts = ['a', 'bad', 'bad']
    const result = await clock.until(call({ policies, texts, context: { reportsRows: true } }))
    expect(textsOf({ columns: [result.column] })).toEqual(['a!', null, null])
    expect(result.failures).toMatchObject([
      { row: 1, error: { code: 'UNAVAILABLE', message: 'nobody answers (after 3 attempts)' } },
      { row: 2, error: { code: 'UNAVAILABLE' } },
    ])
    expect(await clock.until(failureOf(call({ policies, texts })))).toMatchObject({ code: 'UNAVAILABLE' })
  })

  it('never changes a result, loses a row, or makes one again that succeeded', async () => {
    const outcome = fc.constantFrom('ok', 'again', 'final')
    const plan = fc.array(fc.array(outcome, { minLength: 4, maxLength: 4 }), { minLength: 1, maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(plan, async (rows) => {
        const texts = rows.map((_, index) => String(index))
        const made = new Map<unknown, number>()
        const { clock, call } = retried((asked) =>
          rowResult(asked, (text, row) => {
            const attempt = made.get(text) ?? 0
            made.set(text, attempt + 1)
            const what = rows[Number(text)]![attempt]
            if (what === 'again') return rowError(text, row, asked.length)
            return what === 'final' ? new EngineError('FUNCTION_RESULT_INVALID', 'final') : null
          }),
        )
        const retryPolicy = { retry: RetryPolicy.linear({ attempts: 3, delay: 1 }) }
        const result = await clock.until(
          call({ policies: retryPolicy, texts, context: { reportsRows: true } }),
        )
        const ends = rows.map((row) => row.find((what) => what !== 'again') ?? 'again')
        expect(textsOf({ columns: [result.column] })).toEqual(
          ends.map((end, index) => (end === 'ok' ? `${index}!` : null)),
        )
        expect(result.failures.map(({ row }) => row)).toEqual(
          ends.flatMap((end, index) => (end === 'ok' ? [] : [index])),
        )
        for (const { row, error } of result.failures) {
          if (error.details.row !== undefined)
            expect(error.details).toMatchObject({ row, batchRows: rows.length })
        }
        expect([...made.values()]).toEqual(
          rows.map((row) => {
            const end = row.findIndex((what) => what !== 'again')
            return end < 0 ? 4 : end + 1
          }),
        )
      }),
      { numRuns: repeats(200) },
    )
  })
})

describe('everything down for a minute', () => {
  const CALLERS = 1000
  const policy = RetryPolicy.exponential({ attempts: 14, initial: 1, multiplier: 2, maxWait: 20 })

  it('makes 1,000 callers try within their policy, and come back spread over time', async () => {
    const random = seeded(7)
    const clock = new VirtualClock()
    const [start, down] = [clock.now(), 60_000]
    const seconds = new Map<number, number>()
    let [attempts, succeededCalls] = [0, 0]
    const { call } = caller([retry({ clock, random })], async (...[registered, batch, context]) => {
      attempts++
      const at = clock.now() - start
      const second = Math.floor(at / 1000)
      if (at < down) throw failed('HTTP 503', Object.assign(new Error('HTTP 503'), { status: 503 }))
      succeededCalls++
      seconds.set(second, (seconds.get(second) ?? 0) + 1)
      return echoes(registered, batch, context)
    })
    const outcomes = await clock.until(
      Promise.allSettled(Array.from({ length: CALLERS }, () => call({ policies: { retry: policy } }))),
    )
    const lost = outcomes.filter(({ status }) => status === 'rejected').length
    expect(attempts).toBeLessThanOrEqual(CALLERS * 15)
    expect(succeededCalls + lost).toBe(CALLERS)
    expect(succeededCalls).toBeGreaterThan(CALLERS * 0.9)
    // The longest wait is 20 s: an even share of a second is 5 %. No second sees three times that.
    expect(Math.max(...seconds.values())).toBeLessThan(succeededCalls * 0.15)
    expect(clock.pending).toBe(0)
  })

  it('spreads those whom a service sends away until one moment', async () => {
    const random = seeded(3)
    const clock = new VirtualClock()
    const start = clock.now()
    const times: number[] = []
    const { call } = caller([retry({ clock, random })], async (...[registered, batch, context]) => {
      const at = clock.now() - start
      if (at < 30_000) {
        throw new EngineError('RESOURCE_EXHAUSTED', 'slow down', { retryAfter: 30_000 - at })
      }
      times.push(at)
      return echoes(registered, batch, context)
    })
    const spread = RetryPolicy.exponential({ initial: 10 })
    await clock.until(
      Promise.all(Array.from({ length: CALLERS }, () => call({ policies: { retry: spread } }))),
    )
    const busiest = Math.max(
      ...Array.from({ length: 20 }, (_, k) => times.filter((t) => Math.floor(t / 1000) === 30 + k).length),
    )
    expect(busiest).toBeLessThan(CALLERS * 0.15)
  })

  it('lets a day of retries pass in milliseconds', async () => {
    const began = performance.now()
    const { clock, call, attempts } = retried(failing(24))
    const hourly = RetryPolicy.linear({ attempts: 24, delay: 3600 })
    await clock.until(call({ policies: { retry: hourly } }))
    expect(attempts.at(-1)).toMatchObject({ attempt: 25, at: 24 * 3_600_000 })
    expect(performance.now() - began).toBeLessThan(1000)
  })
})
