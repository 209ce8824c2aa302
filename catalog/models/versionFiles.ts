import type { ModelArtifact, ModelVersion } from './model.ts'

type Files = Pick<ModelVersion, 'model' | 'artifacts'>

/** All files of a version, the model first. */
export function filesOf({ model, artifacts }: Files): readonly ModelArtifact[] {
  return [model, ...Object.values(artifacts)]
}

/** Bytes that they take together. */
export function bytesOfFiles(version: Files): number {
  return filesOf(version).reduce((sum, { bytes }) => sum + bytes, 0)
}
