import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { repeats } from '../repeats.ts'
import { ReplicaProcesses } from './replicaProcesses.ts'

let folder: string
let processes: ReplicaProcesses | null = null

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'callplane-kills-'))
})
afterEach(async () => {
  await processes?.close()
  processes = null
  rmSync(folder, { recursive: true, force: true })
})

describe('replicas that are killed', () => {
  it('again and again lose no row, double none, and cost no call but those in flight', async () => {
    const file = join(folder, 'calls')
    processes = new ReplicaProcesses(3, { env: { CALLS_FILE: file, CALL_MS: '50' } })
    const { replicas } = processes
    await replicas.prepare()
    const batches = repeats(300)
    const calling = processes.call(batches)
    const done = calling.then(() => true)
    let kills = 0
    let inFlightAtKills = 0
    while (!(await Promise.race([done, setTimeout(500, false)]))) {
      const ready = replicas.status().replicas.filter(({ state, pid }) => state === 'ready' && pid !== null)
      // On a busy machine replicas start more slowly than they are killed: one is left.
      const victim = ready.length > 1 ? ready[kills % ready.length] : undefined
      if (victim === undefined) continue
      process.kill(victim.pid!, 'SIGKILL')
      kills++
      inFlightAtKills += victim.inFlight
    }
    expect(await calling).toEqual([])
    const called = readFileSync(file, 'utf8').trim().split('\n').map(Number)
    expect(new Set(called).size).toBe(batches)
    expect(called.length - batches).toBeLessThanOrEqual(inFlightAtKills)
    expect(kills).toBeGreaterThan(0)
  }, 60_000)
})

describe('one of four replicas that is stopped', () => {
  it('leaves the others at least four fifths of what three do', async () => {
    processes = new ReplicaProcesses(4, { env: { CALL_MS: '50' } })
    const { replicas } = processes
    await replicas.prepare()
    for (let tries = 0; tries < 1000; tries++) {
      if (replicas.status().replicas.every(({ state }) => state === 'ready')) break
      await setTimeout(20)
    }
    await processes.call(100)
    const batches = repeats(500)
    const idealOfThree = (batches / (3 * 4)) * 50
    const [{ pid } = { pid: null }] = replicas.status().replicas
    process.kill(pid!, 'SIGSTOP')
    const begun = performance.now()
    expect(await processes.call(batches)).toEqual([])
    const took = performance.now() - begun
    process.kill(pid!, 'SIGKILL')
    // Beside the time of the calls there is that until it is known that the replica does not answer.
    expect(took).toBeLessThan(idealOfThree / 0.8 + 4000)
  }, 60_000)
})
