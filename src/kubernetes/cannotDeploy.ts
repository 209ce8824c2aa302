import type { ScalingGroupSpec } from '../../catalog/groups/scalingGroup.ts'
import { EngineError } from '../base/errors.ts'

export function cannotDeploy({ name }: ScalingGroupSpec, problem: string, hint?: string): EngineError {
  const details = hint === undefined ? {} : { hint }
  return new EngineError(
    'GROUP_INVALID',
    `scaling group '${name}' cannot be deployed to Kubernetes: ${problem}`,
    details,
  )
}
