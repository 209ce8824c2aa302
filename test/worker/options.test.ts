import { expect, test } from 'vitest'
import { Worker } from '../../src/worker/worker.ts'
import { readWorkerOptions, type WorkerOptions } from '../../src/worker/workerOptions.ts'

const tls = { cert: 'cert.pem', key: 'key.pem' }

function problemOf(options: WorkerOptions): string | null {
  try {
    readWorkerOptions(options)
    return null
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

test('a worker listens on this machine alone unless it is told otherwise', () => {
  expect(readWorkerOptions({})).toMatchObject({ host: '127.0.0.1', port: 8080, tls: null, token: null })
  for (const host of ['127.0.0.1', '127.1.2.3', 'localhost', '::1']) expect(problemOf({ host })).toBe(null)
})

test.each([
  [{}, 'TLS and a token'],
  [{ tls }, 'a token'],
  [{ token: 'secret' }, 'TLS'],
])('beyond this machine it asks who calls: %o', (given, missing) => {
  for (const host of ['0.0.0.0', '::', '10.0.0.1', 'worker.example']) {
    expect(problemOf({ host, ...given })).toBe(
      `a worker that listens on ${host} needs ${missing}: whoever reaches it could call its functions\n` +
        '  give it a certificate, its key and a token, let it listen on 127.0.0.1, or say that it may be insecure',
    )
  }
})

test('with TLS and a token, or if it may be insecure, it listens anywhere', () => {
  expect(problemOf({ host: '0.0.0.0', tls, token: 'secret' })).toBe(null)
  expect(problemOf({ host: '0.0.0.0', insecure: true })).toBe(null)
})

test.each([
  [{ port: 70_000 }, 'port takes a whole number from 0 to 65535, got 70000'],
  [{ metricsPort: -1 }, 'metricsPort takes a whole number from 0 to 65535, got -1'],
  [{ maxConcurrentCalls: 0 }, 'maxConcurrentCalls takes a whole number from 1, got 0'],
  [{ maxQueuedCalls: 1.5 }, 'maxQueuedCalls takes a whole number from 0, got 1.5'],
  [{ coalesce: -1 }, 'coalesce takes a whole number from 0, got -1'],
  [
    { memoryLimit: 'much' },
    "memoryLimit takes a size such as '2GB' or '512MiB', got \"much\"\n  or leave it out for any size",
  ],
  [{ token: '' }, 'the token of the worker is empty\n  give one that nobody guesses'],
])('what makes no sense is refused: %o', (given, message) => {
  expect(problemOf(given)).toBe(message)
})

test.each<[WorkerOptions, string]>([
  [{}, 'the worker has nothing to host\n  give it modules of functions, or models of the registry'],
  [
    { models: ['embedder@1'] },
    "models need a place, but this worker keeps no state\n  give it the directory of the registry, such as '.callplane'",
  ],
])('a worker that has nothing to serve does not open: %o', async (options, message) => {
  await expect(Worker.open({ port: 0, ...options })).rejects.toThrow(message)
})
