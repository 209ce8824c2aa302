import type { ColumnData } from '../../src/arrow/column.ts'
import { type ScatterPart, scatterColumn } from '../../src/arrow/columns.ts'
import { hashRows, keyWords } from '../../src/arrow/rowKeys.ts'
import { takeRows } from '../../src/arrow/takeRows.ts'
import { cancelledError, untilAborted } from '../abort.ts'
import type { CallResult, RowFailure } from '../executor.ts'
import { callMissing } from './callMissing.ts'
import { Flight, Flights, type Landing } from './flights.ts'
import type { KnownResults } from './knownResults.ts'
import { allRows, inputTypes, type OnceCall, processContext, reportSaved, successes } from './onceCall.ts'

/** What a batch shares with others. */
export interface Shared {
  /** What the run remembers of the function; null if it remembers nothing. */
  readonly known: KnownResults | null
  readonly flights: Flights
}

/** Makes the calls of a batch, each distinct row once, and not those whose results are known or on their way. */
export async function callShared(call: OnceCall, { known, flights }: Shared): Promise<CallResult> {
  const rows = allRows(call.batch)
  const keys = hashRows(processContext(call), { types: inputTypes(call), columns: call.batch.columns, rows })
  const sharing = new SharedRows(call, known, keys)
  let open: readonly Unresolved[] = [{ rows, flights }]
  while (open.length > 0) {
    const rounds = await Promise.all(open.map((round) => sharing.resolve(round)))
    open = rounds.flat()
  }
  return sharing.result()
}

/** Rows that need a result, and the calls that they may wait for. */
interface Unresolved {
  readonly rows: Int32Array
  readonly flights: Flights
}

/** Rows of the batch, and the rows of a call that they wait for. */
interface Passengers {
  readonly rows: number[]
  readonly places: number[]
}

class SharedRows {
  readonly #call: OnceCall
  readonly #known: KnownResults | null
  readonly #keys: Uint32Array
  readonly #parts: ScatterPart[] = []
  readonly #failures: RowFailure[] = []

  constructor(call: OnceCall, known: KnownResults | null, keys: Uint32Array) {
    this.#call = call
    this.#known = known
    this.#keys = keys
  }

  result(): CallResult {
    const { output } = this.#call.registered.signature
    const failures = this.#failures.toSorted((a, b) => a.row - b.row)
    return { column: scatterColumn(output, this.#parts, this.#call.batch.length), failures }
  }

  /** Answers what is left, because calls that it waited for failed or were cancelled. */
  async resolve({ rows, flights }: Unresolved): Promise<readonly Unresolved[]> {
    const { own, called, onBoard, joined } = this.#assignOrFail(rows, flights)
    if (own !== null) this.#share(await this.#fly(own, Int32Array.from(called), flights), onBoard)
    const again: number[] = []
    const alone: number[] = []
    for (const [flight, passengers] of joined) {
      const landing = await this.#wait(flight)
      if (landing.kind === 'done') alone.push(...this.#takeOver(landing.result, flight, passengers))
      else if (landing.cancelled) again.push(...passengers.rows)
      else alone.push(...passengers.rows)
    }
    return [
      { rows: Int32Array.from(again), flights },
      // Nobody waits for a call that is made because another has failed: the next would wait twice as long, and so on.
      { rows: Int32Array.from(alone), flights: new Flights() },
    ].filter((left) => left.rows.length > 0)
  }

  /** Nobody may wait for a call that will not be made. */
  #assignOrFail(rows: Int32Array, flights: Flights): Assignment {
    const assignment: Assignment = { own: null, called: [], onBoard: noPassengers(), joined: new Map() }
    try {
      this.#assign(rows, flights, assignment)
      return assignment
    } catch (error) {
      if (assignment.own !== null) {
        flights.close(assignment.own)
        assignment.own.land({ kind: 'failed', cancelled: false })
      }
      throw error
    }
  }

  /** Takes the results that are known, and finds or makes a call for each other row. Waits for nothing, so that no other batch comes between. */
  #assign(rows: Int32Array, flights: Flights, assignment: Assignment): void {
    const keys = this.#keys
    const { called, onBoard, joined } = assignment
    const known: { rows: number[]; numbers: number[] } = { rows: [], numbers: [] }
    for (const row of rows) {
      const at = row * keyWords
      const number = this.#known?.find(keys, at) ?? -1
      if (number !== -1) {
        known.rows.push(row)
        known.numbers.push(number)
        continue
      }
      const ticket = flights.find(keys, at)
      if (ticket === -1) {
        assignment.own ??= new Flight(keys)
        called.push(row)
        board(onBoard, row, flights.board(assignment.own, at))
        continue
      }
      const flight = flights.flightOf(ticket)
      if (flight === assignment.own) board(onBoard, row, flights.rowOf(ticket))
      else board(passengersOf(joined, flight), row, flights.rowOf(ticket))
    }
    if (this.#known === null || known.rows.length === 0) return
    const numbers = Float64Array.from(known.numbers)
    this.#parts.push(...this.#known.parts(Int32Array.from(known.rows), numbers))
    reportSaved(this.#call, 'dedupe', known.rows.length)
  }

  /** Makes the calls of the rows that nobody else calls, and tells those that wait. */
  async #fly(flight: Flight, rows: Int32Array, flights: Flights): Promise<CallResult> {
    try {
      const result = await callMissing(this.#call, rows)
      this.#remember(flight, successes(result), result.column)
      flights.close(flight)
      flight.land({ kind: 'done', result })
      return result
    } catch (error) {
      flights.close(flight)
      flight.land({ kind: 'failed', cancelled: this.#call.context.signal.aborted })
      throw error
    }
  }

  /** Rows that are equal share their failure too. */
  #share(result: CallResult, passengers: Passengers): void {
    const failed = new Map(result.failures.map(({ row, error }) => [row, error]))
    this.#take(result.column, passengers)
    passengers.places.forEach((place, index) => {
      const error = failed.get(place)
      if (error !== undefined) this.#failures.push({ row: passengers.rows[index]!, error })
    })
    const distinct = result.column.length
    reportSaved(this.#call, 'dedupe', passengers.rows.length - distinct)
  }

  /** Takes the results of a call that was another batch's; answers the rows that failed there. */
  #takeOver(result: CallResult, flight: Flight, passengers: Passengers): readonly number[] {
    const failed = new Set(result.failures.map(({ row }) => row))
    const arrived = noPassengers()
    const left: number[] = []
    passengers.places.forEach((place, index) => {
      const row = passengers.rows[index]!
      if (failed.has(place)) {
        left.push(row)
        return
      }
      arrived.rows.push(row)
      arrived.places.push(place)
    })
    this.#take(result.column, arrived)
    // A call of this run has told it already.
    const fresh = Int32Array.from(new Set(arrived.places)).filter(
      (place) => this.#known?.find(flight.keys, flight.places[place]!) === -1,
    )
    this.#remember(flight, fresh, result.column)
    reportSaved(this.#call, 'inFlight', arrived.rows.length)
    return left
  }

  #take(column: ColumnData, { rows, places }: Passengers): void {
    const taken = takeRows(this.#call.registered.signature.output, column, Int32Array.from(places))
    this.#parts.push({ rows: Int32Array.from(rows), column: taken })
  }

  /** Keeps results of rows of a call. */
  #remember(flight: Flight, rows: Int32Array, column: ColumnData): void {
    if (this.#known === null || rows.length === 0) return
    const taken = takeRows(this.#call.registered.signature.output, column, rows)
    this.#known.add(
      flight.keys,
      rows.map((row) => flight.places[row]!),
      taken,
    )
  }

  async #wait(flight: Flight): Promise<Landing> {
    const { context, registered } = this.#call
    try {
      return await untilAborted(context.signal, flight.landed)
    } catch {
      throw cancelledError(registered.signature, context)
    }
  }
}

interface Assignment {
  /** The batch's own call; null if every row has a result or waits for another call. */
  own: Flight | null
  /** The rows that it is made for. */
  readonly called: number[]
  /** Those rows and their equals. */
  readonly onBoard: Passengers
  /** Rows that wait for calls of other batches. */
  readonly joined: Map<Flight, Passengers>
}

function noPassengers(): Passengers {
  return { rows: [], places: [] }
}

function passengersOf(joined: Map<Flight, Passengers>, flight: Flight): Passengers {
  let passengers = joined.get(flight)
  if (passengers === undefined) joined.set(flight, (passengers = noPassengers()))
  return passengers
}

function board({ rows, places }: Passengers, row: number, place: number): void {
  rows.push(row)
  places.push(place)
}
