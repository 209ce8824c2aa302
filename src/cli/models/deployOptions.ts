import type { DeployOptions } from '../../../catalog/models/modelRegistry.ts'
import type { DeployFlags, VersionName } from './modelFlags.ts'

/** What is not given is left to the registry. */
export function deployOptions(group: string, of: VersionName, flags: DeployFlags): DeployOptions {
  const { minReplicas, maxReplicas, cpu, gpu, memory } = flags
  const { provider, deviceMemory, batchSize, optimization } = flags
  return {
    group,
    ...of,
    scaling: given({ minReplicas, maxReplicas }),
    resources: given({ cpu, gpu, memory }),
    runtime: given({
      executionProviders: provider,
      deviceMemory,
      batchSize,
      graphOptimizationLevel: optimization,
    }),
  }
}

type Given<Fields> = { readonly [Name in keyof Fields]?: Exclude<Fields[Name], undefined> }

function given<Fields extends object>(fields: Fields): Given<Fields> {
  const there = Object.entries(fields).filter(([, value]) => value !== undefined)
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the fields without those that are undefined
  return Object.fromEntries(there) as Given<Fields>
}
