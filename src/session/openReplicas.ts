import type { ScalingGroupSpec } from '../../catalog/groups/scalingGroup.ts'
import { findSecret, type SecretValues } from '../../catalog/secret.ts'
import { createReplicas } from '../../udf/scaling/createReplicas.ts'
import type { Replicas } from '../../udf/scaling/replica.ts'
import { EngineError } from '../base/errors.ts'
import { createChannel } from '../protocol/client.ts'
import type { RevisionOf } from './groupReplicas.ts'

export interface OpenReplicasOptions {
  /** Directory of models and logs; null for none. */
  readonly state: string | null
  /** Values by name; others come from the environment. */
  readonly secrets: SecretValues
}

/** The replicas of a revision, as a session calls them. Throws SECRET_MISSING for a token that nobody gave. */
export function openReplicas(of: RevisionOf, { state, secrets }: OpenReplicasOptions): Replicas {
  const token = tokenOf(of.group, secrets)
  return createReplicas(of, {
    connect: (endpoint, { tls }) => createChannel({ endpoint, tls, token }),
    secrets,
    stateDirectory: state,
  })
}

function tokenOf({ name, token }: ScalingGroupSpec, given: SecretValues): string | null {
  if (token === null) return null
  const value = findSecret(token, given)
  if (value !== null) return value
  throw new EngineError(
    'SECRET_MISSING',
    `scaling group '${name}' sends secret '${token}' as its token, and nobody gave it`,
    {
      hint: `open the session with secrets: { ${token}: … }, or set the environment variable ${token}`,
    },
  )
}
