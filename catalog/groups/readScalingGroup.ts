import type { DataType, Field } from '../../src/base/dataType.ts'
import { EngineError } from '../../src/base/errors.ts'
import { checkModelName } from '../models/modelName.ts'
import {
  checkNames,
  choice,
  type Fields,
  field,
  finiteNumber,
  type Given,
  isObject,
  nullable,
  objectFields,
  optional,
  text,
  wholeNumber,
  wrong,
} from '../policy/fields.ts'
import { invalidOption, type OptionPlace } from '../policy/place.ts'
import { readBatching } from '../policy/readBatching.ts'
import { definitionPolicyNames, readPolicies } from '../policy/readPolicies.ts'
import { readResources } from '../policy/readResources.ts'
import { resolveType } from '../resolveType.ts'
import { checkProvider, readReplicaSource, sourceNames } from './readReplicaSource.ts'
import type {
  ReadinessProbe,
  ReplicaResources,
  ReplicaSource,
  ScalingGroupSpec,
  TransportSecurity,
} from './scalingGroup.ts'

/** Of `model.<name>`, where that is described here. */
const functionNames = ['volatility', 'batching', ...definitionPolicyNames]

/** Of replicas that are started. */
const replicaNames = [
  'minReplicas',
  'maxReplicas',
  'targetCpuUtilizationPercentage',
  'targetQueueDepth',
  'scalingIntervalSeconds',
  'shutdownDelaySeconds',
  'resources',
  'env',
  'secrets',
  'scaleFromZero',
]

const optionNames = [
  'name',
  'description',
  'input',
  'output',
  ...sourceNames,
  'provider',
  ...replicaNames,
  'maxConcurrentRequests',
  'readinessProbe',
  'tls',
  'token',
  ...functionNames,
]

const defaultConcurrency = 8
const defaultProbe: ReadinessProbe = Object.freeze({
  service: '',
  startupTimeout: 60_000,
  period: 2_000,
  timeout: 1_000,
  failureThreshold: 3,
})

/** Throws GROUP_INVALID for options that are incomplete or contradict themselves, NAME_INVALID, and DEFINITION_INVALID for types. */
export function readScalingGroup(options: object): ScalingGroupSpec {
  const fields: Fields = { ...options }
  const name = fields['name']
  if (name === undefined) throw new EngineError('GROUP_INVALID', 'a scaling group has no name')
  checkModelName(name, 'group')
  const place = groupPlace(name)
  checkNames(options, optionNames, place)
  const group: Given = { value: options, name: '', place }
  const option = (own: string): Given => field(group, fields, own)
  const source = readReplicaSource(group, fields)
  const provider = optional(
    option('provider'),
    (given) => choice(given, ['process', 'static', 'kubernetes'] as const),
    source.kind === 'endpoints' ? 'static' : 'process',
  )
  checkProvider(option('provider'), provider, source)
  if (provider === 'static') checkUnused(fields, replicaNames, place, 'its replicas are not started here')
  const types = readTypes(option, source, name)
  checkDescribed(fields, source, types, place)
  const volatility = optional(
    option('volatility'),
    (given) => choice(given, ['immutable', 'stable', 'volatile'] as const),
    'immutable',
  )
  return Object.freeze({
    name,
    description: nullable(option('description'), text),
    ...types,
    volatility,
    batching: nullable(option('batching'), readBatching),
    policies: readPolicies(fields, place, { volatility, async: true }),
    source,
    provider,
    ...readScaling(option),
    resources: readReplicaResources(option('resources')),
    ...readEnvironment(option),
    readinessProbe: optional(option('readinessProbe'), readProbe, defaultProbe),
    scaleFromZero: optional(
      option('scaleFromZero'),
      (given) => choice(given, ['hold', 'error'] as const),
      'hold',
    ),
    tls: optional(option('tls'), readSecurity, null),
    token: nullable(option('token'), text),
  })
}

type Option = (name: string) => Given

interface Types {
  readonly inputs: readonly Field[] | null
  readonly output: DataType | null
}

function groupPlace(name: string): OptionPlace {
  const subject = `scaling group '${name}'`
  return { subject, code: 'GROUP_INVALID', details: {}, listing: 'a scaling group', spell: (own) => own }
}

function readTypes(option: Option, source: ReplicaSource, name: string): Types {
  const [input, output] = [option('input'), option('output')]
  const { place } = input
  if (input.value === undefined && output.value === undefined) {
    if (source.kind !== 'command') return { inputs: null, output: null }
    throw invalidOption(place, 'has a command, but no input and no output', hintTypes)
  }
  if (source.kind === 'functions' || source.kind === 'model') {
    const [own] = [input, output].filter(({ value }) => value !== undefined)
    const what = source.kind === 'model' ? 'its model has' : 'its functions have'
    throw invalidOption(
      place,
      `has ${own?.name ?? 'input'}, but ${what} types of ${source.kind === 'model' ? 'its' : 'their'} own`,
    )
  }
  if (input.value === undefined) throw invalidOption(place, 'has output, but no input', hintTypes)
  if (output.value === undefined) throw invalidOption(place, 'has input, but no output', hintTypes)
  return { inputs: readInputs(input), output: resolveType(output.value, `scaling group '${name}': output`) }
}

const hintTypes = "say what a call takes and gives: input: { text: 'VARCHAR' }, output: 'FLOAT[]'"

function readInputs(given: Given): readonly Field[] {
  const { value, place } = given
  const isShape = isObject(value) && !('_zod' in value) && Object.keys(value).length > 0
  if (!isShape) throw wrong(given, "an object of arguments and types: { text: 'VARCHAR', limit: z.int() }")
  const names = Object.keys(value).map((own) => own.toLowerCase())
  const twin = Object.keys(value).find((own, index) => names.indexOf(own.toLowerCase()) !== index)
  if (twin !== undefined) throw invalidOption(place, `has '${twin}' twice in its input, as SQL sees it`)
  return Object.freeze(
    Object.entries(value).map(([own, type]) =>
      Object.freeze({ name: own, type: resolveType(type, `${place.subject}: input '${own}'`) }),
    ),
  )
}

/** What is said of `model.<name>` where it is not described here would have no effect. */
function checkDescribed(fields: Fields, source: ReplicaSource, { inputs }: Types, place: OptionPlace): void {
  if (inputs !== null || source.kind === 'model') return
  checkUnused(fields, functionNames, place, 'the functions that it hosts have their own')
}

function checkUnused(fields: Fields, names: readonly string[], place: OptionPlace, why: string): void {
  const given = names.find((name) => fields[name] !== undefined)
  if (given !== undefined) throw invalidOption(place, `has ${given}, but ${why}`)
}

type Scaling = Pick<
  ScalingGroupSpec,
  | 'minReplicas'
  | 'maxReplicas'
  | 'maxConcurrentRequests'
  | 'targetCpuUtilizationPercentage'
  | 'targetQueueDepth'
  | 'scalingIntervalSeconds'
  | 'shutdownDelaySeconds'
>

function readScaling(option: Option): Scaling {
  const minReplicas = optional(option('minReplicas'), (given) => wholeNumber(given, 0), 0)
  const maxReplicas = optional(option('maxReplicas'), count, Math.max(1, minReplicas))
  if (maxReplicas < minReplicas) throw wrong(option('maxReplicas'), `at least minReplicas, ${minReplicas}`)
  return {
    minReplicas,
    maxReplicas,
    maxConcurrentRequests: optional(option('maxConcurrentRequests'), count, defaultConcurrency),
    targetCpuUtilizationPercentage: nullable(option('targetCpuUtilizationPercentage'), positive),
    targetQueueDepth: nullable(option('targetQueueDepth'), positive),
    scalingIntervalSeconds: optional(option('scalingIntervalSeconds'), positive, 60),
    shutdownDelaySeconds: optional(option('shutdownDelaySeconds'), (given) => finiteNumber(given), 30),
  }
}

function readReplicaResources(given: Given): ReplicaResources {
  if (given.value === undefined) return Object.freeze({ cpu: null, memory: null, gpu: 0 })
  const fields = objectFields(given, ['cpu', 'memory', 'gpu'])
  const { memory } = fields
  return Object.freeze({
    cpu: nullable(field(given, fields, 'cpu'), positive),
    memory: readResources({ ...given, value: { memory } }).memory,
    gpu: optional(field(given, fields, 'gpu'), (gpu) => wholeNumber(gpu, 0), 0),
  })
}

function readEnvironment(option: Option): Pick<ScalingGroupSpec, 'env' | 'secrets'> {
  const env = optional(option('env'), readVariables, Object.freeze({}))
  const secrets = optional(option('secrets'), readNames, Object.freeze([]))
  const { place } = option('env')
  const both = secrets.find((name) => Object.hasOwn(env, name))
  if (both !== undefined) throw invalidOption(place, `has '${both}' in its env and in its secrets`)
  const taken = [...Object.keys(env), ...secrets].find((name) => name === 'PORT')
  if (taken !== undefined) throw invalidOption(place, "has a variable 'PORT', which tells a replica its port")
  return { env, secrets }
}

function readVariables(given: Given): Readonly<Record<string, string>> {
  if (!isObject(given.value)) throw wrong(given, "an object of texts, such as { LOG: 'debug' }")
  const variables = Object.entries(given.value).map(([name, value]: [string, unknown]): [string, string] => {
    if (typeof value === 'string') return [name, value]
    throw wrong({ ...given, value, name: `${given.name}.${name}` }, 'a text')
  })
  return Object.freeze(Object.fromEntries(variables))
}

function readNames(given: Given): readonly string[] {
  if (!Array.isArray(given.value)) throw wrong(given, "a list of names, such as ['API_KEY']")
  const { name } = given
  return Object.freeze(
    given.value.map((value, index) => text({ ...given, value, name: `${name}[${index}]` })),
  )
}

function readProbe(given: Given): ReadinessProbe {
  const fields = objectFields(given, Object.keys(defaultProbe))
  const own = (name: string): Given => field(given, fields, name)
  return Object.freeze({
    service: optional(own('service'), text, defaultProbe.service),
    startupTimeout: optional(own('startupTimeout'), count, defaultProbe.startupTimeout),
    period: optional(own('period'), count, defaultProbe.period),
    timeout: optional(own('timeout'), count, defaultProbe.timeout),
    failureThreshold: optional(own('failureThreshold'), count, defaultProbe.failureThreshold),
  })
}

function readSecurity(given: Given): TransportSecurity | null {
  if (given.value === false) return null
  if (given.value !== true && !isObject(given.value)) {
    throw wrong(given, "true, false or an object of PEM files, such as { ca: 'ca.pem' }")
  }
  const fields = given.value === true ? {} : objectFields(given, ['ca', 'cert', 'key', 'serverName'])
  const own = (name: string): string | null => nullable(field(given, fields, name), text)
  const [cert, key] = [own('cert'), own('key')]
  if ((cert === null) !== (key === null)) {
    const [has, lacks] = key === null ? ['tls.cert', 'tls.key'] : ['tls.key', 'tls.cert']
    throw invalidOption(given.place, `has ${has} without ${lacks}`)
  }
  return Object.freeze({ ca: own('ca'), cert, key, serverName: own('serverName') })
}

function count(given: Given): number {
  return wholeNumber(given, 1)
}

function positive(given: Given): number {
  return finiteNumber(given, true)
}
