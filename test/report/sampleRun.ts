import { EngineError } from '../../src/base/errors.ts'
import type { RunReport } from '../../src/report/runReport.ts'
import { CallProfiler } from '../../src/run/callProfile.ts'
import type { CallEvent } from '../../udf/callEvents.ts'

const began = Date.UTC(2026, 10, 21, 7, 38, 22)

/** Numbers from 0 to 1, always the same. */
function createRandom(): () => number {
  let state = 42
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return state / 2_147_483_648
  }
}

interface Simulated {
  readonly called: { readonly function: string; readonly version: number }
  readonly batches: number
  readonly atOnce: number
  readonly capacity: number
  readonly milliseconds: number
  readonly failures: number
  readonly startsAfter: number
}

/** A run of a few functions in which everything happens that a report shows. `names`: what the functions are called. */
export function sampleReport(
  names: readonly string[] = ['classify_memo', 'embed_text', 'extract_entities'],
): RunReport {
  const random = createRandom()
  const prices = new Map([[names[0], { perCall: 0.002, perRow: 0, perUnit: { tokens: 0.000_002 } }]])
  const profiler = new CallProfiler(({ function: name }) => prices.get(name) ?? null)
  const plans: readonly Omit<Simulated, 'called'>[] = [
    { batches: 640, atOnce: 16, capacity: 64, milliseconds: 420, failures: 0.04, startsAfter: 30 },
    { batches: 900, atOnce: 8, capacity: 256, milliseconds: 140, failures: 0, startsAfter: 600 },
    { batches: 320, atOnce: 4, capacity: 512, milliseconds: 90, failures: 0.005, startsAfter: 1200 },
  ]
  let ended = began
  for (const [index, name] of names.entries()) {
    const plan = plans[index % plans.length]!
    const called = { function: name, version: index + 1 }
    ended = Math.max(ended, simulate({ ...plan, called }, profiler, random))
  }
  return reportOf(names, profiler, ended)
}

function simulate(
  { called, batches, atOnce, capacity, milliseconds, failures, startsAfter }: Simulated,
  { observe }: CallProfiler,
  random: () => number,
): number {
  const free = Array.from({ length: atOnce }, () => began + startsAfter)
  for (let batch = 0; batch < batches; batch++) {
    const place = free.indexOf(Math.min(...free))
    for (let attempt = 1; ; attempt++) {
      const took = milliseconds * (0.6 + random() ** 3 * 2.5)
      const failed = random() < failures
      const error = failed
        ? new EngineError('RESOURCE_EXHAUSTED', `${called.function}: 429 Too Many Requests`)
        : null
      const rows = batch === batches - 1 ? 7 : Math.ceil(capacity * (random() < 0.2 ? random() : 1))
      const started = free[place]!
      const event: CallEvent = {
        kind: 'called',
        batch,
        firstRow: batch * capacity,
        rows,
        attempt,
        capacity,
        started,
        milliseconds: failed ? took / 5 : took,
        error,
      }
      observe(called, event)
      observe(called, { kind: 'waited', for: 'rateLimit', milliseconds: random() * 40 })
      observe(called, { kind: 'waited', for: 'batch', milliseconds: random() * 10 })
      free[place] = started + event.milliseconds + random() * 12
      if (error === null) {
        if (failures > 0)
          observe(called, {
            kind: 'usage',
            key: random() < 0.5 ? 'research' : 'support',
            units: { tokens: rows * 210 },
          })
        break
      }
      observe(called, { kind: 'retried', rows, error })
      observe(called, { kind: 'waited', for: 'retry', milliseconds: 500 * attempt })
      free[place] = started + event.milliseconds + 500 * attempt
    }
  }
  observe(called, { kind: 'saved', by: 'dedupe', rows: batches * capacity })
  observe(called, { kind: 'saved', by: 'cache', rows: batches * 3 })
  return Math.max(...free)
}

function reportOf(names: readonly string[], profiler: CallProfiler, ended: number): RunReport {
  const [first = 'none'] = names
  const called = { function: first, version: 1 }
  profiler.observe(called, {
    kind: 'failed',
    rows: 3,
    error: new EngineError('ROW_FAILED', `${first}: row 1812: the memo is empty`),
  })
  profiler.observe(called, {
    kind: 'log',
    level: 'info',
    message: `loaded model for ${first}`,
    fields: { seconds: 1.2 },
  })
  profiler.observe(called, {
    kind: 'log',
    level: 'warn',
    message: 'the memo is cut to 8,192 tokens',
    fields: {},
  })
  return {
    run: {
      id: '01JD8K2Q4ZC7',
      name: 'enrich-memos',
      source: `SELECT memo, catalog_call('${first}', memo) AS class\nFROM 'memos.parquet'\nWHERE amount > 100`,
      state: 'done',
      started: began - 40,
      ended: ended + 25,
      rows: 151_882,
      error: null,
    },
    profile: profiler.toJSON(),
    plan: `project memo, class\n  call class = ${first}(memo)\n    filter amount > 100\n      scan parquet 'memos.parquet'`,
    deadLetters: { rows: 3, path: '.callplane/runs/01JD8K2Q4ZC7/dead-letters.parquet' },
    version: '0.1.0',
    now: began + 3_600_000,
  }
}
