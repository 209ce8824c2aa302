import type { DeployedGroup, GroupRollout } from './deployment.ts'

/** Which revisions get the calls of a group now. */
export function rolloutOf({ current, share, previous }: DeployedGroup): GroupRollout {
  return { revision: current.revision, share, previous: previous?.revision ?? null }
}

/** Which revisions get the calls when a share, in percent, is given to one, and the rest stays with what had all calls last. */
export function nextRollout(deployed: DeployedGroup | null, revision: number, share: number): GroupRollout {
  const proven = deployed === null ? null : (deployed.previous ?? deployed.current)
  // There is nothing, or nothing else, to share calls with.
  if (proven === null || proven.revision === revision) return { revision, share: 100, previous: null }
  return { revision, share, previous: share === 100 ? null : proven.revision }
}
