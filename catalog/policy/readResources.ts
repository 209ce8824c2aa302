import { field, type Given, objectFields, optional, wrong } from './fields.ts'
import { invalidOption } from './place.ts'

/** What a process may take. */
export interface ResourceOptions {
  /**
   * All of its memory: a number of bytes, or text such as `'1GB'` (10⁹ bytes) or `'512MiB'` (2²⁰ each); at least 128 MiB, of which a
   * process takes about 80 by itself.
   */
  readonly memory?: number | string
}

/** Bytes. */
const MEMORY_MIN = 128 * 2 ** 20

const unitBytes: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
}

/** The `resources` of a definition; null for what has no limit. Fails with the place's code. */
export function readResources(given: Given): { readonly memory: number | null } {
  if (given.value === undefined) return { memory: null }
  const fields = objectFields(given, ['memory'])
  return { memory: optional(field(given, fields, 'memory'), readMemory, null) }
}

function readMemory(given: Given): number {
  const { value, name, place } = given
  const bytes = typeof value === 'string' ? bytesOf(value) : value
  if (typeof bytes !== 'number' || !Number.isSafeInteger(bytes) || bytes <= 0) {
    throw wrong(given, "a size such as '1GB' or '512MiB', or a number of bytes")
  }
  if (bytes >= MEMORY_MIN) return bytes
  throw invalidOption(
    place,
    `has ${name} ${String(value)}; it must be 128MiB or more`,
    'a process takes about 80 MiB by itself',
  )
}

/** NaN for what is no size. */
function bytesOf(text: string): number {
  const [, amount = '', unit = ''] = /^\s*(\d+(?:\.\d+)?)\s*([KMGT]?i?B)\s*$/i.exec(text) ?? []
  return amount === ''
    ? Number.NaN
    : Math.round(Number(amount) * (unitBytes[unit.toLowerCase()] ?? Number.NaN))
}
