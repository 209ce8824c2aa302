import { EngineError } from '../../src/base/errors.ts'

/** Of a DNS-1123 label. */
const NAME_LENGTH_MAX = 63

/**
 * What the objects of a group are called in a cluster: its name in lower case, with `-` for `_`. Throws GROUP_INVALID where that is no
 * name there.
 */
export function kubernetesName(group: string): string {
  const name = group.toLowerCase().replaceAll('_', '-')
  if (name.length > NAME_LENGTH_MAX) {
    throw invalid(group, `its name has ${name.length} characters`, `use at most ${NAME_LENGTH_MAX}`)
  }
  // Services take a letter first, which other objects need not.
  if (!/^[a-z]([a-z0-9-]*[a-z0-9])?$/.test(name)) {
    throw invalid(group, `'${name}' is no DNS label`, "start with a letter, and end without '_'")
  }
  return name
}

/** Throws GROUP_INVALID for groups that would have the same name in a cluster. */
export function refuseSameNames(groups: readonly string[]): void {
  const byName = new Map<string, string>()
  for (const group of groups) {
    const name = kubernetesName(group)
    const other = byName.get(name)
    if (other !== undefined && other !== group) {
      throw invalid(group, `'${name}' stands for '${other}' too`, 'rename one of them')
    }
    byName.set(name, group)
  }
}

function invalid(group: string, problem: string, hint: string): EngineError {
  return new EngineError('GROUP_INVALID', `scaling group '${group}' cannot run in Kubernetes: ${problem}`, {
    hint,
  })
}
