import { appendFileSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { defineFunction } from '../../catalog/defineFunction.ts'
import { ScalingGroup } from '../../catalog/groups/defineScalingGroup.ts'
import { GroupRegistry } from '../../catalog/groups/groupRegistry.ts'
import { registerFunction } from '../../catalog/registerFunction.ts'
import { openStateStore } from '../../catalog/store/libsqlStore.ts'
import { isEngineError } from '../../src/base/errors.ts'
import { readArguments } from '../../src/cli/callArguments.ts'
import { FollowedLog } from '../../src/cli/groups/followLog.ts'
import { parseShares } from '../../src/cli/groups/groupFlags.ts'
import { sourceText } from '../../src/cli/groups/groupRows.ts'
import { findLogs, lastLines } from '../../src/cli/groups/replicaLogs.ts'
import { replicaOf } from '../store/groupStore.conformance.ts'
import { callplane, directoryWith, type Ended, said } from './commandLine.ts'

type Row = Readonly<Record<string, unknown>>

function rowsOf({ code, err, out }: Ended): readonly Row[] {
  expect({ code, err }).toEqual({ code: 0, err: '' })
  const lines = out.trim().split('\n')
  return lines.filter((line) => line !== '').map((line): Row => JSON.parse(line))
}

const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)

const texts = `
  import { defineFunction, ScalingGroup } from 'callplane'
  const input = { text: 'VARCHAR', times: 'BIGINT' }
  export const shout = defineFunction({
    name: 'shout', input, output: 'VARCHAR', scalingGroup: 'texts',
    handler: ({ text, times }) => {
      console.log('shouting ' + text)
      return text === null ? null : text.toUpperCase() + '!'.repeat(Number(times ?? 1))
    },
  })
  export const texts = ScalingGroup({
    name: 'texts', maxReplicas: 2, readinessProbe: { period: 100 }, shutdownDelaySeconds: 0,
  })
`

/** A registry of the state of a directory. */
async function registryOf(directory: string): Promise<GroupRegistry> {
  mkdirSync(join(directory, '.callplane', 'groups'), { recursive: true })
  const store = await openStateStore(join(directory, '.callplane', 'state.db'))
  onTestFinished(() => store.close())
  return new GroupRegistry({ store: async () => store.groups, models: async () => store.models })
}

function logsIn(directory: string): string {
  const folder = join(directory, '.callplane', 'groups', 'texts')
  mkdirSync(folder, { recursive: true })
  return folder
}

test('groups are deployed, called, rolled back and deleted, and their replicas keep logs', async () => {
  const directory = directoryWith({ 'texts.ts': texts })
  const run = async (...args: readonly string[]): Promise<Ended> =>
    callplane([...args, '--no-progress'], { directory })
  const first = {
    group: 'texts',
    revision: 1,
    share: 100,
    previous: null,
    provider: 'process',
    source: join(directory, 'texts.ts'),
    min_replicas: 0,
    max_replicas: 2,
    ready: 0,
    changed: time,
  }
  expect(rowsOf(await run('deploy', 'texts.ts#texts'))).toMatchObject([
    { ...first, ready: expect.any(Number) },
  ])
  const calls = '[{"text":"it\'s","times":3},{"text":null},{"times":9007199254740993,"text":""}]'
  expect(await run('call', 'shout', calls.replace('9007199254740993', '2'))).toMatchObject({
    code: 0,
    out: '["IT\'S!!!",\n null,\n "!!"]\n',
  })
  expect(await run('logs')).toMatchObject({ code: 0, out: expect.stringMatching(/ stdout shouting it's\n/) })

  writeFileSync(join(directory, 'texts.ts'), texts.replace('maxReplicas: 2', 'maxReplicas: 3'))
  expect(rowsOf(await run('deploy', 'texts.ts', '--share', '10'))).toMatchObject([
    { revision: 2, share: 10, previous: 1, max_replicas: 3 },
  ])
  expect(rowsOf(await run('groups', 'rollback', 'texts'))).toMatchObject([first])
  expect(rowsOf(await run('groups', 'delete', 'texts'))).toMatchObject([{ revision: 1 }])
  expect(rowsOf(await run('groups', 'list'))).toEqual([])
})

test('groups and replicas of other processes are listed', async () => {
  const directory = directoryWith()
  const run = async (...args: readonly string[]): Promise<Ended> =>
    callplane([...args, '--no-progress'], { directory })
  const registry = await registryOf(directory)
  const deploy = async (port: number, share: number) => {
    const echo = ScalingGroup({
      name: 'echo',
      description: 'what it was given',
      endpoints: ['worker:1', `worker:${port}`],
      input: { text: 'VARCHAR' },
      output: 'VARCHAR',
      tls: true,
      token: 'TOKEN',
    })
    await registry.commit(await registry.plan(echo), share)
  }
  await deploy(2, 100)
  await deploy(3, 10)
  await registry.publish('own', [
    replicaOf({ revision: 2 }),
    replicaOf({ group: 'other', state: 'draining' }),
  ])

  const [listed, inspected, revisions, all, own] = await Promise.all([
    run('groups', 'list'),
    run('groups', 'inspect', 'ECHO'),
    run('groups', 'revisions', 'echo'),
    run('ps'),
    run('ps', 'echo', '--format', 'csv'),
  ])
  expect(rowsOf(listed)).toMatchObject([
    {
      group: 'echo',
      revision: 2,
      share: 10,
      previous: 1,
      provider: 'static',
      source: 'worker:1, worker:3',
      ready: 1,
    },
  ])
  const properties = Object.fromEntries(rowsOf(inspected).map(({ property, value }) => [property, value]))
  expect(properties).toMatchObject({
    name: 'echo',
    description: 'what it was given',
    revision: '2 of 2 revisions',
    calls: '10 %, the others go to revision 1',
    types: '(text VARCHAR) → VARCHAR',
    target: '8 calls a replica',
    tls: 'yes',
    token: 'of secret TOKEN',
    'replica echo-1-1': 'ready at 127.0.0.1:4000, 3 calls in flight',
  })
  expect(rowsOf(revisions)).toMatchObject([
    { revision: 1, share: 90, completed: time, source: 'worker:1, worker:2' },
    { revision: 2, share: 10, completed: null, source: 'worker:1, worker:3' },
  ])
  const replica = {
    group: 'echo',
    revision: 2,
    replica: 'echo-1-1',
    endpoint: '127.0.0.1:4000',
    pid: 12,
    state: 'ready',
    in_flight: 3,
    up_since: '2023-11-14T22:13:20Z',
    restarts: 1,
    held_by: process.pid,
  }
  expect(rowsOf(all)).toEqual([replica, { ...replica, group: 'other', revision: 1, state: 'draining' }])
  expect(own.out.trim().split('\n')).toEqual([
    Object.keys(replica).join(','),
    Object.values(replica).join(','),
  ])
  expect(rowsOf(await run('groups', 'promote', 'echo', '60'))).toMatchObject([{ share: 60, previous: 1 }])
  expect(rowsOf(await run('groups', 'promote', 'echo'))).toMatchObject([{ share: 100, previous: null }])
})

test('functions are called with arguments of their types, or not at all', async () => {
  const directory = directoryWith({
    'sums.ts': `
      import { defineFunction } from 'callplane'
      export const sum = defineFunction({
        name: 'sum_up', input: { n: 'BIGINT', parts: 'STRUCT(a DECIMAL(9,2), b DATE)[]' }, output: 'STRUCT(n BIGINT, parts INTEGER)',
        handler: ({ n, parts }) => ({ n, parts: parts?.length ?? 0 }),
      })
      export const picky = defineFunction({
        name: 'picky', input: { n: 'BIGINT' }, output: 'BIGINT', onError: 'null',
        handler: ({ n }) => { if (n === 3n) throw new Error('no threes'); return n },
      })
    `,
  })
  const call = async (name: string, input: string): Promise<string> => {
    const flags = ['--functions', 'sums.ts', '--no-progress']
    const { code, out, err } = await callplane(['call', name, ...flags], { directory, input })
    return `${code} ${out}${err}`
  }
  const given = '{"n": 9007199254740993, "parts": [{"a": 1.25, "b": "2024-01-31"}, null]}'
  const [sum, picky, wrong] = await Promise.all([
    call('SUM_UP', given),
    call('picky', '[{"n":1},{},{"n":3}]'),
    call('picky', '[{"n":1},{"n":"many"}]'),
  ])
  expect(sum).toBe('0 {"n":9007199254740993,"parts":2}\n')
  expect(picky).toMatch(
    /^3 \[1,\n null,\n null\]\n1 row of picky failed \(FUNCTION_FAILED: .* no threes\)\n$/,
  )
  expect(wrong).toBe(
    '1 error[WRONG_ARGUMENTS]: the arguments of \'picky\' do not fit picky(n BIGINT) → BIGINT: Failed to cast value to numerical: "many"\n',
  )
})

test('arguments that are no JSON, no objects or of other names are refused', () => {
  const { signature } = registerFunction(
    defineFunction({
      name: 'sum_up',
      input: { n: 'BIGINT', parts: 'VARCHAR[]' },
      output: 'BIGINT',
      handler: ({ n }) => n,
    }),
    null,
  )
  const read = (text: string): string => {
    try {
      const { list, isList } = readArguments(text, signature)
      return `${list} ${isList}`
    } catch (error) {
      return isEngineError(error) ? `${error.code} ${error.message}` : String(error)
    }
  }
  const hint = '\n  callplane call sum_up \'{"n": …, "parts": …}\''
  expect(read('{"n": 1}')).toBe('[{"n": 1}] false')
  expect(read('[]')).toBe('[] true')
  expect(read('{"m": 1}')).toBe(
    "WRONG_ARGUMENTS the arguments of 'sum_up' have none called 'm': did you mean 'n'?",
  )
  expect(read('[{"n": 1}, 2]')).toBe(
    `WRONG_ARGUMENTS the arguments of 'sum_up' must be objects, but arguments[1] is 2${hint}`,
  )
  expect(read('[[]]')).toBe(
    `WRONG_ARGUMENTS the arguments of 'sum_up' must be objects, but arguments[0] is a list${hint}`,
  )
  expect(read('{"n": 1')).toMatch(
    /^WRONG_ARGUMENTS the arguments of 'sum_up' are no JSON: .*\n  callplane call/,
  )
})

test('says what is wrong, and which exit code it has', async () => {
  const directory = directoryWith({
    'nothing.mjs': 'export const nothing = 1',
    'two.mjs': `
      import { ScalingGroup } from 'callplane'
      export const one = ScalingGroup({ name: 'one', endpoints: 'worker:1' })
      export const two = ScalingGroup({ name: 'two', endpoints: 'worker:2' })
    `,
  })
  const run = async (...args: readonly string[]): Promise<string> => {
    const { code, out, err } = await callplane(args, { directory })
    return `${code} ${out}${err}`.replaceAll(directory, 'DIRECTORY')
  }
  const failures = await Promise.all([
    run('deploy', 'nothing.mjs'),
    run('deploy', 'two.mjs#owt'),
    run('deploy', 'two.mjs', '--name', 'three'),
    run('deploy', 'two.mjs', '--share', '10,200'),
    run('groups', 'inspect', 'texts'),
    run('groups', 'rollback', 'texts', '0'),
    run('logs', 'texts'),
  ])
  expect(failures).toEqual([
    '1 error[MODULE_LOAD_FAILED]: DIRECTORY/nothing.mjs exports no scaling group\n  export what ScalingGroup({ … }) returns\n',
    "1 error[MODULE_LOAD_FAILED]: DIRECTORY/two.mjs exports no scaling group 'owt': its list of groups has one, two\n",
    '2 error[USAGE_INVALID]: --name is for one group, and DIRECTORY/two.mjs exports 2\n  choose one: two.mjs#one\n',
    "2 error[USAGE_INVALID]: option '--share <percent>' argument '10,200' is invalid. Give percent from 1 to 100.\n(callplane --help lists what there is)\n",
    "1 error[GROUP_UNKNOWN]: no scaling group 'texts' is deployed: the list of groups is empty\n",
    "2 error[USAGE_INVALID]: command-argument value '0' is invalid for argument 'revision'. Give a whole number from 1.\n(callplane --help lists what there is)\n",
    "1 error[GROUP_UNKNOWN]: no group or replica 'texts' has a log: the list of groups and replicas with logs is empty\n",
  ])
})

test('logs are followed across files and replicas until Ctrl-C', async () => {
  const directory = directoryWith()
  const folder = logsIn(directory)
  const path = join(folder, 'texts-1-1.log')
  writeFileSync(path, 'one\ntwo\nthree\n')
  writeFileSync(join(folder, 'texts-1-2.log'), 'other\n')
  const ended = await callplane(['logs', 'texts-1-1', '--lines', '2'], { directory })
  expect(ended).toMatchObject({ code: 0, out: 'two\nthree\n', err: '' })
  const followed = await callplane(['logs', 'texts', '--lines', '1', '-f'], {
    directory,
    async during(child) {
      const { stdout } = child
      await said(stdout, /texts-1-2 other\n/)
      appendFileSync(path, 'four\nfive, which')
      await said(stdout, /four\n/)
      appendFileSync(path, ' goes on\nlast\n')
      renameSync(path, `${path}.1`)
      writeFileSync(path, 'first\n')
      await said(stdout, /first\n/)
      writeFileSync(join(folder, 'texts-2-1.log'), 'new\n')
      await said(stdout, /new\n/)
      child.kill('SIGINT')
    },
  })
  expect(followed).toMatchObject({ code: 130, err: '' })
  expect(followed.out.trim().split('\n')).toEqual([
    'texts-1-1 three',
    'texts-1-2 other',
    'texts-1-1 four',
    'texts-1-1 five, which goes on',
    'texts-1-1 last',
    'texts-1-1 first',
    'texts-2-1 new',
  ])
})

test('the last lines of a log are those that are whole, also of the file before it', async () => {
  const folder = logsIn(directoryWith())
  const path = join(folder, 'texts-1-1.log')
  writeFileSync(`${path}.1`, 'old 1\nold 2\n')
  const lines = Array.from({ length: 5000 }, (_, index) => `line ${index} ${'ü'.repeat(index % 50)}`)
  writeFileSync(path, `${lines.join('\n')}\nhalf`)
  const [log] = await findLogs(join(folder, '..'), 'TEXTS-1-1')
  expect(log).toEqual({ group: 'texts', replica: 'texts-1-1', path })
  const last = await lastLines(log!, 3000)
  expect(last.lines).toEqual(lines.slice(-3000))
  expect((await lastLines(log!, 5001)).lines).toEqual(['old 2', ...lines])
  expect((await lastLines(log!, 9000)).lines).toEqual(['old 1', 'old 2', ...lines])
  expect((await lastLines(log!, 0)).lines).toEqual([])
  const followed = new FollowedLog(path, last.end)
  await followed.begin()
  appendFileSync(path, ' a line\n')
  expect(await followed.read()).toEqual(['half a line'])
  expect(await followed.read()).toEqual([])
})

test('shares and sources are read and shown', () => {
  expect(parseShares('10, 50,100')).toEqual([10, 50, 100])
  expect(() => parseShares('0')).toThrow('Give percent from 1 to 100.')
  expect(sourceText({ kind: 'command', command: ['python', 'my serve.py', '--port={port}'] })).toBe(
    'python "my serve.py" --port={port}',
  )
  expect(sourceText({ kind: 'functions', modules: ['file:///a%20b.ts', 'file:///c.ts'] })).toBe(
    '/a b.ts, /c.ts',
  )
  expect(sourceText({ kind: 'model', model: 'churn@3' })).toBe('model churn@3')
})
