import { type Fields, field, type Given, text, wrong } from '../policy/fields.ts'
import { invalidOption } from '../policy/place.ts'
import type { ProviderName, ReplicaSource } from './scalingGroup.ts'

type ReadSource = (given: Given) => ReplicaSource

const readers: Readonly<Record<string, ReadSource>> = {
  command: (given) => ({
    kind: 'command',
    command: readTexts(given, "a list such as ['python', 'serve.py']"),
  }),
  functions: (given) => ({ kind: 'functions', modules: readModules(given) }),
  model: (given) => ({ kind: 'model', model: readModel(given) }),
  endpoints: (given) => ({ kind: 'endpoints', endpoints: readEndpoints(given) }),
}

/** The options of which a group has one, or none to serve the functions that name it. */
export const sourceNames: readonly string[] = Object.keys(readers)

const modelPattern = /^[a-z][a-z0-9_]*(?:@(?:[1-9]\d*|[a-z][a-z0-9_-]*))?$/i
const endpointPattern = /^(?:dns:)?(?:[^\s:[\]/]+|\[[0-9a-f:.]+\]):(\d{1,5})$/i
const PORT_MAX = 65_535

/** What the replicas of a group run, or where they are. Fails with the place's code. */
export function readReplicaSource(given: Given, fields: Fields): ReplicaSource {
  const [name, another] = sourceNames.filter((source) => fields[source] !== undefined)
  const reader = name === undefined ? undefined : readers[name]
  if (name === undefined || reader === undefined)
    return Object.freeze({ kind: 'functions', modules: Object.freeze([]) })
  if (another !== undefined) {
    throw invalidOption(given.place, `has ${name} and ${another}; it must have one of them`)
  }
  return Object.freeze(reader(field(given, fields, name)))
}

/** Fails for a provider that has no use for the source. */
export function checkProvider(given: Given, provider: ProviderName, source: ReplicaSource): void {
  const isThere = source.kind === 'endpoints'
  if (isThere === (provider === 'static')) return
  if (isThere) throw wrong(given, "'static', since it has endpoints")
  throw invalidOption(
    given.place,
    "has provider 'static' and no endpoints",
    "endpoints: ['worker-1:8080', 'worker-2:8080']",
  )
}

function readTexts(given: Given, expected: string): readonly string[] {
  if (!Array.isArray(given.value) || given.value.length === 0) throw wrong(given, expected)
  return Object.freeze(
    given.value.map((item, index) => text({ ...given, value: item, name: `${given.name}[${index}]` })),
  )
}

function readModules(given: Given): readonly string[] {
  const expected = 'the path or glob of modules, or a list of them'
  const items: readonly unknown[] = Array.isArray(given.value) ? given.value : [given.value]
  if (items.length === 0) throw wrong(given, expected)
  return Object.freeze(
    items.map((value, index) => {
      if (typeof value === 'string' && value !== '') return value
      const name = Array.isArray(given.value) ? `${given.name}[${index}]` : given.name
      const hint = 'replicas load functions from their modules'
      throw wrong({ ...given, value, name }, expected, hint)
    }),
  )
}

function readModel(given: Given): string {
  const model = text(given)
  if (modelPattern.test(model)) return model
  throw wrong(given, "a model of the registry, such as 'churn', 'churn@3' or 'churn@prod'")
}

function readEndpoints(given: Given): readonly string[] {
  const value: unknown = typeof given.value === 'string' ? [given.value] : given.value
  const endpoints = readTexts({ ...given, value }, "a list such as ['worker-1:8080']")
  for (const [index, endpoint] of endpoints.entries()) {
    const port = Number(endpointPattern.exec(endpoint)?.[1] ?? 0)
    const name = `${given.name}[${index}]`
    if (port < 1 || port > PORT_MAX)
      throw wrong({ ...given, value: endpoint, name }, "'host:port' or 'dns:host:port'")
    if (endpoints.indexOf(endpoint) < index)
      throw invalidOption(given.place, `has endpoint '${endpoint}' twice`)
  }
  return endpoints
}
