import { mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { placeDefinitions } from '../../../catalog/groups/hostedFunctions.ts'
import { refuseSameNames } from '../../../catalog/groups/kubernetesName.ts'
import type { ScalingGroupSpec } from '../../../catalog/groups/scalingGroup.ts'
import { loadDefinitions } from '../../../catalog/loadModules.ts'
import { EngineError } from '../../base/errors.ts'
import { type Manifest, manifestsText, manifestText } from '../../kubernetes/manifest.ts'
import type { ManifestOptions } from '../../kubernetes/manifestOptions.ts'
import { manifestsOf } from '../../kubernetes/manifests.ts'
import { scalerManifests } from '../../kubernetes/scalerManifests.ts'
import { findGroups } from '../groups/findGroups.ts'
import { withOutput } from '../output.ts'
import { runCommand } from '../runCommand.ts'
import { sessionOptions } from '../sessionOptions.ts'
import type { KubernetesFlags } from './kubernetesFlags.ts'

/** Writes what a cluster needs for the groups of a module: to a file, a file for each object in a directory, or standard output. */
export async function deployToKubernetes(module: string, flags: KubernetesFlags): Promise<number> {
  return runCommand(flags, async ({ progress }) => {
    const options = manifestOptions(flags)
    const groups = await groupsOf(module, flags)
    refuseSameNames(groups.map(({ name }) => name))
    const manifests = [
      ...(flags.withScaler ? scalerManifests(options) : []),
      ...groups.flatMap((group) => manifestsOf(group, options)),
    ]
    for (const { name, provider } of groups) {
      if (provider === 'kubernetes') continue
      const effect = 'sessions with this definition start replicas of their own'
      process.stderr.write(`warning: scaling group '${name}' has provider '${provider}': ${effect}\n`)
    }
    const { output } = flags
    const files =
      output !== undefined && (await isDirectory(output))
        ? await filesIn(output, manifests)
        : [[output, manifestsText(manifests)] as const]
    for (const [path, text] of files) {
      await withOutput(path === undefined ? {} : { output: path }, progress, (target) => target.write(text))
    }
  })
}

async function groupsOf(module: string, flags: KubernetesFlags): Promise<readonly ScalingGroupSpec[]> {
  const { functions = [], baseDirectory = process.cwd() } = await sessionOptions(flags)
  const { url, groups } = await findGroups(module, baseDirectory, flags.name)
  const definitions = await loadDefinitions([...functions, url], baseDirectory)
  const placed = await placeDefinitions({ ...definitions, groups }, baseDirectory)
  return placed.groups.map(({ spec }) => spec)
}

function manifestOptions(flags: KubernetesFlags): ManifestOptions {
  const { image, namespace, revision, port, metricsPort, label, pullSecret, secretName } = flags
  if (image === undefined) {
    throw new EngineError('USAGE_INVALID', '--target kubernetes needs the image of replicas', {
      hint: '--image registry.example/name:tag',
    })
  }
  return {
    image,
    namespace,
    revision,
    port,
    metricsPort,
    scalerAddress: flags.scaler ?? `callplane-scaler.${namespace}.svc:9090`,
    labels: label,
    imagePullSecrets: pullSecret,
    ...(secretName === undefined ? {} : { secretName }),
    tlsSecret: flags.tlsSecret ?? null,
    tokenSecret: flags.tokenSecret ?? null,
  }
}

async function isDirectory(path: string): Promise<boolean> {
  if (path.endsWith('/')) return true
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
}

async function filesIn(
  directory: string,
  manifests: readonly Manifest[],
): Promise<readonly (readonly [string, string])[]> {
  await mkdir(directory, { recursive: true })
  return manifests.map((manifest) => {
    const { kind, metadata } = manifest
    return [join(directory, `${metadata.name}-${kind.toLowerCase()}.yaml`), manifestText(manifest)]
  })
}
