import type { DeployedGroup, GroupRevision, HeldReplica } from '../../../catalog/groups/deployment.ts'
import type { GroupSummary } from '../../../catalog/groups/groupRegistry.ts'
import type { ReplicaSource } from '../../../catalog/groups/scalingGroup.ts'
import type { DataType, Schema } from '../../base/dataType.ts'
import { rowsOf } from '../catalogRows.ts'
import type { RowSource } from '../formats/rowSource.ts'
import { timeOf } from '../runRows.ts'

const text: DataType = { kind: 'varchar' }
const count: DataType = { kind: 'bigint' }

/** Digits of a digest that tell one set of modules from another. */
const DIGEST_DIGITS = 12

const listed: Schema = [
  { name: 'group', type: text },
  { name: 'revision', type: count },
  { name: 'share', type: count },
  { name: 'previous', type: count },
  { name: 'provider', type: text },
  { name: 'source', type: text },
  { name: 'min_replicas', type: count },
  { name: 'max_replicas', type: count },
  { name: 'ready', type: count },
  { name: 'changed', type: text },
]

/** A row for each group, of its current revision; `ready` counts the replicas that living processes hold. */
export function groupRows(groups: readonly DeployedGroup[], replicas: readonly HeldReplica[]): RowSource {
  return rowsOf(
    listed,
    groups.map(({ group, current, share, previous, changed }) => {
      const { provider, source, minReplicas, maxReplicas } = current.spec
      const ready = replicas.filter((replica) => isOf(replica, group) && replica.state === 'ready')
      return [
        group,
        current.revision,
        share,
        previous?.revision ?? null,
        provider,
        sourceText(source),
        minReplicas,
        maxReplicas,
        ready.length,
        timeOf(changed),
      ]
    }),
  )
}

const revisionColumns: Schema = [
  { name: 'group', type: text },
  { name: 'revision', type: count },
  { name: 'share', type: count },
  { name: 'created', type: text },
  { name: 'completed', type: text },
  { name: 'source', type: text },
  { name: 'digest', type: text },
  { name: 'min_replicas', type: count },
  { name: 'max_replicas', type: count },
]

/** A row for each revision, with its share of the calls now. */
export function revisionRows({ current, share, previous, revisions }: GroupSummary): RowSource {
  const shareOf = ({ revision }: GroupRevision): number => {
    if (revision === current.revision) return share
    return revision === previous?.revision ? 100 - share : 0
  }
  return rowsOf(
    revisionColumns,
    revisions.map((one) => [
      one.group,
      one.revision,
      shareOf(one),
      timeOf(one.created),
      one.completed === null ? null : timeOf(one.completed),
      sourceText(one.spec.source),
      one.digest?.slice(0, DIGEST_DIGITS) ?? null,
      one.spec.minReplicas,
      one.spec.maxReplicas,
    ]),
  )
}

const replicaColumns: Schema = [
  { name: 'group', type: text },
  { name: 'revision', type: count },
  { name: 'replica', type: text },
  { name: 'endpoint', type: text },
  { name: 'pid', type: count },
  { name: 'state', type: text },
  { name: 'in_flight', type: count },
  { name: 'up_since', type: text },
  { name: 'restarts', type: count },
  { name: 'held_by', type: count },
]

/** A row for each replica; `held_by` is the process that started or found it. */
export function replicaRows(replicas: readonly HeldReplica[]): RowSource {
  return rowsOf(
    replicaColumns,
    replicas.map((replica) => [
      replica.group,
      replica.revision,
      replica.id,
      replica.endpoint,
      replica.pid,
      replica.state,
      replica.inFlight,
      timeOf(replica.started),
      replica.restarts,
      replica.process,
    ]),
  )
}

/** What replicas run, in a line. */
export function sourceText(source: ReplicaSource): string {
  switch (source.kind) {
    case 'command':
      return source.command
        .map((part) => (/^[\w./:@%+=,{}-]+$/.test(part) ? part : JSON.stringify(part)))
        .join(' ')
    case 'functions':
      return source.modules.map((module) => decodeURI(module.replace(/^file:\/\//, ''))).join(', ')
    case 'model':
      return `model ${source.model}`
    case 'endpoints':
      return source.endpoints.join(', ')
  }
}

function isOf({ group }: HeldReplica, name: string): boolean {
  return group.toLowerCase() === name.toLowerCase()
}
