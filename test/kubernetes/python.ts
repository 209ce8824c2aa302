import { spawnSync } from 'node:child_process'
import { missingFile, pythonProgram } from '../models/pythonModels.ts'

/** Why manifests cannot be validated here; null if they can. */
export const missingPython = missingFile(pythonProgram)

interface Verdict {
  readonly kind: string
  readonly name: string
  readonly version: string
  /** Null where there is none. */
  readonly problem: string | null
}

/** What Kubernetes' published schemas say of each document, in each version. */
export function validateManifests(yaml: string, versions: readonly string[]): readonly Verdict[] {
  const script = ['test/python/validateManifests.py', 'test/kubernetes/scaledObject.schema.json', ...versions]
  const run = spawnSync(pythonProgram, script, { input: yaml, encoding: 'utf8' })
  if (run.status !== 0) throw new Error(run.stderr)
  return JSON.parse(run.stdout)
}
