import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, it, onTestFinished } from 'vitest'
import { messageOf } from '../../src/base/errors.ts'
import { call, isAlive, openGroup, serverCommand, temporaryDirectory, until } from './processes.ts'

const probe = { service: '', startupTimeout: 30_000, period: 500, timeout: 1000, failureThreshold: 3 }

describe('the end of replicas', () => {
  it('comes after their calls, by SIGTERM', async () => {
    const stateDirectory = await temporaryDirectory()
    const replicas = openGroup({}, { stateDirectory })
    await replicas.prepare()
    const { pid } = replicas.status().replicas[0]!
    const slow = call(replicas, 'sleep 500')
    await until(() => replicas.status().inFlight === 1)
    const drained = replicas.drain()
    expect(await slow).toBe(String(pid))
    await drained
    expect(isAlive(pid!)).toBe(false)
    const log = await readFile(join(stateDirectory, 'groups', 'embedder', 'embedder-1-1.log'), 'utf8')
    expect(log.trimEnd().split('\n').at(-1)).toMatch(/ stdout draining$/)
  })

  it('comes when nobody calls any more', async () => {
    const replicas = openGroup({ shutdownDelaySeconds: 0.2 })
    const pid = Number(await call(replicas, 'sleep 0'))
    await until(() => replicas.status().replicas.length === 0)
    expect(isAlive(pid)).toBe(false)
    expect(await call(replicas, 'hello')).toBe('hello')
  })

  it('takes what they started along', async () => {
    const script = [
      'const { spawn } = require("node:child_process")',
      'const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"])',
      'console.error("child " + child.pid)',
      'import(process.argv[1])',
    ].join('\n')
    const stateDirectory = await temporaryDirectory()
    const command = [process.execPath, '-e', script, serverCommand[1]!]
    const replicas = openGroup({ source: { kind: 'command', command } }, { stateDirectory })
    await replicas.prepare()
    const log = await readFile(join(stateDirectory, 'groups', 'embedder', 'embedder-1-1.log'), 'utf8')
    const child = Number(/child (\d+)/.exec(log)?.[1])
    expect(isAlive(child)).toBe(true)
    await replicas.drain()
    await until(() => !isAlive(child))
  })

  it('comes within a second or so when all is closed, whatever they do', async () => {
    const replicas = openGroup()
    const pid = Number(await call(replicas, 'sleep 0'))
    const hanging = call(replicas, 'spin 20000').catch(messageOf)
    await until(() => replicas.status().inFlight === 1)
    const begun = Date.now()
    await replicas.close()
    expect(Date.now() - begun).toBeLessThan(5000)
    expect(isAlive(pid)).toBe(false)
    await hanging
  })

  it('comes when their parent is killed', async () => {
    const parent = spawn(process.execPath, ['--import', 'tsx', 'test/fixtures/scaling/parent.ts'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    onTestFinished(() => void parent.kill('SIGKILL'))
    const [pids] = await new Promise<string[]>((resolve) => {
      createInterface(parent.stdout).once('line', (line) => resolve([line]))
    })
    const children = pids!.split(' ').map(Number)
    expect(children.map(isAlive)).toEqual([true, true])
    parent.kill('SIGKILL')
    await until(() => !children.some(isAlive))
  })
})

describe('a replica that is stopped by the system', () => {
  it('loses its calls to others', async () => {
    const replicas = openGroup({ minReplicas: 2, maxReplicas: 2, readinessProbe: probe })
    await replicas.prepare()
    await until(() => replicas.status().replicas.every(({ state }) => state === 'ready'))
    for (let i = 0; i < 20; i++) await call(replicas, 'sleep 5')
    const { pid } = replicas.status().replicas[0]!
    process.kill(pid!, 'SIGSTOP')
    const begun = Date.now()
    const outcomes = await Promise.allSettled([1, 2].map(() => call(replicas, 'sleep 10')))
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: 'UNAVAILABLE' },
    })
    expect(Date.now() - begun).toBeLessThan(10_000)
    expect(replicas.status().replicas[0]).toMatchObject({ state: 'ejected', inFlight: 0 })
    expect(await call(replicas, 'sleep 5')).not.toBe(String(pid))
    process.kill(pid!, 'SIGCONT')
    await until(() => replicas.status().replicas[0]!.state === 'ready')
  })
})
