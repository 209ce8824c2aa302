import type { CallResult } from '../executor.ts'
import { KeyTable } from './keyTable.ts'

/** What became of a call that others may wait for. */
export type Landing =
  | { readonly kind: 'done'; readonly result: CallResult }
  | {
      readonly kind: 'failed'
      /** Because its own query no longer wanted it. */
      readonly cancelled: boolean
    }

/** Rows that are being called. */
export class Flight {
  /** The keys of its batch, and where in them those of its own rows lie. */
  readonly keys: Uint32Array
  readonly places: number[] = []
  /** Never rejects. */
  readonly landed: Promise<Landing>
  #land: ((landing: Landing) => void) | null = null

  constructor(keys: Uint32Array) {
    this.keys = keys
    this.landed = new Promise((resolve) => {
      this.#land = resolve
    })
  }

  land(landing: Landing): void {
    this.#land?.(landing)
  }
}

const firstCapacity = 16

/** Calls in flight, found by the keys of their rows. */
export class Flights {
  readonly #table = new KeyTable(firstCapacity)
  /** By ticket. */
  readonly #flights: (Flight | null)[] = []
  readonly #rows: number[] = []
  readonly #freeTickets: number[] = []

  /** A ticket, which says what flight a row is on and where in it; -1 for none. */
  find(keys: Uint32Array, at: number): number {
    return this.#table.find(keys, at)
  }

  flightOf(ticket: number): Flight {
    return this.#flights[ticket]!
  }

  rowOf(ticket: number): number {
    return this.#rows[ticket]!
  }

  /** Adds a row that is on no flight; answers its place. */
  board(flight: Flight, at: number): number {
    if (this.#table.isFull) this.#table.grow(this.#table.capacity * 2)
    const row = flight.places.push(at) - 1
    const ticket = this.#freeTickets.pop() ?? this.#flights.length
    this.#flights[ticket] = flight
    this.#rows[ticket] = row
    this.#table.set(flight.keys, at, ticket)
    return row
  }

  /** Its rows are found no more. */
  close({ keys, places }: Flight): void {
    for (const at of places) {
      const ticket = this.#table.delete(keys, at)
      this.#flights[ticket] = null
      this.#freeTickets.push(ticket)
    }
  }
}
