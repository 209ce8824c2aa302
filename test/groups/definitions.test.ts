import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Utf8 } from 'apache-arrow'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { isScalingGroup, resolveGroup, ScalingGroup } from '../../catalog/groups/defineScalingGroup.ts'
import type { ScalingGroupOptions } from '../../catalog/groups/scalingGroupOptions.ts'
import { RetryPolicy } from '../../catalog/policy/factories.ts'
import { defaultPolicies } from '../../catalog/policy/policies.ts'
import { isEngineError } from '../../src/base/errors.ts'
import { directoryWith } from '../cli/commandLine.ts'

const echo = { name: 'echo', command: ['serve'], input: { text: 'VARCHAR' }, output: 'VARCHAR' } as const

it('has a default for each option', () => {
  const group = ScalingGroup(echo)
  expect(isScalingGroup(group)).toBe(true)
  expect(group.name).toBe('echo')
  expect(group.spec).toEqual({
    name: 'echo',
    description: null,
    inputs: [{ name: 'text', type: { kind: 'varchar' } }],
    output: { kind: 'varchar' },
    volatility: 'immutable',
    batching: null,
    policies: { ...defaultPolicies, dedupe: true },
    source: { kind: 'command', command: ['serve'] },
    provider: 'process',
    minReplicas: 0,
    maxReplicas: 1,
    maxConcurrentRequests: 8,
    targetCpuUtilizationPercentage: null,
    targetQueueDepth: null,
    scalingIntervalSeconds: 60,
    shutdownDelaySeconds: 30,
    resources: { cpu: null, memory: null, gpu: 0 },
    env: {},
    secrets: [],
    readinessProbe: {
      service: '',
      startupTimeout: 60_000,
      period: 2_000,
      timeout: 1_000,
      failureThreshold: 3,
    },
    scaleFromZero: 'hold',
    tls: null,
    token: null,
  })
  expect(ScalingGroup({ ...echo, minReplicas: 4 }).spec).toMatchObject({ minReplicas: 4, maxReplicas: 4 })
  expect(ScalingGroup({ name: 'echo' }).spec.source).toEqual({ kind: 'functions', modules: [] })
  expect(ScalingGroup({ name: 'echo', endpoints: 'worker:8080' }).spec).toMatchObject({
    provider: 'static',
    source: { kind: 'endpoints', endpoints: ['worker:8080'] },
  })
})

it('reads each option', () => {
  const { spec } = ScalingGroup({
    ...echo,
    description: 'what it was given',
    input: { text: z.string(), more: new Utf8(), many: 'INTEGER[]' },
    output: z.array(z.int()),
    volatility: 'volatile',
    batching: { maxBatchingSize: 64, maxBufferDuration: 5 },
    retries: RetryPolicy.linear({ attempts: 2, delay: 1, jitter: false }),
    timeout: 5_000,
    provider: 'kubernetes',
    minReplicas: 1,
    maxReplicas: 9,
    maxConcurrentRequests: 2,
    targetCpuUtilizationPercentage: 70,
    targetQueueDepth: 1.5,
    scalingIntervalSeconds: 5,
    shutdownDelaySeconds: 0,
    resources: { cpu: 0.5, memory: '1GB', gpu: 1 },
    env: { LOG: 'debug', EMPTY: '' },
    secrets: ['API_KEY'],
    readinessProbe: { service: 'echo', startupTimeout: 5, period: 6, timeout: 7, failureThreshold: 8 },
    scaleFromZero: 'error',
    tls: { ca: 'ca.pem', cert: 'own.pem', key: 'own.key', serverName: 'echo' },
    token: 'TOKEN',
  })
  expect(spec).toMatchObject({
    description: 'what it was given',
    inputs: [{ name: 'text' }, { name: 'more' }, { name: 'many', type: { kind: 'list' } }],
    output: { kind: 'list' },
    volatility: 'volatile',
    batching: { maxBatchingSize: 64, maxBufferDuration: 5, maxCost: null },
    policies: { retry: { kind: 'linear', attempts: 2 }, timeout: 5_000, dedupe: false },
    provider: 'kubernetes',
    minReplicas: 1,
    maxReplicas: 9,
    maxConcurrentRequests: 2,
    targetCpuUtilizationPercentage: 70,
    targetQueueDepth: 1.5,
    scalingIntervalSeconds: 5,
    shutdownDelaySeconds: 0,
    resources: { cpu: 0.5, memory: 1e9, gpu: 1 },
    env: { LOG: 'debug', EMPTY: '' },
    secrets: ['API_KEY'],
    readinessProbe: { service: 'echo', startupTimeout: 5, period: 6, timeout: 7, failureThreshold: 8 },
    scaleFromZero: 'error',
    tls: { ca: 'ca.pem', cert: 'own.pem', key: 'own.key', serverName: 'echo' },
    token: 'TOKEN',
  })
  expect(JSON.parse(JSON.stringify(spec))).toEqual(spec)
  expect(ScalingGroup({ ...echo, tls: true }).spec.tls).toEqual({
    ca: null,
    cert: null,
    key: null,
    serverName: null,
  })
  expect(ScalingGroup({ ...echo, tls: false }).spec.tls).toBeNull()
  const model = ScalingGroup({ name: 'churn', model: 'churn@prod', retries: 2 })
  expect(model.spec).toMatchObject({ source: { kind: 'model', model: 'churn@prod' }, inputs: null })
})

it('makes file URLs of modules, sorted, each once, and absolute paths of PEM files', async () => {
  const directory = directoryWith({ 'b.ts': '', 'a.ts': '', 'notes.md': '' })
  const group = ScalingGroup({ name: 'texts', functions: ['b.ts', '*.ts'], tls: { ca: 'ca.pem' } })
  expect(group.spec.source).toEqual({ kind: 'functions', modules: ['b.ts', '*.ts'] })
  const resolved = await resolveGroup(group, directory)
  const url = (name: string): string => pathToFileURL(join(directory, name)).href
  expect(resolved.source).toEqual({ kind: 'functions', modules: [url('b.ts'), url('a.ts')] })
  expect(resolved.tls?.ca).toBe(join(directory, 'ca.pem'))
  await expect(
    resolveGroup(ScalingGroup({ name: 'missing', functions: 'c.ts' }), directory),
  ).rejects.toMatchObject({
    code: 'MODULE_LOAD_FAILED',
    message: `cannot load ${join(directory, 'c.ts')}: there is no such file`,
  })
})

function failureOf(options: Readonly<Record<string, unknown>>): string {
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the compiler would refuse
    ScalingGroup(options as unknown as ScalingGroupOptions)
    return 'nothing failed'
  } catch (error) {
    return isEngineError(error) ? `${error.code} ${error.message}` : String(error)
  }
}

const types = "\n  say what a call takes and gives: input: { text: 'VARCHAR' }, output: 'FLOAT[]'"

it.each<readonly [Readonly<Record<string, unknown>>, string]>([
  [
    { command: undefined, input: undefined, output: undefined, retries: 2 },
    'has retries, but the functions that it hosts have their own',
  ],
  [{ functions: 'a.ts' }, 'has command and functions; it must have one of them'],
  [{ input: undefined, output: undefined }, `has a command, but no input and no output${types}`],
  [{ input: undefined }, `has output, but no input${types}`],
  [{ output: undefined }, `has input, but no output${types}`],
  [
    { input: {} },
    "has input an object; it must be an object of arguments and types: { text: 'VARCHAR', limit: z.int() }",
  ],
  [{ input: { a: 'INT', A: 'INT' } }, "has 'A' twice in its input, as SQL sees it"],
  [{ command: undefined, functions: 'a.ts' }, 'has input, but its functions have types of their own'],
  [{ command: undefined, model: 'churn' }, 'has input, but its model has types of its own'],
  [
    { command: 'serve --fast' },
    "has command 'serve --fast'; it must be a list such as ['python', 'serve.py']",
  ],
  [{ command: [] }, "has command a list; it must be a list such as ['python', 'serve.py']"],
  [{ command: ['serve', 8080] }, 'has command[1] 8080; it must be a text'],
  [
    { provider: 'static' },
    "has provider 'static' and no endpoints\n  endpoints: ['worker-1:8080', 'worker-2:8080']",
  ],
  [{ provider: 'cloud' }, "has provider 'cloud'; it must be 'process' or 'static' or 'kubernetes'"],
  [{ minReplicas: -1 }, 'has minReplicas -1; it must be a whole number from 0'],
  [{ maxReplicas: 0 }, 'has maxReplicas 0; it must be a whole number above 0'],
  [{ minReplicas: 3, maxReplicas: 2 }, 'has maxReplicas 2; it must be at least minReplicas, 3'],
  [{ maxConcurrentRequests: 1.5 }, 'has maxConcurrentRequests 1.5; it must be a whole number above 0'],
  [
    { targetCpuUtilizationPercentage: 0 },
    'has targetCpuUtilizationPercentage 0; it must be a number above 0',
  ],
  [{ targetQueueDepth: 'deep' }, "has targetQueueDepth 'deep'; it must be a number above 0"],
  [{ scalingIntervalSeconds: 0 }, 'has scalingIntervalSeconds 0; it must be a number above 0'],
  [{ shutdownDelaySeconds: -1 }, 'has shutdownDelaySeconds -1; it must be a number, 0 or more'],
  [
    { resources: { memory: '1MB' } },
    "has resources.memory '1MB'; it must be 128MiB or more\n  a process takes about 80 MiB by itself",
  ],
  [
    { resources: { memory: 'much' } },
    "has resources.memory 'much'; it must be a size such as '1GB' or '512MiB', or a number of bytes",
  ],
  [{ resources: { cpus: 1 } }, "has an unknown option 'resources.cpus': did you mean 'cpu'?"],
  [{ resources: { gpu: 'cuda' } }, "has resources.gpu 'cuda'; it must be a whole number from 0"],
  [{ env: ['A=1'] }, "has env a list; it must be an object of texts, such as { LOG: 'debug' }"],
  [{ env: { A: 1 } }, 'has env.A 1; it must be a text'],
  [{ env: { PORT: '80' } }, "has a variable 'PORT', which tells a replica its port"],
  [{ env: { KEY: 'k' }, secrets: ['KEY'] }, "has 'KEY' in its env and in its secrets"],
  [{ secrets: 'KEY' }, "has secrets 'KEY'; it must be a list of names, such as ['API_KEY']"],
  [{ secrets: [''] }, "has secrets[0] ''; it must be a text"],
  [{ readinessProbe: { period: 0 } }, 'has readinessProbe.period 0; it must be a whole number above 0'],
  [
    { readinessProbe: { path: '/' } },
    "has an unknown option 'readinessProbe.path': readinessProbe has service, startupTimeout, period, timeout, failureThreshold",
  ],
  [{ scaleFromZero: 'wait' }, "has scaleFromZero 'wait'; it must be 'hold' or 'error'"],
  [
    { tls: 'ca.pem' },
    "has tls 'ca.pem'; it must be true, false or an object of PEM files, such as { ca: 'ca.pem' }",
  ],
  [{ tls: { cert: 'own.pem' } }, 'has tls.cert without tls.key'],
  [{ tls: { key: 'own.key' } }, 'has tls.key without tls.cert'],
  [{ token: '' }, "has token ''; it must be a text"],
  [{ retries: -1 }, 'has retries -1; it must be a whole number from 0'],
  [
    { cache: true, volatility: 'volatile' },
    'has cache, but is volatile: each call of a volatile function may give another result',
  ],
  [{ minReplica: 1 }, "has an unknown option 'minReplica': did you mean 'minReplicas' or 'maxReplicas'?"],
])('refuses %j', (options, problem) => {
  expect(failureOf({ ...echo, ...options })).toBe(`GROUP_INVALID scaling group 'echo' ${problem}`)
})

it.each<readonly [Readonly<Record<string, unknown>>, string]>([
  [{ functions: [] }, 'has functions a list; it must be the path or glob of modules, or a list of them'],
  [
    { functions: ['a.ts', {}] },
    'has functions[1] an object; it must be the path or glob of modules, or a list of them\n  replicas load functions from their modules',
  ],
  [
    { model: 'churn@' },
    "has model 'churn@'; it must be a model of the registry, such as 'churn', 'churn@3' or 'churn@prod'",
  ],
  [{ endpoints: ['worker'] }, "has endpoints[0] 'worker'; it must be 'host:port' or 'dns:host:port'"],
  [
    { endpoints: ['worker:70000'] },
    "has endpoints[0] 'worker:70000'; it must be 'host:port' or 'dns:host:port'",
  ],
  [{ endpoints: ['a:1', 'a:1'] }, "has endpoint 'a:1' twice"],
  [
    { endpoints: 'a:1', provider: 'process' },
    "has provider 'process'; it must be 'static', since it has endpoints",
  ],
  [{ endpoints: 'a:1', minReplicas: 1 }, 'has minReplicas, but its replicas are not started here'],
  [{ endpoints: 'a:1', timeout: 5 }, 'has timeout, but the functions that it hosts have their own'],
])('refuses %j of another source', (options, problem) => {
  expect(failureOf({ name: 'echo', ...options })).toBe(`GROUP_INVALID scaling group 'echo' ${problem}`)
})

it('refuses names and types that SQL could not write', () => {
  expect(failureOf({})).toBe('GROUP_INVALID a scaling group has no name')
  expect(failureOf({ ...echo, name: 'echo-1' })).toBe(
    "NAME_INVALID the name of a group cannot be 'echo-1'\n  use letters, digits and '_', starting with a letter",
  )
  expect(failureOf({ ...echo, output: 'TXT' })).toContain("DEFINITION_INVALID scaling group 'echo': output")
})

it('takes addresses of every kind for endpoints', () => {
  const endpoints = ['127.0.0.1:1', '[::1]:65535', 'dns:workers.internal:8080', 'host:6666']
  expect(ScalingGroup({ name: 'echo', endpoints }).spec.source).toEqual({ kind: 'endpoints', endpoints })
})
