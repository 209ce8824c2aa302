import type { FunctionSignature } from '../../catalog/function.ts'
import type { ResultKey, ResultPlace, ResultStore } from '../../catalog/store/stateStore.ts'
import { byteSize, type ColumnData } from '../../src/arrow/column.ts'
import type { ScatterPart } from '../../src/arrow/columns.ts'
import { columnFromIpc, columnToIpc } from '../../src/arrow/ipcBytes.ts'
import { takeRows } from '../../src/arrow/takeRows.ts'
import { messageOf } from '../../src/base/errors.ts'
import type { Clock } from '../clock.ts'
import type { InvokeContext } from '../executor.ts'
import type { RunScope } from '../runScope.ts'

/** Where kept results are looked for: among those of the cache that are new enough, or in the journal of a run. */
export type ResultSource = Parameters<ResultStore['find']>[1]

/** What was found for some rows. */
export interface FoundResults {
  /** Their rows count the keys that were asked for. */
  readonly parts: readonly ScatterPart[]
  /** Those without a result, ascending. */
  readonly missing: Int32Array
}

interface Segment {
  readonly function: string
  readonly version: number
  readonly column: ColumnData
  readonly bytes: number
}

/** The call on whose behalf results are looked for or kept. */
export interface StoreCall {
  readonly signature: FunctionSignature
  readonly context: Pick<InvokeContext, 'run' | 'observer'>
}

/** Results kept by a store, whose failures cost no more than the calls that it would have saved. */
export class StoredResults {
  readonly #store: ResultStore
  readonly #clock: Clock
  readonly #limits: { readonly cacheBytes: number; readonly segmentBytes: number }
  /** Those that were read last, the oldest first. */
  readonly #segments = new Map<number, Segment>()
  readonly #warned = new WeakSet<RunScope>()
  #heldBytes = 0
  #addedBytes = 0

  constructor(store: ResultStore, clock: Clock, limits: { cacheBytes: number; segmentBytes: number }) {
    this.#store = store
    this.#clock = clock
    this.#limits = limits
  }

  async find(call: StoreCall, keys: readonly ResultKey[], from: ResultSource): Promise<FoundResults> {
    try {
      return await this.#gather(call, await this.#store.find(keys, from))
    } catch (error) {
      this.#warn(call, 'kept results cannot be read, so that calls are made again', error)
      return { parts: [], missing: Int32Array.from(keys, (_, row) => row) }
    }
  }

  /** Keeps a result for each key, in the journal of a run or in the cache. */
  async keep(
    call: StoreCall,
    keys: readonly ResultKey[],
    column: ColumnData,
    run: string | null,
  ): Promise<void> {
    const { name, version, output } = call.signature
    try {
      const data = columnToIpc({ name: resultName, type: output }, column)
      const created = this.#clock.now()
      await this.#store.add({ function: name, version, run, created, rows: column.length, data }, keys)
      if (run !== null) return
      this.#addedBytes += data.length
      if (this.#addedBytes < this.#limits.cacheBytes / evictionShare) return
      this.#addedBytes = 0
      await this.#store.evict(this.#limits.cacheBytes, 0)
    } catch (error) {
      this.#warn(call, 'results cannot be kept', error)
    }
  }

  async #gather(call: StoreCall, places: readonly (ResultPlace | null)[]): Promise<FoundResults> {
    const missing: number[] = []
    const wanted = new Map<number, { rows: number[]; places: number[] }>()
    places.forEach((place, row) => {
      if (place === null) {
        missing.push(row)
        return
      }
      let list = wanted.get(place.segment)
      if (list === undefined) wanted.set(place.segment, (list = { rows: [], places: [] }))
      list.rows.push(row)
      list.places.push(place.row)
    })
    const parts: ScatterPart[] = []
    for (const [id, { rows, places: rowsOf }] of wanted) {
      const column = await this.#column(call, id)
      if (column === null || rowsOf.some((row) => row < 0 || row >= column.length)) {
        missing.push(...rows)
        continue
      }
      const { output } = call.signature
      parts.push({ rows: Int32Array.from(rows), column: takeRows(output, column, Int32Array.from(rowsOf)) })
    }
    return { parts, missing: Int32Array.from(missing).toSorted() }
  }

  /** Null for a segment that is gone, damaged, or not of this function. */
  async #column(call: StoreCall, id: number): Promise<ColumnData | null> {
    const { name, version } = call.signature
    const held = this.#segments.get(id)
    const segment = held ?? (await this.#read(call, id))
    if (segment?.function !== name || segment.version !== version) return null
    const isHeld = this.#segments.delete(id)
    // The last one is the one used last.
    this.#segments.set(id, segment)
    if (!isHeld) this.#letGo(segment.bytes)
    return segment.column
  }

  async #read({ signature, ...call }: StoreCall, id: number): Promise<Segment | null> {
    const kept = await this.#store.read(id)
    if (kept === null) return null
    try {
      const column = columnFromIpc({ name: resultName, type: signature.output }, kept.data)
      if (column.length !== kept.rows) throw new Error(`${column.length} rows instead of ${kept.rows}`)
      return { function: kept.function, version: kept.version, column, bytes: byteSize(column) }
    } catch (error) {
      this.#warn({ signature, ...call }, 'a kept result is damaged, so that its calls are made again', error)
      return null
    }
  }

  #letGo(more: number): void {
    this.#heldBytes += more
    for (const [id, { bytes }] of this.#segments) {
      if (this.#heldBytes <= this.#limits.segmentBytes) return
      this.#segments.delete(id)
      this.#heldBytes -= bytes
    }
  }

  /** Once a run. */
  #warn({ signature, context }: StoreCall, message: string, error: unknown): void {
    if (this.#warned.has(context.run)) return
    this.#warned.add(context.run)
    const { name, version } = signature
    const fields = { error: messageOf(error) }
    context.observer(
      { function: name, version },
      { kind: 'log', level: 'warn', message: `${message}: ${messageOf(error)}`, fields },
    )
  }
}

const resultName = 'result'
/** The cache is held to its limit whenever it has grown by such a part of it. */
const evictionShare = 16
