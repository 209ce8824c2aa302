import { EngineError } from '../../src/base/errors.ts'
import { suggestNames } from '../../src/base/suggest.ts'

export function unknownGroup(group: string, known: Iterable<string>): EngineError {
  const suggestion = suggestNames(group, known, 'the list of groups')
  return new EngineError('GROUP_UNKNOWN', `no scaling group '${group}' is deployed: ${suggestion}`)
}

/** `revision` is null for any that got all calls before. */
export function unknownRevision(
  group: string,
  revision: number | null,
  known: readonly { readonly revision: number }[],
): EngineError {
  const numbers = known.map((one) => one.revision)
  const what = revision === null ? 'revision that had all calls before' : `revision ${revision}`
  const list =
    numbers.length === 1 ? `it has revision ${numbers[0]}` : `it has revisions ${numbers.join(', ')}`
  return new EngineError('GROUP_UNKNOWN', `scaling group '${group}' has no ${what}: ${list}`)
}

export function invalidGroup(problem: string, hint?: string): EngineError {
  return new EngineError('GROUP_INVALID', problem, hint === undefined ? {} : { hint })
}

export function takenByModel(group: string): EngineError {
  return invalidGroup(
    `scaling group '${group}' has the name of a group that serves a model: both would be 'model.${group}'`,
    'undeploy the model, or choose another name',
  )
}

export function nothingToServe(group: string): EngineError {
  return invalidGroup(
    `scaling group '${group}' has nothing to serve: it has no command, functions, model or endpoints, and no function names it`,
    `name it in a function: defineFunction({ scalingGroup: '${group}', … })`,
  )
}
