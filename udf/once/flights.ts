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
  readonly id: number
  /** The keys of its batch, and where in them those of its own rows lie. */
  readonly keys: Uint32Array
  readonly places: number[] = []
  /** Never rejects. */
  readonly landed: Promise<Landing>
  #land: ((landing: Landing) => void) | null = null

  constructor(id: number, keys: Uint32Array) {
    this.id = id
    this.keys = keys
    this.landed = new Promise((resolve) => {
      this.#land = resolve
    })
  }

  land(landing: Landing): void {
    this.#land?.(landing)
  }
}

const firstCapacity = 256
/** Rows of one flight that can be told apart; ids take the other bits of a number. */
const rowRange = 2 ** 31

/** Calls in flight, found by the keys of their rows. */
export class Flights {
  readonly #table = new KeyTable(firstCapacity)
  readonly #flights: (Flight | null)[] = []
  readonly #freeIds: number[] = []

  open(keys: Uint32Array): Flight {
    const flight = new Flight(this.#freeIds.pop() ?? this.#flights.length, keys)
    this.#flights[flight.id] = flight
    return flight
  }

  /** A ticket, which says what flight a row is on and where in it; -1 for none. */
  find(keys: Uint32Array, at: number): number {
    return this.#table.find(keys, at)
  }

  flightOf(ticket: number): Flight {
    return this.#flights[Math.floor(ticket / rowRange)]!
  }

  rowOf(ticket: number): number {
    return ticket % rowRange
  }

  /** Adds a row that is on no flight; answers its place. */
  board(flight: Flight, at: number): number {
    if (this.#table.isFull) this.#table.grow(this.#table.capacity * 2)
    const row = flight.places.push(at) - 1
    this.#table.add(flight.keys, at, flight.id * rowRange + row)
    return row
  }

  /** Its rows are found no more. */
  close(flight: Flight): void {
    for (const at of flight.places) this.#table.delete(flight.keys, at)
    this.#flights[flight.id] = null
    this.#freeIds.push(flight.id)
  }
}
