import { type ErrorCode, errorCodes } from '../base/errorCodes.ts'
import { decodeError, type EngineError, type ErrorDetails, type encodeError } from '../base/errors.ts'
import type { ForeignError } from '../base/foreignError.ts'

type Encoded = ReturnType<typeof encodeError>

const CAUSES_MAX = 4

/** The error that a worker of ours sent, with the endpoint where it happened. Null for bytes that are none, or have an unknown code. */
export function decodeSentError(bytes: Uint8Array, endpoint: string): EngineError | null {
  const encoded = encodedOf(parsed(bytes), 0)
  return encoded === null ? null : decodeError({ ...encoded, details: { ...encoded.details, endpoint } })
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString())
  } catch {
    return null
  }
}

type Given = Readonly<Record<string, unknown>>

function isObject(value: unknown): value is Given {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function encodedOf(value: unknown, depth: number): Encoded | null {
  if (!isObject(value)) return null
  const { code, message, details, stack } = value
  if (!isErrorCode(code) || typeof message !== 'string') return null
  const cause = causeOf(value['cause'], depth + 1)
  return {
    code,
    message,
    details: detailsOf(details),
    ...(typeof stack === 'string' ? { stack } : {}),
    ...(cause === null ? {} : { cause }),
  }
}

function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(errorCodes, value)
}

function causeOf(value: unknown, depth: number): NonNullable<Encoded['cause']> | null {
  if (!isObject(value) || depth > CAUSES_MAX) return null
  const engine = encodedOf(value['engine'], depth)
  if (engine !== null) return { engine }
  const foreign = foreignOf(value['foreign'], depth)
  return foreign === null ? null : { foreign }
}

function foreignOf(value: unknown, depth: number): ForeignError | null {
  if (!isObject(value) || depth > CAUSES_MAX) return null
  const { name, message, stack, properties } = value
  if (typeof name !== 'string' || typeof message !== 'string') return null
  const cause = foreignOf(value['cause'], depth + 1)
  return {
    name,
    message,
    ...(typeof stack === 'string' ? { stack } : {}),
    properties: isObject(properties) ? plainValues(properties) : {},
    ...(cause === null ? {} : { cause }),
  }
}

const propertyNames: ReadonlySet<string> = new Set([
  'status',
  'statusCode',
  'code',
  'errno',
  'type',
  'retryAfter',
])

function plainValues(properties: Given): ForeignError['properties'] {
  const found = Object.entries(properties).flatMap(([name, value]) =>
    propertyNames.has(name) && (typeof value === 'string' || typeof value === 'number')
      ? [[name, value] as const]
      : [],
  )
  return Object.fromEntries(found)
}

/** `unsent` is for those who know that the worker was not reached. */
const textDetails = ['function', 'stage', 'column', 'path', 'hint', 'functionStack'] as const
const numberDetails = [
  'version',
  'batch',
  'batchRows',
  'row',
  'itemsYielded',
  'attempts',
  'retryAfter',
  'position',
] as const

function detailsOf(value: unknown): ErrorDetails {
  if (!isObject(value)) return {}
  const texts = textDetails.filter((name) => typeof value[name] === 'string')
  const numbers = numberDetails.filter((name) => typeof value[name] === 'number')
  const kept = Object.fromEntries([...texts, ...numbers].map((name) => [name, value[name]]))
  return value['during'] === 'onStartup' ? { ...kept, during: 'onStartup' } : kept
}
