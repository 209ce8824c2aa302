import { createHash } from 'node:crypto'
import { EngineError } from '../base/errors.ts'
import type { Budget } from '../run/callBudget.ts'
import { formatCounted, formatDollars } from '../run/profile/formatFigures.ts'
import { addTotals, totalsOf } from '../run/profile/runProfile.ts'
import { ActiveRun } from '../session/activeRun.ts'
import { type AmbientRun, setAmbientRun } from '../session/ambientRun.ts'
import type { SessionOptions } from '../session/session.ts'
import type { SessionState } from '../session/sessionState.ts'
import type { BudgetFlags, RunFlags } from './flags.ts'
import { openState, withState } from './openState.ts'

/** Runs that are looked through for the last one of a source. */
const LOOKED_THROUGH_MAX = 1000
/** From how long on a run is worth to be named at its end. */
const LONG_MS = 10_000

/** Whether somebody wants to find the run again. */
export function isRecorded({ name, resume }: RunFlags): boolean {
  return name !== undefined || resume
}

/** How something is run. */
export interface RunSettings<T> {
  readonly options: SessionOptions
  readonly flags: RunFlags
  /** Why a run that gave this did not succeed; null if it did. Default: it always did. */
  readonly failureOf?: (value: T) => unknown
}

/** What is run. */
export interface RunSource {
  /** A statement, or the path of a script. */
  readonly source: string
  /** What a resumed run must have in common with the first attempt. */
  readonly text: string
}

export function budgetOf({ budgetDollars, budgetCalls }: BudgetFlags): Budget | null {
  if (budgetDollars === undefined && budgetCalls === undefined) return null
  return {
    ...(budgetDollars === undefined ? {} : { dollars: budgetDollars }),
    ...(budgetCalls === undefined ? {} : { calls: budgetCalls }),
  }
}

/**
 * Runs `work` as a run that is recorded and can be resumed: the sessions that it opens belong to it. Without a place for state it
 * is not recorded, and null.
 */
export async function withRun<T>(
  { options, flags, failureOf = () => null }: RunSettings<T>,
  what: RunSource,
  work: (recorded: AmbientRun | null) => Promise<T>,
): Promise<T> {
  const budget = budgetOf(flags)
  const isNamed = isRecorded(flags)
  if (options.state === null) {
    // Throws, as there is no place for it.
    if (isNamed) openState(options).runDirectory(flags.name ?? '')
    if (budget === null) return work(null)
  }
  return withState(options, async (state) => {
    const run = await ActiveRun.start(state, {
      name: await nameOf(state, what, flags),
      source: what.source,
      fingerprint: createHash('sha256').update(what.text).digest('hex'),
      resume: flags.resume,
      ...(budget === null ? {} : { budget }),
    })
    const recorded = { run, state }
    setAmbientRun(recorded)
    const started = performance.now()
    let failure: unknown = null
    try {
      const value = await work(recorded)
      failure = failureOf(value)
      return value
    } catch (error) {
      failure = error
      throw error
    } finally {
      setAmbientRun(null)
      await run.end(failure)
      describeRun(run, { failure, isTold: isNamed || performance.now() - started >= LONG_MS })
    }
  })
}

/** The name of a run that begins, or the name or id of the one to go on with. */
async function nameOf(
  state: SessionState,
  { source }: RunSource,
  { name, resume }: RunFlags,
): Promise<string | null> {
  if (name !== undefined || !resume) return name ?? null
  const runs = await state.runs.list(LOOKED_THROUGH_MAX)
  const last = runs.find((run) => run.source === source)
  if (last !== undefined) return last.id
  throw new EngineError('RUN_INVALID', 'there is no run of this to resume', {
    hint: 'callplane runs lists those that there are; leave --resume out to begin one',
  })
}

/** Says on stderr what a run was, if somebody named it, paid for it or waited for it. */
function describeRun(
  { id, name, profile }: ActiveRun,
  { failure, isTold }: { readonly failure: unknown; readonly isTold: boolean },
): void {
  const { rows, calls, savedRows, dollars } = addTotals(profile.functions.map(totalsOf))
  if (!isTold && dollars === 0) return
  const figures = [
    `${formatCounted(rows, 'row')} in ${formatCounted(calls, 'call')}`,
    ...(savedRows === 0 ? [] : [`${formatCounted(savedRows, 'row')} saved`]),
    ...(dollars === 0 ? [] : [formatDollars(dollars)]),
  ]
  const next = failure === null ? '' : `; go on with --name ${name ?? id} --resume`
  process.stderr.write(`run ${id}: ${figures.join(', ')}${next}\n`)
}
