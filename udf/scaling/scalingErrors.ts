import type { ScalingGroupSpec } from '../../catalog/groups/scalingGroup.ts'
import { EngineError } from '../../src/base/errors.ts'
import type { ReplicaExit } from './replica.ts'

type Named = Pick<ScalingGroupSpec, 'name'>

/** `exit code 3; its last words:` and those. */
export function exitText({ code, signal, problem }: ReplicaExit): string {
  const how = signal === null ? (code === null ? null : `exit code ${code}`) : `signal ${signal}`
  if (problem === null) return how ?? 'nobody knows why'
  if (how === null) return problem
  return `${how}; its last words:\n  ${problem.replaceAll('\n', '\n  ')}`
}

export function endedAtStart({ name }: Named, exit: ReplicaExit): EngineError {
  return new EngineError(
    'GROUP_START_FAILED',
    `a replica of scaling group '${name}' ended before it was ready: ${exitText(exit)}`,
  )
}

export function notReady({ name, readinessProbe }: ScalingGroupSpec, lastWords: string | null): EngineError {
  const { startupTimeout, service } = readinessProbe
  const asked = service === '' ? 'the health service' : `the health service about '${service}'`
  const words = lastWords === null ? '' : `; its last words:\n  ${lastWords.replaceAll('\n', '\n  ')}`
  return new EngineError(
    'GROUP_START_FAILED',
    `a replica of scaling group '${name}' was not ready within ${startupTimeout} ms${words}`,
    {
      hint: `it must answer ${asked} on the port that it is given ({port}, or the variable PORT): see that it does, or allow more with readinessProbe: { startupTimeout: … }`,
    },
  )
}

export function notSpawned({ name }: Named, program: string, problem: string): EngineError {
  return new EngineError(
    'GROUP_START_FAILED',
    `a replica of scaling group '${name}' cannot be started: ${problem}`,
    { hint: `see that '${program}' can be run, or give its whole path` },
  )
}

export function noneReady({ name }: Named): EngineError {
  return new EngineError('GROUP_UNAVAILABLE', `scaling group '${name}' has no replica that is ready`, {
    hint: "one is being started: call again later, or let calls wait for it with scaleFromZero: 'hold'",
  })
}

export function noneAnswers({ name }: Named, endpoints: readonly string[]): EngineError {
  const where = endpoints.length === 0 ? 'no address was found for it' : `asked were ${endpoints.join(', ')}`
  return new EngineError(
    'GROUP_UNAVAILABLE',
    `scaling group '${name}' has no replica that answers: ${where}`,
    {
      hint: 'see that its workers run, and that its endpoints are theirs',
    },
  )
}

export function drainingError({ name }: Named): EngineError {
  return new EngineError(
    'GROUP_UNAVAILABLE',
    `scaling group '${name}' is being ended and takes no more calls`,
  )
}

export function closedError({ name }: Named): EngineError {
  return new EngineError('SESSION_CLOSED', `the replicas of scaling group '${name}' were closed`)
}
