import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { messageOf } from '../../src/base/errors.ts'
import { call, isAlive, openGroup, serverCommand, temporaryDirectory, until } from './processes.ts'

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
    const done = new AbortController()
    const busy = async (): Promise<void> => {
      while (!done.signal.aborted) await call(replicas, 'spin 200')
    }
    const callers = Promise.all([busy(), busy()])
    await until(() => replicas.status().replicas.filter(({ state }) => state === 'ready').length === 2)
    done.abort()
    await callers
  })
})

describe('ports', () => {
  it('that another program took are given up for others at once', async () => {
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void taken.close())
    const address = taken.address()
    const port = typeof address === 'object' ? address?.port : null
    const marker = join(await temporaryDirectory(), 'was-here')
    const [node, file] = serverCommand
    const script = `test -e "$0" && exec "$@"; touch "$0"; exec ${node} ${file} ${port}`
    const events: string[] = []
    const replicas = openGroup(
      { source: { kind: 'command', command: ['sh', '-c', script, marker, ...serverCommand] } },
      { log: ({ kind, detail }) => events.push(`${kind} ${detail ?? ''}`) },
    )
    expect(await call(replicas, 'hello')).toBe('hello')
    expect(events[1]).toMatch(/^failed exit code 1; its last words:[^]*EADDRINUSE/)
    expect(replicas.status().replicas).toMatchObject([{ id: 'embedder-1-2', restarts: 1 }])
  })
})
