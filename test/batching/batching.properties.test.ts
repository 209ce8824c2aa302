import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CallSignal } from '../../src/base/cancellation.ts'
import { EngineError, isEngineError } from '../../src/base/errors.ts'
import type { BatchSource } from '../../udf/batching/batchSource.ts'
import { type CallResult, succeeded } from '../../udf/executor.ts'
import { TestRun } from '../invocations.ts'
import { repeats } from '../repeats.ts'
import { batchOf, firstContextOf, functionOf, Harness, numbersOf, policy, range } from './batchingHarness.ts'

const f = functionOf('f')

/** Numbers of callers are apart, so that every number tells whose it is. */
const CALLER = 1000

interface PlannedCall {
  readonly rows: number
  /** Milliseconds after the call before. */
  readonly delay: number
  /** Milliseconds after which the caller gives up. */
  readonly cancel: number | null
  readonly deadline: number | null
}

interface PlannedCaller {
  readonly hasSource: boolean
  readonly calls: readonly PlannedCall[]
}

const plannedCall = fc.record({
  rows: fc.nat(12),
  delay: fc.oneof(fc.constant(0), fc.nat(25)),
  cancel: fc.option(fc.nat(30), { freq: 6 }),
  deadline: fc.option(fc.integer({ min: 1, max: 60 }), { freq: 6 }),
})

const plan = fc.record({
  callers: fc.array(
    fc.record({ hasSource: fc.boolean(), calls: fc.array(plannedCall, { minLength: 1, maxLength: 5 }) }),
    { minLength: 1, maxLength: 5 },
  ),
  most: fc.integer({ min: 1, max: 9 }),
  wait: fc.nat(30),
  maxBytes: fc.option(fc.integer({ min: 8, max: 60 }), { freq: 4 }),
  maxCost: fc.option(fc.integer({ min: 1, max: 12 }), { freq: 4 }),
  latencies: fc.array(fc.nat(20), { minLength: 1 }),
  /** Batches with a number that leaves this remainder fail as a whole. */
  poison: fc.option(fc.nat(40), { freq: 3 }),
  acrossCallers: fc.boolean(),
  /** Whether the size is found, and which calls are refused then. */
  auto: fc.boolean(),
  refused: fc.array(fc.boolean(), { minLength: 1 }),
})

/** One call as it went. */
interface Outcome {
  readonly values: readonly number[]
  readonly arrived: number
  readonly signal: CallSignal
  readonly deadline: number
  result: (CallResult & { readonly numbers: readonly (number | null)[] }) | null
  error: EngineError | null
  toldRows: number
  toldCalls: number
}

const costOf = (value: number): number => value % 4
const failsAlone = (value: number): boolean => value % 7 === 3
const rowError = new EngineError('ROW_FAILED', 'no')

class Simulation {
  readonly harness: Harness
  readonly outcomes: Outcome[] = []
  readonly waiting = new Map<number, Outcome>()
  readonly problems: string[] = []
  readonly #plan: Plan
  #sent = 0

  constructor(planned: Plan) {
    this.#plan = planned
    const { most, wait, maxBytes, maxCost, acrossCallers, auto } = planned
    const batching = policy({
      maxBatchingSize: auto ? 'auto' : most,
      maxBufferDuration: wait,
      maxBytes,
      maxCost,
      acrossCallers,
    })
    this.harness = new Harness(() => ({
      policy: batching,
      costOf:
        maxCost === null ? null : ({ columns }) => numbersOf(columns[0]!).map((value) => costOf(value!)),
      concurrency: 4,
    }))
    this.harness.answer = async (sent) => {
      if (sent.values.length === 0) return succeeded(batchOf([]).columns[0]!)
      this.#check(sent.values, sent.at)
      const { context, values } = sent
      const call = this.#sent++
      await this.harness.clock.sleep(planned.latencies[call % planned.latencies.length]!, context.signal)
      const error = this.#errorOf(call, values)
      context.observer(
        { function: 'f', version: 1 },
        {
          kind: 'called',
          batch: context.batch,
          firstRow: context.firstRow,
          rows: values.length,
          attempt: 1,
          capacity: most,
          started: sent.at,
          milliseconds: this.harness.clock.now() - sent.at,
          error,
        },
      )
      if (error !== null) throw error
      const failures = values.flatMap((value, row) => (failsAlone(value) ? [{ row, error: rowError }] : []))
      return { column: batchOf(values).columns[0]!, failures }
    }
  }

  async run(): Promise<void> {
    const work = Promise.all(this.#plan.callers.map(async (caller, index) => this.#caller(caller, index)))
    await this.harness.clock.until(work)
    await this.harness.clock.settle()
    // What nobody waits for any more ends as soon as it is told.
    await this.harness.clock.advance(20)
  }

  #errorOf(call: number, values: readonly number[]): EngineError | null {
    const { auto, refused } = this.#plan
    if (auto && refused[call % refused.length]!) return new EngineError('RESOURCE_EXHAUSTED', 'busy')
    return this.#isPoisoned(values) ? new EngineError('FUNCTION_FAILED', 'poison') : null
  }

  #isPoisoned(values: readonly number[]): boolean {
    return values.some((value) => value % 41 === this.#plan.poison)
  }

  async #caller({ hasSource, calls }: PlannedCaller, index: number): Promise<void> {
    const run = new TestRun()
    const source = hasSource ? this.harness.batching.openSource([f], run) : null
    const work: Promise<void>[] = []
    let next = index * CALLER
    for (const [batch, call] of calls.entries()) {
      if (call.delay > 0) {
        source?.idle()
        await this.harness.clock.sleep(call.delay, new AbortController().signal)
        source?.active()
      }
      work.push(this.#call(call, range(next, call.rows), { batch, run, source }))
      next += call.rows
    }
    source?.end()
    await Promise.all(work)
    await run.end()
  }

  async #call(
    { cancel, deadline }: PlannedCall,
    values: readonly number[],
    stream: { readonly batch: number; readonly run: TestRun; readonly source: BatchSource | null },
  ): Promise<void> {
    const { clock } = this.harness
    const controller = new AbortController()
    const ended = new AbortController()
    const arrived = clock.now()
    const outcome: Outcome = {
      values,
      arrived,
      signal: controller.signal,
      deadline: arrived + (deadline ?? Infinity),
      result: null,
      error: null,
      toldRows: 0,
      toldCalls: 0,
    }
    this.outcomes.push(outcome)
    for (const value of values) this.waiting.set(value, outcome)
    if (cancel !== null) {
      void clock.sleep(cancel, ended.signal).then(
        () => controller.abort(),
        () => {},
      )
    }
    try {
      const result = await this.harness.invoke(
        f,
        batchOf(values),
        firstContextOf({
          ...stream,
          firstRow: values[0] ?? 0,
          signal: controller.signal,
          deadline: deadline === null ? null : arrived + deadline,
          observer: (_called, event) => {
            if (event.kind !== 'called') return
            outcome.toldRows += event.rows
            outcome.toldCalls += event.calls ?? 1
            if (event.firstRow < values[0]! || event.firstRow + event.rows > values[0]! + values.length) {
              this.problems.push(`told of rows of others: ${event.firstRow}, ${event.rows}`)
            }
          },
        }),
      )
      outcome.result = { ...result, numbers: numbersOf(result.column) }
    } catch (error) {
      if (!isEngineError(error)) throw error
      outcome.error = error
    } finally {
      ended.abort()
      for (const value of values) this.waiting.delete(value)
    }
  }

  #check(values: readonly number[], at: number): void {
    const { most, maxBytes, maxCost, wait, acrossCallers, auto } = this.#plan
    const isAscending = values.every((value, row) =>
      values
        .slice(0, row)
        .every((before) => before < value || Math.floor(before / CALLER) !== Math.floor(value / CALLER)),
    )
    if (!isAscending) this.problems.push('rows of one caller changed their order')
    if (!auto && values.length > most) this.problems.push(`${values.length} rows for ${most}`)
    if (values.length > 1 && maxBytes !== null && values.length * 8 > maxBytes) this.problems.push('bytes')
    const cost = values.reduce((sum, value) => sum + costOf(value), 0)
    if (values.length > 1 && maxCost !== null && cost > maxCost) this.problems.push('cost')
    for (const value of values) {
      const outcome = this.waiting.get(value)
      // What was refused is sent again, and waits for its turn as long as it takes.
      if (auto) continue
      if (outcome === undefined) this.problems.push(`${value} was sent again, or for nobody`)
      else if (at - outcome.arrived > wait) this.problems.push(`${value} waited too long`)
      this.waiting.delete(value)
    }
    const callers = new Set(values.map((value) => Math.floor(value / CALLER)))
    if (!acrossCallers && callers.size > 1) this.problems.push('shared by callers')
    const hasRoom = !auto && values.length < most && maxBytes === null && maxCost === null
    if (hasRoom && acrossCallers && this.#waitingRows() > 0) this.problems.push('rows were left waiting')
  }

  /** Rows of callers that have not given up. */
  #waitingRows(): number {
    const now = this.harness.clock.now()
    return [...this.waiting.values()].filter(({ signal, deadline }) => !signal.aborted && deadline > now)
      .length
  }
}

type Plan = typeof plan extends fc.Arbitrary<infer Value> ? Value : never

function expectOutcome(outcome: Outcome, planned: Plan): void {
  const { values, result, error } = outcome
  if (result !== null) {
    expect(result.numbers).toEqual(values)
    expect(result.failures.map(({ row }) => row)).toEqual(
      values.flatMap((value, row) => (failsAlone(value) ? [row] : [])),
    )
    if (planned.auto) expect(outcome.toldRows).toBeGreaterThanOrEqual(values.length)
    else expect(outcome.toldRows).toBe(values.length)
    return
  }
  expect(['CANCELLED', 'DEADLINE_EXCEEDED', 'FUNCTION_FAILED', 'RESOURCE_EXHAUSTED']).toContain(error?.code)
  if (error?.code === 'RESOURCE_EXHAUSTED') expect(planned.auto && planned.refused.includes(true)).toBe(true)
  if (error?.code === 'FUNCTION_FAILED') expect(planned.poison).not.toBeNull()
}

describe('batching of random callers', () => {
  it('gives each its rows in order, in full batches within the limits, and leaves nothing behind', async () => {
    await fc.assert(
      fc.asyncProperty(plan, async (planned) => {
        const simulation = new Simulation(planned)
        await simulation.run()
        expect(simulation.problems).toEqual([])
        expect(simulation.harness.clock.pending).toBe(0)
        for (const outcome of simulation.outcomes) expectOutcome(outcome, planned)
        const sent = simulation.harness.sent.filter(({ values }) => values.length > 0)
        for (const { values } of simulation.outcomes) {
          const mine = new Set(values)
          const order = sent.flatMap((batch) => batch.values).filter((value) => mine.has(value))
          if (!planned.auto) expect(order).toEqual(values.slice(0, order.length))
        }
        if (simulation.outcomes.every(({ error }) => error === null)) {
          const calls = simulation.outcomes.reduce((sum, { toldCalls }) => sum + toldCalls, 0)
          expect(calls).toBe(sent.length)
        }
      }),
      { numRuns: repeats(300) },
    )
  })
})
