import type { SecretValues } from '../../catalog/secret.ts'
import type { Replicas } from '../../udf/scaling/replica.ts'
import { EngineError } from '../base/errors.ts'
import type { RevisionOf } from './groupReplicas.ts'

export interface OpenReplicasOptions {
  readonly state: string | null
  readonly secrets: SecretValues
}

export function openReplicas(_of: RevisionOf, _options: OpenReplicasOptions): Replicas {
  throw new EngineError('INTERNAL', 'no provider of replicas is there yet')
}
