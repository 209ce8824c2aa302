import { formatSignature, formatTypes } from '../../../catalog/catalog.ts'
import type { FunctionSignature } from '../../../catalog/function.ts'
import type { ModelDeployment } from '../../../catalog/models/model.ts'
import type { ModelSummary } from '../../../catalog/models/modelRegistry.ts'
import { bytesOfFiles } from '../../../catalog/models/versionFiles.ts'
import type { DataType, Schema } from '../../base/dataType.ts'
import { rowsOf } from '../catalogRows.ts'
import type { RowSource } from '../formats/rowSource.ts'
import { timeOf } from '../runRows.ts'

const text: DataType = { kind: 'varchar' }
const texts: DataType = { kind: 'list', item: text }
const count: DataType = { kind: 'bigint' }
const versionsByName: DataType = { kind: 'map', key: text, value: count }

/** Digits of a digest that tell one file from another. */
const DIGEST_DIGITS = 12

const listed: Schema = [
  { name: 'model', type: text },
  { name: 'signature', type: text },
  { name: 'versions', type: count },
  { name: 'created', type: text },
  { name: 'aliases', type: versionsByName },
  { name: 'groups', type: versionsByName },
]

/** A row for each model: the signature and the time are those of its latest version. */
export function modelRows(models: readonly ModelSummary[]): RowSource {
  return rowsOf(
    listed,
    models.map(({ name, versions, aliases, deployments }) => {
      const latest = versions.at(-1)
      return [
        name,
        latest === undefined ? null : formatTypes(latest),
        versions.length,
        latest === undefined ? null : timeOf(latest.created),
        new Map(aliases.map(({ alias, version }) => [alias, version])),
        new Map(deployments.map(({ group, version }) => [group, version])),
      ]
    }),
  )
}

const versions: Schema = [
  { name: 'model', type: text },
  { name: 'version', type: count },
  { name: 'signature', type: text },
  { name: 'created', type: text },
  { name: 'kind', type: text },
  { name: 'bytes', type: count },
  { name: 'digest', type: text },
  { name: 'metadata', type: { kind: 'json' } },
  { name: 'aliases', type: texts },
  { name: 'groups', type: texts },
]

/** A row for each version of a model, or for the one of a number. */
export function versionRows(model: ModelSummary, only?: number): RowSource {
  const { aliases, deployments } = model
  const shown = model.versions.filter(({ version }) => only === undefined || version === only)
  return rowsOf(
    versions,
    shown.map((one) => [
      one.name,
      one.version,
      formatTypes(one),
      timeOf(one.created),
      one.pipeline.kind,
      bytesOfFiles(one),
      one.model.digest.slice(0, DIGEST_DIGITS),
      JSON.stringify(one.metadata),
      aliases.filter(({ version }) => version === one.version).map(({ alias }) => alias),
      deployments.filter(({ version }) => version === one.version).map(({ group }) => group),
    ]),
  )
}

const deployments: Schema = [
  { name: 'function', type: text },
  { name: 'model', type: text },
  { name: 'version', type: count },
  { name: 'revision', type: count },
  { name: 'created', type: text },
  { name: 'min_replicas', type: count },
  { name: 'max_replicas', type: count },
  { name: 'cpu', type: count },
  { name: 'providers', type: texts },
  { name: 'optimization', type: text },
  { name: 'batch_size', type: count },
]

/** A row for each revision; all of a group have one signature. */
export function deploymentRows(
  revisions: readonly ModelDeployment[],
  signatureOf: (group: string) => FunctionSignature,
): RowSource {
  return rowsOf(
    deployments,
    revisions.map(({ group, model, version, revision, created, runtime }) => [
      formatSignature(signatureOf(group)),
      model,
      version,
      revision,
      timeOf(created),
      runtime.minSessions,
      runtime.maxSessions,
      runtime.intraOpNumThreads,
      runtime.executionProviders,
      runtime.graphOptimizationLevel,
      runtime.batchSize,
    ]),
  )
}
