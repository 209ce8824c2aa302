import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { callplane, directoryWith, made } from '../cli/commandLine.ts'
import { startWorker } from './startWorker.ts'
import { call, channelTo } from './workers.ts'

/** `slow` says in a file of its own that it was called, and waits until there is another. */
const functionsModule = `
import { existsSync, writeFileSync } from 'node:fs'
import { defineFunction } from 'callplane'

export const echo = defineFunction({
  name: 'echo',
  input: { text: 'VARCHAR' },
  output: 'VARCHAR',
  handler: async ({ text }) => text,
})

export const upper = defineFunction({
  name: 'upper',
  input: { text: 'VARCHAR' },
  output: 'VARCHAR',
  executor: 'pool',
  handler: ({ text }) => text?.toUpperCase() ?? null,
})

export const slow = defineFunction({
  name: 'slow',
  input: { path: 'VARCHAR' },
  output: 'VARCHAR',
  batching: { maxBatchingSize: 1 },
  onStartup: () => null,
  onShutdown: () => writeFileSync('ended', ''),
  handler: async ({ path }) => {
    writeFileSync(path[0] + '.begun', '')
    while (!existsSync(path[0])) await new Promise((resolve) => setTimeout(resolve, 5))
    return path
  },
})
`

const functionsFile = { 'functions.ts': functionsModule, 'package.json': '{}' }
const text = { text: ['VARCHAR', ['a']] } as const

test('a worker says where it listens, what it serves, and answers; DuckDB is not loaded', async () => {
  const directory = directoryWith(functionsFile)
  const worker = await startWorker(['--functions', 'functions.ts'], { directory })
  expect(worker.line).toMatch(/^callplane worker listens on 127\.0\.0\.1:\d+ and serves echo, slow, upper\n$/)
  const channel = channelTo(worker.endpoint)
  expect(await channel.isServing('', 5000)).toBe(true)
  expect(await call(channel, 'echo', text)).toEqual([{ result: ['a'] }])
  expect(await call(channel, 'upper', text)).toEqual([{ result: ['A'] }])
  if (process.platform === 'linux') {
    expect(readFileSync(`/proc/${worker.child.pid}/maps`, 'utf8')).not.toContain('duckdb')
  }
  worker.child.kill('SIGTERM')
  expect(await worker.ended).toBe(0)
  expect(worker.errors()).toBe('')
})

test('after SIGTERM the calls in flight are answered, no others are taken, and hooks run', async () => {
  const directory = directoryWith(functionsFile)
  const worker = await startWorker(['--functions', 'functions.ts'], { directory })
  const channel = channelTo(worker.endpoint)
  const paths = [0, 1, 2, 3].map((n) => join(directory, `go${n}`))
  const answers = paths.map((path) => call(channel, 'slow', { path: ['VARCHAR', [path]] }))
  for (const path of paths) await made(`${path}.begun`)
  worker.child.kill('SIGTERM')
  const late = channelTo(worker.endpoint)
  await expect.poll(() => late.isServing('', 1000)).toBe(false)
  await expect(call(late, 'echo', text)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  for (const path of paths) writeFileSync(path, '')
  expect(await Promise.all(answers)).toEqual(paths.map((path) => [{ result: [path] }]))
  expect(await worker.ended).toBe(0)
  await made(join(directory, 'ended'))
})

test('calls that outlast the grace are cancelled', async () => {
  const directory = directoryWith(functionsFile)
  const worker = await startWorker(['--functions', 'functions.ts', '--shutdown-grace', '0'], { directory })
  const path = join(directory, 'never')
  const answer = call(channelTo(worker.endpoint), 'slow', { path: ['VARCHAR', [path]] })
  answer.catch(() => undefined)
  await made(`${path}.begun`)
  worker.child.kill('SIGTERM')
  await expect(answer).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  expect(await worker.ended).toBe(0)
})

test('a second signal ends it at once', async () => {
  const directory = directoryWith(functionsFile)
  const worker = await startWorker(['--functions', 'functions.ts'], { directory })
  const path = join(directory, 'never')
  const channel = channelTo(worker.endpoint)
  const answer = call(channel, 'slow', { path: ['VARCHAR', [path]] })
  answer.catch(() => undefined)
  await made(`${path}.begun`)
  worker.child.kill('SIGTERM')
  await expect.poll(() => channelTo(worker.endpoint).isServing('', 1000)).toBe(false)
  worker.child.kill('SIGTERM')
  expect(await worker.ended).toBe('SIGTERM')
})

test('a worker of a parent ends with the input that the parent holds', async () => {
  const directory = directoryWith(functionsFile)
  const worker = await startWorker(['--functions', 'functions.ts', '--parent'], { directory })
  worker.child.stdin?.end()
  expect(await worker.ended).toBe(0)
})

test('the token comes from the environment or a file', async () => {
  const directory = directoryWith({ ...functionsFile, token: 'of the file\n' })
  const env = { CALLPLANE_TOKEN: 'of the environment' }
  const byEnvironment = await startWorker(['--functions', 'functions.ts'], { directory, env })
  const granted = channelTo(byEnvironment.endpoint, { token: 'of the environment' })
  expect(await call(granted, 'echo', text)).toEqual([{ result: ['a'] }])
  await expect(call(channelTo(byEnvironment.endpoint), 'echo', text)).rejects.toMatchObject({
    code: 'REMOTE_REFUSED',
  })
  const byFile = await startWorker(['--functions', 'functions.ts', '--token-file', 'token'], {
    directory,
    env,
  })
  const other = channelTo(byFile.endpoint, { token: 'of the file' })
  expect(await call(other, 'echo', text)).toEqual([{ result: ['a'] }])
})

test.each([
  [
    ['--functions', 'functions.ts', '--host', '0.0.0.0'],
    2,
    'error[CONFIG_INVALID]: a worker that listens on 0.0.0.0 needs TLS and a token: whoever reaches it could call its functions\n' +
      '  give it a certificate, its key and a token, let it listen on 127.0.0.1, or say that it may be insecure\n',
  ],
  [
    ['--functions', 'functions.ts', '--tls-cert', 'cert.pem'],
    2,
    'error[USAGE_INVALID]: --tls-cert and --tls-key are given together\n  --client-ca goes with them\n',
  ],
  [
    ['--functions', 'functions.ts', '--memory', 'much'],
    2,
    "error[CONFIG_INVALID]: memoryLimit takes a size such as '2GB' or '512MiB', got \"much\"\n  or leave it out for any size\n",
  ],
  [
    [],
    2,
    'error[CONFIG_INVALID]: the worker has nothing to host\n  give it modules of functions, or models of the registry\n',
  ],
  [
    ['--functions', 'functions.ts', '--token-file', 'none'],
    1,
    "error[IO_FAILED]: cannot read the token in none: ENOENT: no such file or directory, open 'none'\n",
  ],
] as const)('what cannot be served ends with a reason: %o', async (args, code, message) => {
  const ended = await callplane(['worker', '--port', '0', ...args], {
    directory: directoryWith(functionsFile),
  })
  expect(ended).toMatchObject({ code, err: message })
})
