import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, it, onTestFinished } from 'vitest'
import { messageOf } from '../../src/base/errors.ts'
import { call, isAlive, openGroup, serverCommand, temporaryDirectory, until } from './processes.ts'

const probe = { service: '', startupTimeout: 30_000, period: 500, timeout: 1000, failureThreshold: 3 }

describe('a replica that is a process', () => {
  it('is started by the first call, and takes calls on a port of its own', async () => {
    const replicas = openGroup()
    expect(replicas.status().replicas).toEqual([])
    expect(await call(replicas, 'hello')).toBe('hello')
    const [replica] = replicas.status().replicas
    expect(replica).toMatchObject({ id: 'embedder-1-1', state: 'ready', inFlight: 0, restarts: 0 })
    expect(await call(replicas, 'env PORT')).toBe(replica!.endpoint.split(':')[1])
    await replicas.close()
    expect(isAlive(replica!.pid!)).toBe(false)
  })

  it('has the variables of its group, and its secrets', async () => {
    const replicas = openGroup(
      { env: { MODEL: 'small' }, secrets: ['API_KEY'] },
      { secrets: { API_KEY: 'key-1234' } },
    )
    expect(await call(replicas, 'env MODEL')).toBe('small')
    expect(await call(replicas, 'env API_KEY')).toBe('key-1234')
  })

  it('is not started without its secrets', async () => {
    const replicas = openGroup({ secrets: ['NOBODY_GAVE_IT'] })
    await expect(replicas.prepare()).rejects.toThrow(
      "scaling group 'embedder' asks for secret 'NOBODY_GAVE_IT', which nobody gave\n  open the session with secrets: { NOBODY_GAVE_IT: … }, or set the environment variable NOBODY_GAVE_IT",
    )
  })

  it('is not started where there is no such program', async () => {
    const replicas = openGroup({ source: { kind: 'command', command: ['no-such-program', '{port}'] } })
    await expect(replicas.prepare()).rejects.toThrow(
      "a replica of scaling group 'embedder' cannot be started: there is no program 'no-such-program'\n  see that 'no-such-program' can be run, or give its whole path",
    )
  })

  it('says why it does not start', async () => {
    const script = 'console.error("no weights\\nin /models"); process.exit(3)'
    const replicas = openGroup({ source: { kind: 'command', command: [process.execPath, '-e', script] } })
    await expect(replicas.prepare()).rejects.toThrow(
      "a replica of scaling group 'embedder' ended before it was ready: exit code 3; its last words:\n  no weights\n  in /models",
    )
  })

  it('is started again after it crashed', async () => {
    const replicas = openGroup()
    await call(replicas, 'hello')
    await expect(call(replicas, 'exit 7')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect(await call(replicas, 'hello')).toBe('hello')
    expect(replicas.status().replicas).toMatchObject([{ id: 'embedder-1-2', restarts: 1 }])
  })

  it('is ended when it takes more memory than it may', async () => {
    const failed: (string | null)[] = []
    const replicas = openGroup(
      { resources: { cpu: null, memory: 256 * 2 ** 20, gpu: 0 } },
      { log: ({ kind, detail }) => kind === 'failed' && failed.push(detail) },
    )
    await expect(call(replicas, 'grow')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await until(() => failed.length > 0)
    expect(failed[0]).toMatch(
      /^signal SIGKILL; its last words:\n {2}it took [23]\d\d MB where resources\.memory allows 268 MB$/,
    )
  })

  it('keeps what it prints, with time and stream, without its secrets', async () => {
    const stateDirectory = await temporaryDirectory()
    const replicas = openGroup({ secrets: ['API_KEY'] }, { stateDirectory, secrets: { API_KEY: 'key-1234' } })
    await call(replicas, 'key-1234')
    await call(replicas, 'exit 7').catch(messageOf)
    const path = join(stateDirectory, 'groups', 'embedder', 'embedder-1-1.log')
    const read = async (): Promise<string> => readFile(path, 'utf8').catch(() => '')
    await until(async () => (await read()).includes('about to exit'))
    const lines = (await read()).trimEnd().split('\n')
    for (const line of lines) expect(line.slice(0, 24)).toBe(new Date(line.slice(0, 24)).toISOString())
    expect(lines.map((line) => line.slice(25))).toEqual([
      'stdout listening',
      'stdout called [secret API_KEY]',
      'stderr about to exit with 7',
    ])
  })

  it('tells how much of a core it used', async () => {
    const replicas = openGroup({
      targetCpuUtilizationPercentage: 20,
      scalingIntervalSeconds: 1,
      maxConcurrentRequests: 8,
      maxReplicas: 2,
    })
    await call(replicas, 'hello')
    let done = false
    const busy = async (): Promise<void> => {
      while (!done) await call(replicas, 'spin 200')
    }
    const callers = Promise.all([busy(), busy()])
    await until(() => replicas.status().replicas.filter(({ state }) => state === 'ready').length === 2)
    done = true
    await callers
  })
})

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

describe('ports', () => {
  it('that another program took are given up for others', async () => {
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void taken.close())
    const address = taken.address()
    const port = typeof address === 'object' ? address?.port : null
    const [node, file] = serverCommand
    const replicas = openGroup({ source: { kind: 'command', command: [node!, file!, String(port)] } })
    const failure = await replicas.prepare().catch(messageOf)
    expect(failure).toMatch(/ended before it was ready: exit code 1; its last words:[^]*EADDRINUSE/)
    expect(replicas.status().replicas[0]!.restarts).toBeGreaterThan(3)
  })
})
