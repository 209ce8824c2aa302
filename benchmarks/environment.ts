import { readFile } from 'node:fs/promises'
import { availableParallelism, cpus, totalmem } from 'node:os'

/** What figures depend on besides the code. */
export interface Environment {
  readonly versions: { readonly callplane: string; readonly node: string; readonly duckdb: string }
  readonly machine: {
    readonly platform: string
    readonly processor: string
    readonly cores: number
    readonly memoryBytes: number
  }
}

export async function readEnvironment(): Promise<Environment> {
  const [own, duckdb] = await Promise.all([
    versionOf('../package.json'),
    versionOf('../node_modules/@duckdb/node-api/package.json'),
  ])
  return {
    versions: { callplane: own, node: process.versions.node, duckdb },
    machine: {
      platform: `${process.platform} ${process.arch}`,
      processor: cpus()[0]?.model.trim() ?? 'unknown',
      cores: availableParallelism(),
      memoryBytes: totalmem(),
    },
  }
}

async function versionOf(path: string): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(new URL(path, import.meta.url), 'utf8'))
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : 'unknown'
}
