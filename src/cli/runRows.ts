import { isRunning } from '../../catalog/store/runProcess.ts'
import type { RunRecord } from '../../catalog/store/stateStore.ts'
import type { DataType, Schema } from '../base/dataType.ts'
import { CallProfiler } from '../run/callProfile.ts'
import { describeProfile } from '../run/profile/describeProfile.ts'
import { formatCount, formatDollars } from '../run/profile/formatFigures.ts'
import { addTotals, type RunProfile, type RunTotals, totalsOf } from '../run/profile/runProfile.ts'
import { rowsOf } from './catalogRows.ts'
import type { RowSource } from './formats/rowSource.ts'
import { formatElapsed } from './progress.ts'

const text: DataType = { kind: 'varchar' }
const count: DataType = { kind: 'bigint' }
const number: DataType = { kind: 'double' }

const listed: Schema = [
  { name: 'id', type: text },
  { name: 'name', type: text },
  { name: 'state', type: text },
  { name: 'started', type: text },
  { name: 'seconds', type: number },
  { name: 'rows', type: count },
  { name: 'calls', type: count },
  { name: 'saved', type: count },
  { name: 'errors', type: count },
  { name: 'dollars', type: number },
]

/** A row for each run. */
export function runRows(runs: readonly RunRecord[]): RowSource {
  return rowsOf(
    listed,
    runs.map((run) => {
      const { calls, savedRows, failedRows, dollars } = totals(run)
      return [
        run.id,
        run.name,
        stateOf(run),
        timeOf(run.started),
        secondsOf(run),
        run.rows,
        calls,
        savedRows,
        failedRows,
        // Sums of dollars are not exact to the last bit.
        Number(dollars.toFixed(6)),
      ]
    }),
  )
}

const properties: Schema = ['property', 'value'].map((name) => ({ name, type: text }))

/** A row for each thing that is known of a run; `letters`: the rows of its dead letters. */
export function describeRun(run: RunRecord, letters: number): RowSource {
  const seconds = secondsOf(run)
  const { dollars } = totals(run)
  return rowsOf(properties, [
    ['id', run.id],
    ['name', run.name],
    ['state', stateOf(run)],
    ['source', run.source],
    ['started', timeOf(run.started)],
    ['took', seconds === null ? null : formatElapsed(seconds)],
    ['rows', formatCount(run.rows)],
    ['cost', formatDollars(dollars)],
    ['dead letters', formatCount(letters)],
    ['error', run.error],
    ...figures(profileOf(run)),
  ])
}

/** What was measured of a run; nothing for one that did not come to its end. */
export function profileOf({ profile }: RunRecord): RunProfile {
  if (profile === null) return new CallProfiler().toJSON()
  const parsed: RunProfile = JSON.parse(profile)
  return parsed
}

/** `running`, `done`, `failed`, `cancelled`, or `interrupted` for a run whose process is gone. */
function stateOf(run: RunRecord): string {
  return run.state === 'running' && !isRunning(run) ? 'interrupted' : run.state
}

function totals(run: RunRecord): RunTotals {
  return addTotals(profileOf(run).functions.map(totalsOf))
}

/** Null for a run whose process ended without saying when. */
function secondsOf(run: RunRecord): number | null {
  const ended = run.ended ?? (isRunning(run) ? Date.now() : null)
  return ended === null ? null : (ended - run.started) / 1000
}

/** In UTC, to the second. */
export function timeOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d+Z$/, 'Z')
}

/** What each function did: `['double (version 1): calls', '20 of 5 rows on average']` */
function figures(profile: RunProfile): readonly (readonly [string, string])[] {
  let name = ''
  return describeProfile(profile).flatMap((line) => {
    const [, property, value] = /^ {2}(\S+) +(.*)$/.exec(line) ?? []
    if (property === undefined || value === undefined) {
      name = line
      return []
    }
    return [[`${name}: ${property}`, value] as const]
  })
}
