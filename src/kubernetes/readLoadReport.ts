import type { GroupLoad, LoadReport } from '../../udf/scaling/loadReport.ts'
import { EngineError } from '../base/errors.ts'

/** Calls of one group in one process, far beyond what a process can have. */
const CALLS_MAX = 1_000_000

const CLIENT_LENGTH_MAX = 128

/** Throws WRONG_ARGUMENTS for a text that is no report. */
export function readLoadReport(text: string): LoadReport {
  const value = parse(text)
  if (!isObject(value)) throw wrong('it is no object')
  const { client, groups } = value
  if (typeof client !== 'string' || client === '' || client.length > CLIENT_LENGTH_MAX) {
    throw wrong(`'client' must be a text of 1 to ${CLIENT_LENGTH_MAX} characters`)
  }
  if (!isObject(groups)) throw wrong("'groups' must be an object")
  const loads = Object.entries(groups).map(([group, load]): [string, GroupLoad] => {
    if (!isObject(load)) throw wrong(`'${group}' must be an object`)
    return [group, { inFlight: calls(load, group, 'inFlight'), waiting: calls(load, group, 'waiting') }]
  })
  return { client, groups: Object.fromEntries(loads) }
}

function calls(load: Readonly<Record<string, unknown>>, group: string, name: string): number {
  const value = load[name]
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= CALLS_MAX) return value
  throw wrong(`'${name}' of '${group}' must be a whole number from 0 to ${CALLS_MAX}`)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw wrong('it is no JSON')
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function wrong(problem: string): EngineError {
  return new EngineError('WRONG_ARGUMENTS', `the report of calls is not understood: ${problem}`)
}
