import type { CallObserver } from '../callEvents.ts'
import type { Clock } from '../clock.ts'
import type { BatchSizer, BatchTrial, Outlook } from './batchSizer.ts'
import { type BatchCost, CostModel, efficientRows } from './costModel.ts'
import { isPerhapsTooLarge, overloadOf } from './overload.ts'

/** Sizes of the first batches: two, so that the first answers tell fixed cost from cost per row. */
const FIRST_SIZES = [8, 32] as const
const LARGEST_SIZE = 16_384
/** Times the largest batch that succeeded: as far as what was measured is trusted at first. */
const LONGEST_LEAP = 8
/** How far, from 0 to 1, one measurement moves the size towards what it says, once a size was found. */
const CALM = 0.25
/** Share of the highest throughput for which a batch need not be larger. */
const ENOUGH = 0.96
/** Milliseconds that a batch may take, or so many times its fixed cost if that is more. */
const LATENCY = 1000
const LATENCY_OF_FIXED = 10
/** One in so many batches has half the size, so that fixed cost can be told from cost per row at any time. */
const PROBE_EVERY = 16
/** Where a size was too large, one batch is this much larger than those that are not, now and then. */
const STEP = 1 / 16
/** Batches before one has twice the size that was found, where larger ones seemed slow: perhaps the machine had paused. */
const FIRST_DOUBLE_AFTER = 2
const LAST_DOUBLE_AFTER = 32
/** Successes before such a step: half as many after one that succeeds, twice as many after one that fails. */
const FIRST_STEP_AFTER = 16
const LAST_STEP_AFTER = 1024
/** Milliseconds without calls after an overload that names none, doubled with each one in a row. */
const FIRST_PAUSE = 50
const LONGEST_PAUSE = 30_000
/** Overloads in a row after which rows fail. */
const PATIENCE = 8
const MOST_WANTED_ROWS = 262_144

/** Finds size and concurrency of a function's batches from what they take, and backs off from what is overloaded. */
export class AutoSizer implements BatchSizer {
  readonly #clock: Clock
  readonly #onRoom: () => void
  readonly #model = new CostModel()
  #mostBatches = 1
  #timeout: number | null = null
  #inFlight = 0
  #rowsInFlight = 0
  #sent = 0
  /** Batches that were sent when it last backed off: what they fail with is no news. */
  #sentBefore = 0
  #largestGood = 0
  /** Size that was found; null while it is searched for. */
  #found: number | null = null
  #sizeLimit = LARGEST_SIZE
  #doubleAt = 0
  #doubleAfter = FIRST_DOUBLE_AFTER
  #stepAfter = FIRST_STEP_AFTER
  #successes = 0
  #batchLimit = Infinity
  #overloads = 0
  #pausedUntil = 0
  #pause: AbortController | null = null

  /** `onRoom` is called when a batch may be sent that could not be sent before. */
  constructor(clock: Clock, onRoom: () => void) {
    this.#clock = clock
    this.#onRoom = onRoom
  }

  /** `mostBatches`: in flight at once. `timeout`: milliseconds after which a call is given up; null for none. */
  limit(mostBatches: number, timeout: number | null): void {
    this.#mostBatches = Math.max(1, mostBatches)
    this.#timeout = timeout
  }

  /** Batches that it keeps in flight now. */
  get batches(): number {
    return Math.max(1, Math.floor(Math.min(this.#mostBatches, this.#batchLimit)))
  }

  /** Rows of a batch, as far as it knows by now. */
  get size(): number {
    return Math.max(1, Math.floor(Math.min(this.#wantedSize(), this.#sizeLimit)))
  }

  wantedRows(): number {
    const size = this.#found === null ? this.size * LONGEST_LEAP : this.size
    return Math.min(MOST_WANTED_ROWS, Math.ceil(size * this.batches * 1.5))
  }

  hasRoom(): boolean {
    if (this.#inFlight >= this.batches) return false
    const wait = this.#pausedUntil - this.#clock.now()
    if (wait > 0 && this.#pause === null) void this.#resumeAfter(wait)
    return wait <= 0
  }

  rows(waiting: number, outlook: () => Outlook): number {
    const { size, batches } = this
    const usual = this.#usualRows(size)
    if (waiting >= size * batches) return usual
    const expected = outlook()
    if (expected === 'more') return usual
    // What is left is shared by all who can work on it, but not in batches that mostly cost their fixed cost.
    const share = Math.ceil((expected === 'later' ? waiting + this.#rowsInFlight : waiting) / batches)
    return Math.min(usual, Math.max(share, this.#leastRows()))
  }

  begin(rows: number, retries: boolean): BatchTrial {
    const number = ++this.#sent
    const started = this.#clock.now()
    let told = false
    let waited = 0
    this.#inFlight++
    this.#rowsInFlight += rows
    const end = (): void => {
      this.#inFlight--
      this.#rowsInFlight -= rows
      // What comes of the batch is dealt with first.
      queueMicrotask(this.#onRoom)
    }
    const failed = (error: unknown, failedRows: number): void => {
      if (number > this.#sentBefore) this.#backOff(error, failedRows)
      this.#pauseAfter(error, retries)
    }
    return {
      observe:
        (observer: CallObserver): CallObserver =>
        (called, event) => {
          if (event.kind === 'called') {
            told = true
            if (event.error === null) this.#learn(event.rows, event.milliseconds + waited)
            else failed(event.error, event.rows)
            waited = 0
          } else if (event.kind === 'waited' && event.for === 'rateLimit') waited += event.milliseconds
          observer(called, event)
        },
      succeeded: () => {
        if (!told) this.#learn(rows, this.#clock.now() - started)
        end()
      },
      failed: (error) => {
        const isTooLarge = rows > 1 && rows > this.#largestGood && isPerhapsTooLarge(error)
        if (!told) failed(error, rows)
        end()
        return isTooLarge || (!retries && this.#overloads <= PATIENCE && overloadOf(error) !== null)
      },
    }
  }

  /** Nothing waits any more: no timer is left behind. */
  rest(): void {
    this.#pause?.abort()
    this.#pause = null
  }

  #usualRows(size: number): number {
    if (this.#successes >= this.#stepAfter && this.#sizeLimit < Math.min(LARGEST_SIZE, this.#wantedSize())) {
      this.#successes = 0
      return Math.ceil(this.#sizeLimit * (1 + STEP))
    }
    const double = 2 * Math.ceil(size)
    if (
      this.#found !== null &&
      this.#sent >= this.#doubleAt &&
      double <= Math.min(this.#largestGood, this.#sizeLimit)
    ) {
      this.#doubleAt = this.#sent + this.#doubleAfter
      this.#doubleAfter = Math.min(LAST_DOUBLE_AFTER, 2 * this.#doubleAfter)
      return double
    }
    return this.#sent % PROBE_EVERY === PROBE_EVERY - 1 ? Math.ceil(size / 2) : size
  }

  #wantedSize(): number {
    const { cost } = this.#model
    if (this.#found !== null) return this.#found
    if (cost === null) return FIRST_SIZES[this.#sent % FIRST_SIZES.length]!
    return Math.min(this.#bestSize(cost), this.#largestGood * LONGEST_LEAP)
  }

  #bestSize(cost: BatchCost): number {
    const latency = Math.max(LATENCY, LATENCY_OF_FIXED * cost.fixed)
    const maxLatency = this.#timeout === null ? latency : Math.min(latency, this.#timeout / 2)
    return efficientRows(cost, { most: LARGEST_SIZE, maxLatency, share: ENOUGH })
  }

  /** Rows whose own cost is that of a call. */
  #leastRows(): number {
    const { cost } = this.#model
    return cost === null || cost.fixed === 0 ? 1 : Math.ceil(cost.fixed / cost.perRow)
  }

  #learn(rows: number, milliseconds: number): void {
    this.#model.add(rows, milliseconds)
    this.#largestGood = Math.max(this.#largestGood, rows)
    const { cost } = this.#model
    const best = cost === null ? Infinity : this.#bestSize(cost)
    if (this.#found !== null) this.#found *= (best / this.#found) ** CALM
    else if (best <= this.#largestGood) this.#found = best
    this.#overloads = 0
    this.#batchLimit += 1 / this.#batchLimit
    this.#successes++
    if (rows <= this.#sizeLimit) return
    this.#sizeLimit = rows
    this.#stepAfter = Math.max(1, this.#stepAfter / 2)
  }

  #backOff(error: unknown, rows: number): void {
    const isOverload = overloadOf(error) !== null
    if (rows > 1 && rows > this.#largestGood && isPerhapsTooLarge(error)) {
      const between = Math.sqrt(rows * this.#largestGood)
      this.#sizeLimit =
        between > this.#largestGood * (1 + STEP) ? between : Math.max(this.#largestGood, rows / 2)
      this.#stepAfter = Math.min(LAST_STEP_AFTER, this.#stepAfter * 2)
      this.#successes = 0
    } else if (!isOverload) return
    else if (this.batches === 1) {
      this.#sizeLimit = Math.max(1, Math.min(rows, this.#sizeLimit) / 2)
      this.#largestGood = Math.min(this.#largestGood, this.#sizeLimit)
    }
    if (isOverload) {
      this.#batchLimit = Math.max(1, this.batches / 2)
      this.#overloads++
    }
    this.#sentBefore = this.#sent
  }

  #pauseAfter(error: unknown, retries: boolean): void {
    const overload = overloadOf(error)
    if (overload === null) return
    const own = retries ? 0 : Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** this.#overloads)
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#clock.now() + (overload.retryAfter ?? own))
  }

  async #resumeAfter(milliseconds: number): Promise<void> {
    const pause = new AbortController()
    this.#pause = pause
    await this.#clock.sleep(milliseconds, pause.signal).catch(() => {})
    if (pause.signal.aborted) return
    this.#pause = null
    this.#onRoom()
  }
}
