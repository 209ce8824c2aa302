import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

/** Those whose work a GPU can do. */
export const cudaFigures: readonly string[] = ['embed-uniform', 'embed-mixed', 'mlp', 'event-loop', 'swap']

/** Why no model can run on a GPU here; null if one can, as far as can be seen. */
export async function noCuda(): Promise<string | null> {
  const listing = await promisify(execFile)('nvidia-smi', ['--list-gpus']).catch(() => null)
  if (listing === null) return 'there is no NVIDIA device: nvidia-smi is not there or fails'
  if (!listing.stdout.includes('GPU')) return 'there is no NVIDIA device: nvidia-smi lists none'
  const missing = libraries().find((path) => !existsSync(path))
  return missing === undefined
    ? null
    : `there is no ${missing}: benchmarks/gpu/README.md says how to fetch it`
}

/** What onnxruntime-node needs for CUDA and does not bring along. */
function libraries(): readonly string[] {
  const root = dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'))
  const folder = join(root, 'bin/napi-v6', process.platform, process.arch)
  return ['shared', 'cuda'].map((name) => join(folder, `libonnxruntime_providers_${name}.so`))
}
