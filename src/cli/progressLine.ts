import { formatProgress, type Progress } from './progress.ts'

const QUIET_MS = 500
const REDRAW_MS = 100
const PLAIN_LINE_MS = 10_000
const nothingYet: Progress = {
  rows: 0,
  totalRows: null,
  batchesInFlight: 0,
  fill: null,
  savedRows: 0,
  retries: 0,
  failedRows: 0,
  dollars: 0,
}

/** A stream to report on: on a terminal one line is redrawn, elsewhere a line is written now and then. */
export interface ProgressStream {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

/** Shows nothing. */
export const silentStream: ProgressStream = { write: () => true }

/** Shows how far work is once it takes longer than half a second, and leaves nothing behind on a terminal. */
export class ProgressLine {
  readonly #stream: ProgressStream
  readonly #started: number
  readonly #timer: NodeJS.Timeout
  #redraw: NodeJS.Timeout | null = null
  #drawn = false
  #latest: Progress = nothingYet
  #resultRows = 0

  constructor(stream: ProgressStream) {
    this.#stream = stream
    this.#started = performance.now()
    this.#timer = stream.isTTY === true ? setTimeout(() => this.#begin(), QUIET_MS) : this.#writeLines()
    this.#timer.unref()
  }

  /** What was reported last; rows of the result count where functions are called for fewer. */
  get latest(): Progress {
    return { ...this.#latest, rows: Math.max(this.#latest.rows, this.#resultRows) }
  }

  /** Since the work began. */
  get seconds(): number {
    return (performance.now() - this.#started) / 1000
  }

  update(progress: Progress): void {
    this.#latest = progress
  }

  /** Counts rows of the result. */
  addRows(rows: number): void {
    this.#resultRows += rows
  }

  /** Ends the report and takes it off the terminal; safe to call twice. */
  close(): void {
    clearTimeout(this.#timer)
    if (this.#redraw !== null) clearInterval(this.#redraw)
    if (this.#drawn) this.#stream.write('\r\u001b[K')
    this.#drawn = false
  }

  #begin(): void {
    this.#draw()
    this.#redraw = setInterval(() => this.#draw(), REDRAW_MS)
    this.#redraw.unref()
  }

  #draw(): void {
    // A line that wraps could not be taken back; a terminal that does not know its width says 0.
    const columns = (this.#stream.columns || 80) - 1
    const text = formatProgress(this.latest, this.seconds, columns)
    this.#stream.write(`\r\u001b[K${text.slice(0, columns)}`)
    this.#drawn = true
  }

  #writeLines(): NodeJS.Timeout {
    return setInterval(() => {
      this.#stream.write(`${formatProgress(this.latest, this.seconds)}\n`)
    }, PLAIN_LINE_MS)
  }
}
