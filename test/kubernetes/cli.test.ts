import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { KedaClient } from './kedaClient.ts'

const run = promisify(execFile)
const main = resolve('dist/src/cli/main.js')
const page = readFileSync('docs/kubernetes.md', 'utf8')
const directory = mkdtempSync(join(tmpdir(), 'callplane-kubernetes-'))

function snippet(kind: string): string {
  const [, code] = new RegExp(`\`\`\`${kind}\n([\\s\\S]*?)\`\`\``).exec(page) ?? []
  if (code === undefined) throw new Error(`docs/kubernetes.md has no snippet ${kind}`)
  return code
}

async function callplane(...args: readonly string[]) {
  return run(process.execPath, [main, ...args], { cwd: directory })
}

beforeAll(() => {
  mkdirSync(join(directory, 'functions'))
  mkdirSync(join(directory, 'node_modules'))
  symlinkSync(resolve('.'), join(directory, 'node_modules/callplane'))
  writeFileSync(join(directory, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(directory, 'groups.ts'), snippet('ts groups.ts'))
  writeFileSync(
    join(directory, 'functions/embed.ts'),
    `import { defineFunction } from 'callplane'
export const embed = defineFunction({
  name: 'embed', input: { text: 'VARCHAR' }, output: 'BIGINT', handler: ({ text }) => BigInt(text.length),
})\n`,
  )
  writeFileSync(
    join(directory, 'upper.ts'),
    `import { ScalingGroup } from 'callplane'
export const upper = ScalingGroup({
  name: 'upper_case', command: ['upper', '{port}'], input: { text: 'VARCHAR' }, output: 'VARCHAR',
})\n`,
  )
})

afterAll(() => rmSync(directory, { recursive: true }))

describe('callplane deploy --target kubernetes', () => {
  it('writes what docs/kubernetes.md says', async () => {
    const [, ...words] = snippet('sh run').trim().split(' ')
    await callplane(...words)
    const documents = parseAllDocuments(readFileSync(join(directory, 'manifests.yaml'), 'utf8'))
    const objects = documents.map((document) => document.toJS())
    expect(objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`)).toEqual([
      'Deployment ml/callplane-scaler',
      'Service ml/callplane-scaler',
      'NetworkPolicy ml/callplane-scaler',
      'Deployment ml/text-embedder',
      'Service ml/text-embedder',
      'PodDisruptionBudget ml/text-embedder',
      'NetworkPolicy ml/text-embedder',
      'ScaledObject ml/text-embedder',
    ])
    expect(objects[3].spec.template.spec.containers[0].command.slice(0, 4)).toEqual([
      'callplane',
      'worker',
      '--functions',
      'functions/embed.ts',
    ])
    expect(objects[7].spec.triggers[0].metadata).toEqual({
      scalerAddress: 'callplane-scaler.ml.svc:9090',
      group: 'text_embedder',
      targetQueueDepth: '4',
    })
  })

  it('writes a file for each object, and warns of groups that sessions would start by themselves', async () => {
    const flags = ['--target', 'kubernetes', '--image', 'upper:1', '-o', 'upper/']
    const { stdout, stderr } = await callplane('deploy', 'upper.ts#upper', ...flags)
    expect(stdout).toBe('')
    expect(stderr).toBe(
      "warning: scaling group 'upper_case' has provider 'process': sessions with this definition start replicas of their own\n",
    )
    expect(readdirSync(join(directory, 'upper')).toSorted()).toEqual([
      'upper-case-deployment.yaml',
      'upper-case-networkpolicy.yaml',
      'upper-case-poddisruptionbudget.yaml',
      'upper-case-scaledobject.yaml',
      'upper-case-service.yaml',
    ])
  })

  it.each([
    [
      [],
      'error[USAGE_INVALID]: --target kubernetes needs the image of replicas\n  --image registry.example/name:tag\n',
    ],
    [
      ['--image', 'upper:1', '--label', 'team'],
      "error[USAGE_INVALID]: option '--label <key=value>' argument 'team' is invalid. Write it as key=value, such as team=search.\n(callplane --help lists what there is)\n",
    ],
  ])('refuses wrong flags (%#)', async (flags, stderr) => {
    const deploy = callplane('deploy', 'upper.ts', '--target', 'kubernetes', ...flags)
    await expect(deploy).rejects.toMatchObject({ code: 2, stderr })
  })
})

describe('callplane in a container', () => {
  const children: ChildProcess[] = []

  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL')
  })

  function start(args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
    const stdio = ['ignore', 'pipe', 'inherit'] as const
    const child = spawn(process.execPath, [main, ...args], {
      cwd: directory,
      env: { ...process.env, ...env },
      stdio: [...stdio],
    })
    children.push(child)
    return child
  }

  it('has replicas whose command serves the functions of the group', async () => {
    const options = ['--target', 'kubernetes', '--image', 'embedder:1']
    const { stdout } = await callplane('deploy', 'groups.ts', ...options)
    const deployment = parseAllDocuments(stdout)[0]?.toJS()
    const [callplaneName, ...words]: string[] = deployment.spec.template.spec.containers[0].command
    expect(callplaneName).toBe('callplane')
    const here: Readonly<Record<string, string>> = {
      '0.0.0.0': '127.0.0.1',
      '8080': '0',
      '9464': '0',
      '/var/lib/callplane': join(directory, 'state'),
    }
    const replica = start(words.map((word) => here[word] ?? word))
    const [line]: string[] = await once(createInterface(replica.stdout!), 'line')
    expect(line).toMatch(
      /^callplane worker listens on 127\.0\.0\.1:\d+ and serves embed\b.*; metrics at http:/,
    )
    const ended = once(replica, 'exit')
    replica.kill('SIGTERM')
    expect(await ended).toEqual([0, null])
  })

  it('tells KEDA of a query that waits for a group without replicas, and ends at SIGTERM', async () => {
    const scaler = start(['scaler', '--port', '0', '--report-port', '0'], { CALLPLANE_TOKEN: 'wonder' })
    const [line]: string[] = await once(createInterface(scaler.stdout!), 'line')
    const [, port, reports] =
      /^callplane scaler answers KEDA on 127\.0\.0\.1:(\d+) and takes reports on 127\.0\.0\.1:(\d+)$/.exec(
        line ?? '',
      ) ?? []
    const keda = new KedaClient(Number(port))
    const object = { name: 'text-embedder', namespace: 'ml', scalerMetadata: { group: 'text_embedder' } }
    const told: unknown[] = []
    keda.stream(object).on('data', ({ result }: { readonly result: boolean }) => told.push(result))
    const query = start(['sql', '--functions', 'groups.ts', "SELECT embed('a text')"], {
      CALLPLANE_SCALER: `http://127.0.0.1:${reports}`,
      CALLPLANE_SCALER_TOKEN: 'wonder',
    })
    await expect.poll(() => told, { timeout: 40_000 }).toContain(true)
    const { metricValues } = await keda.ask('getMetrics', {
      scaledObjectRef: object,
      metricName: 'queue-depth',
    })
    expect(metricValues).toMatchObject([{ metricValueFloat: 1 }])
    query.kill('SIGINT')
    const loads = async (): Promise<unknown> => {
      const headers = { authorization: 'Bearer wonder' }
      return (await fetch(`http://127.0.0.1:${reports}/load`, { headers })).json()
    }
    await expect.poll(loads, { timeout: 5_000 }).toEqual({})
    keda.close()
    const ended = once(scaler, 'exit')
    scaler.kill('SIGTERM')
    expect(await ended).toEqual([0, null])
  })
})
