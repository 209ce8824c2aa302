import { createHash } from 'node:crypto'
import type { RegisteredFunction } from '../../catalog/registerFunction.ts'
import type { Batch } from '../../src/arrow/column.ts'
import { takeRows } from '../../src/arrow/takeRows.ts'
import { formatType } from '../../src/base/formatType.ts'
import type { CallEvent } from '../callEvents.ts'
import type { CallResult, Invoke, InvokeContext } from '../executor.ts'
import type { StoredResults } from './storedResults.ts'

/** A batch on its way to its function, and where its results may come from instead. */
export interface OnceCall {
  readonly next: Invoke
  readonly registered: RegisteredFunction
  readonly batch: Batch
  readonly context: InvokeContext
  /** Null if neither a journal nor a cache is asked. */
  readonly stored: StoredResults | null
  readonly isCached: boolean
  /** Milliseconds since 1970 before which a kept result is too old. */
  readonly notBefore: number
  /** Rows of one call, each of which is kept as soon as it is done. */
  readonly rowsOfCall: number
}

/** The rows of a batch. */
export function allRows({ length }: Batch): Int32Array {
  const rows = new Int32Array(length)
  for (let row = 0; row < length; row++) rows[row] = row
  return rows
}

/** The rows of a result that did not fail. */
export function successes({ column, failures }: CallResult): Int32Array {
  const rows = new Int32Array(column.length - failures.length)
  let next = 0
  for (let row = 0, kept = 0; row < column.length; row++) {
    if (failures[next]?.row === row) next++
    else rows[kept++] = row
  }
  return rows
}

export function inputTypes({
  registered,
}: Pick<OnceCall, 'registered'>): readonly RegisteredFunction['signature']['output'][] {
  return registered.signature.inputs.map(({ type }) => type)
}

export function partOf(call: OnceCall, rows: Int32Array): Batch {
  const columns = inputTypes(call).map((type, index) => takeRows(type, call.batch.columns[index]!, rows))
  return { length: rows.length, columns }
}

export function report({ registered, context }: OnceCall, event: CallEvent): void {
  const { name, version } = registered.signature
  context.observer({ function: name, version }, event)
}

export function reportSaved(
  call: OnceCall,
  by: Extract<CallEvent, { kind: 'saved' }>['by'],
  rows: number,
): void {
  if (rows > 0) report(call, { kind: 'saved', by, rows })
}

/** What tells calls apart beside their rows, wherever they are made, as 32 bytes. */
export function storedContext({ registered, context }: Pick<OnceCall, 'registered' | 'context'>): Uint8Array {
  const { name, version, inputs, output, volatility, model } = registered.signature
  const types = [...inputs.map(({ type }) => type), output].map(formatType)
  const { metadata, site = 0 } = context
  const isVolatile = volatility === 'volatile'
  // A group may serve another model, whose versions have the same numbers.
  const served = model === null ? [] : [model.version.name]
  return digest([name, version, types, metadata, isVolatile ? { site } : null, ...served])
}

const definitions = new WeakMap<RegisteredFunction['definition'], number>()
let definitionCount = 0

/** The same within this process, where definitions tell more than versions, as 16 bytes. */
export function processContext({ registered, context }: OnceCall): Uint8Array {
  const { definition, signature } = registered
  const id = definitions.get(definition) ?? ++definitionCount
  definitions.set(definition, id)
  return digest([id, signature.name, signature.version, context.metadata]).subarray(0, 16)
}

function digest(parts: readonly unknown[]): Uint8Array {
  return createHash('sha256').update(JSON.stringify(parts)).digest()
}
