import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ScalingGroupSpec } from '../../../catalog/groups/scalingGroup.ts'
import { findSecret, type SecretValues } from '../../../catalog/secret.ts'
import { EngineError } from '../../../src/base/errors.ts'
import { heapFlags } from '../../heapFlags.ts'

/** What is run for a replica. */
export interface ReplicaCommand {
  readonly program: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

export interface CommandOptions {
  readonly group: ScalingGroupSpec
  /** Values of secrets by name; others are looked for in the environment. */
  readonly secrets: SecretValues
  /** Where models are registered; null for the default place. */
  readonly stateDirectory: string | null
  /** The file that runs `callplane`. */
  readonly cli: string
}

/** Calls at once that a worker takes without being told. */
const WORKER_CALLS = 64

/** The command of a group's replicas. Throws SECRET_MISSING, and INTERNAL for a group that runs nothing. */
export function replicaCommand(options: CommandOptions, port: number): ReplicaCommand {
  const { group, secrets } = options
  const env = { ...ownEnvironment(), ...group.env, ...secretsOf(group, secrets), PORT: String(port) }
  const { source } = group
  switch (source.kind) {
    case 'command': {
      const [program = '', ...args] = source.command.map((part) => part.replaceAll('{port}', String(port)))
      return { program, args, env }
    }
    case 'functions': {
      const modules = source.modules.flatMap((url) => ['--functions', fileURLToPath(url)])
      return workerCommand(options, { port, env, hosted: modules })
    }
    case 'model':
      return workerCommand(options, { port, env, hosted: ['--model', source.model] })
    case 'endpoints':
      throw new EngineError('INTERNAL', `scaling group '${group.name}' has endpoints, and nothing to run`)
  }
}

/** The whole path of the program; null if there is none that may be run. */
export async function findProgram({ program, env }: ReplicaCommand): Promise<string | null> {
  const isPath = program.includes('/') || process.platform === 'win32'
  const places = isPath
    ? [program]
    : (env['PATH'] ?? '').split(delimiter).map((place) => join(place, program))
  for (const place of places) {
    const mayRun = await access(place, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (mayRun) return place
  }
  return null
}

function workerCommand(
  { group, secrets, stateDirectory, cli }: CommandOptions,
  given: { readonly port: number; readonly env: ReplicaCommand['env']; readonly hosted: readonly string[] },
): ReplicaCommand {
  const { token, maxConcurrentRequests, resources } = group
  const { CALLPLANE_TOKEN: _, ...env } = given.env
  const calls =
    maxConcurrentRequests > WORKER_CALLS ? ['--max-concurrent', String(maxConcurrentRequests)] : []
  const state = stateDirectory === null ? [] : ['--state', stateDirectory]
  const flags = ['--group', group.name, '--port', String(given.port), ...calls, ...state]
  return {
    program: process.execPath,
    args: [...heapFlags(resources.memory), cli, 'worker', ...given.hosted, ...flags],
    env: token === null ? env : { ...env, CALLPLANE_TOKEN: secretOf(group, token, secrets) },
  }
}

function ownEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}

function secretsOf(group: ScalingGroupSpec, given: SecretValues): Record<string, string> {
  return Object.fromEntries(group.secrets.map((name) => [name, secretOf(group, name, given)]))
}

function secretOf({ name }: ScalingGroupSpec, secret: string, given: SecretValues): string {
  const value = findSecret(secret, given)
  if (value !== null) return value
  throw new EngineError(
    'SECRET_MISSING',
    `scaling group '${name}' asks for secret '${secret}', which nobody gave`,
    { hint: `open the session with secrets: { ${secret}: … }, or set the environment variable ${secret}` },
  )
}
