import { byteSize } from '../policy/byteSize.ts'
import {
  checkNames,
  choice,
  type Fields,
  field,
  type Given,
  nullable,
  objectFields,
  optional,
  wholeNumber,
  wrong,
} from '../policy/fields.ts'
import { invalidOption, type OptionPlace } from '../policy/place.ts'
import type { ExecutionProvider, ModelRuntime } from './model.ts'

export interface ScalingOptions {
  /** Sessions that are loaded before the first call. Default: 1. */
  readonly minReplicas?: number
  /** Sessions at most, each in a thread of its own. Default: as many as the machine's cores can run; 1 on a GPU. */
  readonly maxReplicas?: number
}

export interface ModelResources {
  /** Threads that a run of a session uses. Default: 1. */
  readonly cpu?: number
  /** 1 for a GPU, or the id of one, such as `'cuda:1'`. Default: 0, none. */
  readonly gpu?: number | string
  /** Memory that a session is taken to need: bytes, or text such as `'2GB'`. Default: that of its files. */
  readonly memory?: number | string
}

export interface RuntimeOptions {
  /** In order of preference. Default: `['cpu']`; `['cuda', 'cpu']` where resources ask for a GPU. */
  readonly executionProviders?: readonly ExecutionProvider[]
  /** Default: 0. */
  readonly deviceId?: number
  /** Memory of the device that a session may take: bytes, or text such as `'2GB'`. Default: any. */
  readonly deviceMemory?: number | string
  /** Default: `'all'`. */
  readonly graphOptimizationLevel?: ModelRuntime['graphOptimizationLevel']
  /** Rows of one run at most. Default: 32. */
  readonly batchSize?: number
}

export interface DeployOptions {
  /** The model is called as `model.<group>`. */
  readonly group: string
  readonly model: string
  /** A number or an alias. Default: `latest`. */
  readonly version?: number | string
  readonly scaling?: ScalingOptions
  readonly resources?: ModelResources
  readonly runtime?: RuntimeOptions
}

const optionNames = ['group', 'model', 'version', 'scaling', 'resources', 'runtime']
const runtimeNames = ['executionProviders', 'deviceId', 'deviceMemory', 'graphOptimizationLevel', 'batchSize']

/** What a deployment asks of its sessions on a machine of so many cores. Throws CONFIG_INVALID that names the option. */
export function readDeployment(options: DeployOptions, cores: number): ModelRuntime {
  const place = deploymentPlace(options.group)
  checkNames(options, optionNames, place)
  const resources = optionsOf(options, place, 'resources', ['cpu', 'gpu', 'memory'])
  const runtime = optionsOf(options, place, 'runtime', runtimeNames)
  const intraOpNumThreads = optional(resources('cpu'), count, 1)
  const device = readDevice(resources('gpu'), runtime('deviceId'))
  const executionProviders = readProviders(runtime('executionProviders'), device !== null)
  const mostSessions =
    executionProviders[0] === 'cuda' ? 1 : Math.max(1, Math.floor(cores / intraOpNumThreads))
  return Object.freeze({
    ...readScaling(optionsOf(options, place, 'scaling', ['minReplicas', 'maxReplicas']), mostSessions),
    intraOpNumThreads,
    executionProviders,
    deviceId: device ?? optional(runtime('deviceId'), number, 0),
    deviceMemory: nullable(runtime('deviceMemory'), byteSize),
    memory: nullable(resources('memory'), byteSize),
    graphOptimizationLevel: optional(
      runtime('graphOptimizationLevel'),
      (given) => choice(given, ['disabled', 'basic', 'extended', 'all'] as const),
      'all' as const,
    ),
    batchSize: optional(runtime('batchSize'), count, 32),
  })
}

function deploymentPlace(group: string): OptionPlace {
  const subject = `the deployment of group '${group}'`
  return { subject, code: 'CONFIG_INVALID', details: {}, listing: 'a deployment', spell: (name) => name }
}

type Option = (name: string) => Given

function optionsOf(
  options: DeployOptions,
  place: OptionPlace,
  name: 'scaling' | 'resources' | 'runtime',
  known: readonly string[],
): Option {
  const given = field({ value: options, name: '', place }, { ...options }, name)
  const fields: Fields = given.value === undefined ? {} : objectFields(given, known)
  return (own) => field(given, fields, own)
}

function readScaling(scaling: Option, most: number): Pick<ModelRuntime, 'minSessions' | 'maxSessions'> {
  const minSessions = optional(scaling('minReplicas'), count, 1)
  const maxSessions = optional(scaling('maxReplicas'), count, Math.max(minSessions, most))
  if (maxSessions >= minSessions) return { minSessions, maxSessions }
  throw wrong(scaling('maxReplicas'), `at least minReplicas, ${minSessions}`)
}

/** The number of the GPU that is asked for; null for none. */
function readDevice(gpu: Given, deviceId: Given): number | null {
  const { value } = gpu
  if (value === undefined || value === 0) return null
  const own = optional(deviceId, number, null)
  if (value === 1) return own ?? 0
  const [, id] = typeof value === 'string' ? (/^cuda:(\d+)$/.exec(value) ?? []) : []
  if (id === undefined)
    throw wrong(gpu, "0, 1 or the id of a GPU, such as 'cuda:1'", 'a session runs on one GPU')
  if (own === null || own === Number(id)) return Number(id)
  throw wrong(deviceId, `${id}, as resources.gpu says`)
}

function readProviders(given: Given, asksForGpu: boolean): readonly ExecutionProvider[] {
  const { value, name, place } = given
  if (value === undefined) return Object.freeze(asksForGpu ? ['cuda', 'cpu'] : ['cpu'])
  if (!Array.isArray(value)) throw wrong(given, "a list of 'cuda' and 'cpu'")
  const providers = value.map((item, index) =>
    choice({ ...given, value: item, name: `${name}[${index}]` }, ['cuda', 'cpu'] as const),
  )
  if (providers.length === 0) throw invalidOption(place, `has an empty ${name}`)
  if (new Set(providers).size < providers.length) throw invalidOption(place, `has ${name} with one twice`)
  if (asksForGpu && !providers.includes('cuda'))
    throw invalidOption(place, `has ${name} without 'cuda', but its resources.gpu asks for a GPU`)
  return Object.freeze(providers)
}

function count(given: Given): number {
  return wholeNumber(given, 1)
}

function number(given: Given): number {
  return wholeNumber(given, 0)
}
