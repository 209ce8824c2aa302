import { formatTypes } from '../../../catalog/catalog.ts'
import type { GroupSummary } from '../../../catalog/groups/groupRegistry.ts'
import type { ScalingGroupSpec } from '../../../catalog/groups/scalingGroup.ts'
import type { Schema } from '../../base/dataType.ts'
import { rowsOf } from '../catalogRows.ts'
import type { RowSource } from '../formats/rowSource.ts'
import { counted } from '../progress.ts'
import { timeOf } from '../runRows.ts'
import { sourceText } from './groupRows.ts'

const properties: Schema = ['property', 'value'].map((name) => ({ name, type: { kind: 'varchar' } }))

/** A row for each property of a group; of its environment, only the names. */
export function describeGroup(group: GroupSummary): RowSource {
  const { current, previous, share, replicas, revisions } = group
  const { spec, revision } = current
  return rowsOf(properties, [
    ['name', group.group],
    ['description', spec.description],
    ['revision', `${revision} of ${counted(revisions.length, 'revision')}`],
    ['calls', previous === null ? 'all' : `${share} %, the others go to revision ${previous.revision}`],
    ['changed', timeOf(group.changed)],
    ['types', describeTypes(spec)],
    ['provider', spec.provider],
    ['source', sourceText(spec.source)],
    ['digest', current.digest],
    ...describeScaling(spec),
    ...describeSurroundings(spec),
    ...replicas.map(({ id, endpoint, state, inFlight }) => [
      `replica ${id}`,
      `${state} at ${endpoint}, ${counted(inFlight, 'call')} in flight`,
    ]),
  ])
}

type Properties = readonly (readonly [string, string | null])[]

function describeTypes({ inputs, output }: ScalingGroupSpec): string | null {
  return inputs === null || output === null ? null : formatTypes({ inputs, output })
}

function describeScaling(spec: ScalingGroupSpec): Properties {
  const { minReplicas, maxReplicas, targetCpuUtilizationPercentage: cpu, targetQueueDepth } = spec
  const calls = `${counted(targetQueueDepth ?? spec.maxConcurrentRequests, 'call')} a replica`
  return [
    ['replicas', minReplicas === maxReplicas ? String(maxReplicas) : `${minReplicas} to ${maxReplicas}`],
    ['calls at once', `${spec.maxConcurrentRequests} a replica`],
    ['target', cpu === null ? calls : `${calls}, ${cpu} % of a core`],
    ['scaled', `every ${spec.scalingIntervalSeconds} s, down after ${spec.shutdownDelaySeconds} s`],
    ['without replicas', spec.scaleFromZero === 'hold' ? 'calls wait for one' : 'calls fail'],
  ]
}

function describeSurroundings({
  resources,
  env,
  secrets,
  readinessProbe,
  tls,
  token,
}: ScalingGroupSpec): Properties {
  const { cpu, memory, gpu } = resources
  const limits = [
    ...(cpu === null ? [] : [`cpu ${cpu}`]),
    ...(memory === null ? [] : [`memory ${memory} bytes`]),
    ...(gpu === 0 ? [] : [`gpu ${gpu}`]),
  ]
  const { startupTimeout, period, failureThreshold } = readinessProbe
  const probe = `within ${startupTimeout} ms, then every ${period} ms, out after ${failureThreshold} misses`
  return [
    ['resources', limits.length === 0 ? null : limits.join(', ')],
    ['environment', listed(Object.keys(env))],
    ['secrets', listed(secrets)],
    ['probe', probe],
    ['tls', tls === null ? 'no' : tls.cert === null ? 'yes' : 'yes, with a certificate of the caller'],
    ['token', token === null ? null : `of secret ${token}`],
  ]
}

function listed(names: readonly string[]): string | null {
  return names.length === 0 ? null : names.join(', ')
}
