import { byteSize } from './byteSize.ts'
import { field, type Given, objectFields, optional, show } from './fields.ts'
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

/** The `resources` of a definition; null for what has no limit. Fails with the place's code. */
export function readResources(given: Given): { readonly memory: number | null } {
  if (given.value === undefined) return { memory: null }
  const fields = objectFields(given, ['memory'])
  return { memory: optional(field(given, fields, 'memory'), readMemory, null) }
}

function readMemory(given: Given): number {
  const bytes = byteSize(given)
  if (bytes >= MEMORY_MIN) return bytes
  throw invalidOption(
    given.place,
    `has ${given.name} ${show(given.value)}; it must be 128MiB or more`,
    'a process takes about 80 MiB by itself',
  )
}
