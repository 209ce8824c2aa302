import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import type { DataType, Field } from '../../src/base/dataType.ts'
import { digestFile, ioFailed } from '../models/fileDigest.ts'
import { findVersion, latestAlias, unknownModel } from '../models/findVersion.ts'
import type { ModelVersion } from '../models/model.ts'
import type { ModelStore } from '../store/modelStore.ts'
import type { ReplicaSource, ScalingGroupSpec } from './scalingGroup.ts'

/** SHA-256 of the modules that replicas load, in hex; null where they load none. Throws IO_FAILED. */
export async function digestOfSource(source: ReplicaSource): Promise<string | null> {
  if (source.kind !== 'functions' || source.modules.length === 0) return null
  const hash = createHash('sha256')
  for (const module of source.modules) {
    const path = fileURLToPath(module)
    const { digest } = await digestFile(path).catch((error: unknown) => {
      throw ioFailed('read', path, error)
    })
    hash.update(digest)
  }
  return hash.digest('hex')
}

/** The group with the number of the version that its model stands for now. Throws MODEL_UNKNOWN with suggestions. */
export async function pinModel(spec: ScalingGroupSpec, models: ModelStore): Promise<ScalingGroupSpec> {
  if (spec.source.kind !== 'model') return spec
  const { name, version } = await versionOf(spec.source.model, models)
  return Object.freeze({ ...spec, source: Object.freeze({ kind: 'model', model: `${name}@${version}` }) })
}

/** The arguments and the result of `model.<name>` as far as the registry knows them; null where its functions say it. */
export async function typesOfGroup(
  { inputs, output, source }: ScalingGroupSpec,
  models: ModelStore,
): Promise<{ readonly inputs: readonly Field[]; readonly output: DataType } | null> {
  if (inputs !== null && output !== null) return { inputs, output }
  return source.kind === 'model' ? versionOf(source.model, models) : null
}

async function versionOf(model: string, models: ModelStore): Promise<ModelVersion> {
  const [name = '', version = latestAlias] = model.split('@')
  const record = await models.get(name)
  if (record !== null && record.versions.length > 0) return findVersion(record, version)
  const known = await models.list()
  throw unknownModel(
    name,
    known.map((one) => one.name),
  )
}
