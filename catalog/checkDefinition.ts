import { EngineError } from '../src/base/errors.ts'
import { suggestNames } from '../src/base/suggest.ts'
import { checkFunctionName } from './functionName.ts'
import { definitionPolicyNames } from './policy/readPolicies.ts'
import { isZodType } from './zodType.ts'

const required = ['name', 'input', 'output', 'handler']

const optional = [
  'description',
  'batching',
  'format',
  'volatility',
  'nullHandling',
  'onStartup',
  'onShutdown',
  'executor',
  'isolation',
  'scalingGroup',
  'resources',
  'costPerRow',
  'selectivity',
  'secrets',
  ...definitionPolicyNames,
]

const choices: Readonly<Record<string, readonly string[]>> = {
  format: ['arrow'],
  volatility: ['immutable', 'stable', 'volatile'],
  nullHandling: ['call', 'propagate'],
  executor: ['main', 'pool'],
  isolation: ['process'],
}

/** Checks what the compiler would have, and what it cannot: names, numbers, options that do not exist. */
export function checkDefinition(options: object): void {
  const given: Readonly<Record<string, unknown>> = { ...options }
  if (given['name'] === undefined)
    throw new EngineError('DEFINITION_INVALID', 'a function definition has no name')
  checkFunctionName(given['name'])
  const invalid = (problem: string, hint?: string): EngineError =>
    new EngineError(
      'DEFINITION_INVALID',
      `function '${String(given['name'])}' ${problem}`,
      hint === undefined ? {} : { hint },
    )

  checkKeys(given, [...required, ...optional], (problem) => invalid(problem))
  for (const key of required) {
    if (given[key] === undefined) throw invalid(`has no ${key}`)
  }
  for (const [key, allowed] of Object.entries(choices)) {
    const value = given[key]
    if (value === undefined || allowed.some((choice) => choice === value)) continue
    throw invalid(`has ${key} ${show(value)}; it must be ${allowed.map(show).join(' or ')}`)
  }
  if (typeof given['handler'] !== 'function')
    throw invalid(`has a handler that is ${show(given['handler'])}, no function`)
  checkGenerator(given, invalid)
  checkPlace(given, invalid)
  if (given['description'] !== undefined && typeof given['description'] !== 'string') {
    throw invalid(`has description ${show(given['description'])}; it must be a string`)
  }
  checkNumber(given, 'costPerRow', Number.POSITIVE_INFINITY, invalid)
  checkNumber(given, 'selectivity', 1, invalid)
  checkInput(given['input'], invalid)
  if (given['secrets'] !== undefined) checkSecrets(given['secrets'], invalid)
}

/** What calls in SQL give by name beside the inputs. */
const namedArguments: Readonly<Record<string, string>> = {
  metadata: 'metadata => {…} of a call is for the context',
  options: 'options => {…} of a call is for its policies',
}

type Invalid = (problem: string, hint?: string) => EngineError

function checkKeys(given: object, known: readonly string[], invalid: Invalid, where = ''): void {
  const unknown = Object.keys(given).find((key) => !known.includes(key))
  if (unknown === undefined) return
  throw invalid(`has an unknown option '${where}${unknown}': ${suggestNames(unknown, known, 'a definition')}`)
}

function checkNumber(
  given: Readonly<Record<string, unknown>>,
  key: string,
  most: number,
  invalid: Invalid,
): void {
  const value = given[key]
  if (value === undefined) return
  if (typeof value === 'number' && value >= 0 && value <= most) return
  const range = most === Number.POSITIVE_INFINITY ? '0 or more' : `between 0 and ${most}`
  throw invalid(`has ${key} ${show(value)}; it must be a number, ${range}`)
}

function checkInput(input: unknown, invalid: Invalid): void {
  if (isZodType(input))
    throw invalid('has a zod schema as its input', 'give the columns themselves: input: { memo: z.string() }')
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw invalid(`has input ${show(input)}; it must be an object of column names and types`)
  }
  const seen = new Map<string, string>()
  for (const column of Object.keys(input)) {
    if (!/^(?!__proto__$)[a-z_][a-z0-9_]*$/i.test(column)) {
      throw invalid(
        `has an input named ${show(column)}`,
        "use letters, digits and '_', starting with a letter",
      )
    }
    const meaning = namedArguments[column.toLowerCase()]
    if (meaning !== undefined)
      throw invalid(`has an input named '${column}'`, `${meaning}; choose another name`)
    const twin = seen.get(column.toLowerCase())
    if (twin !== undefined) throw invalid(`has inputs '${twin}' and '${column}', which are one name in SQL`)
    seen.set(column.toLowerCase(), column)
  }
}

function checkGenerator(given: Readonly<Record<string, unknown>>, invalid: Invalid): void {
  const kind = Object.prototype.toString.call(given['handler'])
  if (kind === '[object GeneratorFunction]')
    throw invalid(
      'has a handler that is a generator',
      'make it an async generator: async function* (…) { … }',
    )
  if (kind !== '[object AsyncGeneratorFunction]') return
  const option = ['batching', 'format'].find((key) => given[key] !== undefined)
  if (option !== undefined)
    throw invalid(`has a handler that is an async generator and ${option}; it gets one row at a time`)
}

/** What is done where the handler runs, and where that is. */
function checkPlace(given: Readonly<Record<string, unknown>>, invalid: Invalid): void {
  for (const key of ['onStartup', 'onShutdown']) {
    const value = given[key]
    if (value !== undefined && typeof value !== 'function') {
      throw invalid(`has ${key} ${show(value)}; it must be a function`)
    }
  }
  if (given['onShutdown'] !== undefined && given['onStartup'] === undefined) {
    throw invalid('has onShutdown without onStartup', 'onShutdown gets what onStartup gave')
  }
  if (given['isolation'] === undefined && given['resources'] !== undefined) {
    const hint = 'only a process can be held to its memory: threads share that of the engine'
    throw invalid("has resources without isolation: 'process'", hint)
  }
  if (given['isolation'] !== undefined && given['executor'] !== undefined) {
    throw invalid(`has isolation 'process' and executor ${show(given['executor'])}; it runs in one of them`)
  }
}

function checkSecrets(secrets: unknown, invalid: Invalid): void {
  if (!Array.isArray(secrets)) throw invalid(`has secrets ${show(secrets)}; it must be a list of names`)
  for (const name of secrets) {
    if (typeof name === 'string' && /^[a-z_][a-z0-9_]*$/i.test(name)) continue
    throw invalid(`has a secret named ${show(name)}`, "use letters, digits and '_', starting with a letter")
  }
}

function show(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`
  if (typeof value === 'function') return 'a function'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}
