import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import type { ScalingGroupSpec } from '../../catalog/groups/scalingGroup.ts'
import { Cancellation } from '../../src/base/cancellation.ts'
import { createChannel } from '../../src/protocol/client.ts'
import { type CreateReplicasOptions, createReplicas } from '../../udf/scaling/createReplicas.ts'
import type { Connect, LeaseOutcome, Replicas } from '../../udf/scaling/replica.ts'
import { groupSpec } from './groups.ts'

const never = new Cancellation()
const WAIT_MS_MAX = 30_000

export const serverFile = fileURLToPath(new URL('../fixtures/scaling/server.mjs', import.meta.url))

/** The command of a server that does what the names of calls say. */
export const serverCommand = [process.execPath, serverFile, '{port}']

export const connect: Connect = (endpoint, { tls }) => createChannel({ endpoint, tls, token: null })

/** A group of real child processes, closed after the test. */
export function openGroup(
  group: Partial<ScalingGroupSpec> = {},
  options: Partial<CreateReplicasOptions> = {},
): Replicas {
  const spec = groupSpec({ source: { kind: 'command', command: serverCommand }, ...group })
  const replicas = createReplicas({ group: spec, revision: 1 }, { connect, ...options })
  onTestFinished(() => replicas.close())
  return replicas
}

/** A directory that is removed after the test. */
export async function temporaryDirectory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'callplane-scaling-'))
  onTestFinished(() => rm(path, { recursive: true, force: true }))
  return path
}

/** Makes one call, and gives its answer as text. */
export async function call(replicas: Replicas, name: string): Promise<string> {
  const lease = await replicas.acquire(never)
  let outcome: LeaseOutcome = 'unavailable'
  try {
    const payload = new Uint8Array()
    const bodies = await lease.channel.call({ name, payload, headers: {}, deadline: null, signal: never })
    outcome = 'answered'
    return Buffer.concat(bodies).toString()
  } finally {
    lease.release(outcome)
  }
}

/** Waits until something holds, as long as a busy machine may take. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + WAIT_MS_MAX
  while (!(await holds())) {
    if (Date.now() > end) throw new Error('it did not come to hold in time')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
