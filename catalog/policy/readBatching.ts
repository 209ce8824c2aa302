import {
  checkNames,
  field,
  finiteNumber,
  flag,
  type Given,
  isObject,
  nullable,
  optional,
  wholeNumber,
  wrong,
} from './fields.ts'
import { invalidOption } from './place.ts'
import { type BatchingPolicy, defaultBatching } from './policies.ts'

/** What a definition says of batches. */
export interface BatchingOptions<Row> extends Partial<Omit<BatchingPolicy, 'maxBytes' | 'maxCost'>> {
  readonly maxBytes?: number
  readonly maxCost?: number
  /**
   * What a row counts towards `maxCost`, such as its tokens: a number, 0 or more. The compiler checks the type of its parameter but
   * does not find it out: `costOf: ({ memo }: { memo: string | null }) => …`.
   */
  costOf?(this: void, row: Row): number
}

/** What a row counts, as a handler of style `row` would get it; declared so that functions of any row can stand here. */
export type CostOf = { count(row: unknown): number }['count']

const names = ['maxBatchingSize', 'maxBufferDuration', 'maxBytes', 'maxCost', 'costOf', 'acrossCallers']

/** The `batching` of a definition, with its defaults. Fails with the place's code. */
export function readBatching(given: Given): BatchingPolicy {
  const { value, place } = given
  if (!isObject(value)) {
    throw wrong(given, 'an object', 'batching: { maxBatchingSize: 10, maxBufferDuration: 1000 }')
  }
  checkNames(value, names, place, given.name)
  const fields: Readonly<Record<string, unknown>> = { ...value }
  const of = (name: string): Given => field(given, fields, name)
  const maxCost = nullable(of('maxCost'), (cost) => finiteNumber(cost, true))
  checkCost(given, fields['costOf'], maxCost)
  const { maxBatchingSize, maxBufferDuration, acrossCallers } = defaultBatching
  return Object.freeze({
    maxBatchingSize: optional(of('maxBatchingSize'), readSize, maxBatchingSize),
    maxBufferDuration: optional(of('maxBufferDuration'), (wait) => wholeNumber(wait, 1), maxBufferDuration),
    maxBytes: nullable(of('maxBytes'), (bytes) => wholeNumber(bytes, 1)),
    maxCost,
    acrossCallers: optional(of('acrossCallers'), flag, acrossCallers),
  })
}

function readSize(given: Given): number | 'auto' {
  return given.value === 'auto' ? 'auto' : wholeNumber(given, 1)
}

function checkCost({ name, place }: Given, costOf: unknown, maxCost: number | null): void {
  const given = { value: costOf, name: `${name}.costOf`, place }
  if (costOf !== undefined && typeof costOf !== 'function') throw wrong(given, 'a function of a row')
  if ((costOf === undefined) === (maxCost === null)) return
  const [has, lacks] = maxCost === null ? ['costOf', 'maxCost'] : ['maxCost', 'costOf']
  const hint = 'batching: { maxCost: 8000, costOf: ({ memo }) => memo.length / 4 }'
  throw invalidOption(place, `has ${name}.${has} without ${name}.${lacks}`, hint)
}
