import type { TaskServices } from '../taskServices.ts'
import type { Job } from './job.ts'
import { ProcessSlot } from './processSlot.ts'

export interface GroupOptions {
  /** Processes at most. */
  readonly processes: number
  /** Bytes that each may take; null for any number. */
  readonly memoryLimit: number | null
  readonly services: TaskServices
}

/** Processes that share the batches of some functions. */
export class ProcessGroup {
  readonly #options: GroupOptions
  readonly #slots: ProcessSlot[] = []
  #waiting: Job[] = []

  constructor(options: GroupOptions) {
    this.#options = options
  }

  submit(job: Job): void {
    this.#waiting.push(job)
    this.#fill()
  }

  /** Asks for the next item of a job that yields. */
  next(job: Job): void {
    for (const slot of this.#slots) slot.next(job)
  }

  cancel(job: Job): void {
    job.cancelled = true
    this.#waiting = this.#waiting.filter((waiting) => waiting !== job)
    for (const slot of this.#slots) slot.cancel(job)
  }

  async close(patience: number): Promise<void> {
    await Promise.all(this.#slots.map((slot) => slot.close(patience)))
  }

  #fill(): void {
    const left: Job[] = []
    for (const job of this.#waiting.splice(0)) {
      const slot = this.#slotFor(job)
      if (slot === null) left.push(job)
      else slot.take(job)
    }
    this.#waiting = [...left, ...this.#waiting]
  }

  /** One that does nothing, a new one, or the one with the least to do; null if the batch must wait. */
  #slotFor(job: Job): ProcessSlot | null {
    const free = this.#slots.filter((slot) => slot.hasRoomFor(job))
    const best = leastLoaded(free)
    if (best !== null && best.load === 0) return best
    if (this.#slots.length < this.#options.processes) return this.#addSlot()
    // What a handler waits for cannot wait for the handler.
    return best ?? (job.isNested ? leastLoaded(this.#slots) : null)
  }

  #addSlot(): ProcessSlot {
    const { memoryLimit, services } = this.#options
    const slot = new ProcessSlot({
      memoryLimit,
      services,
      onRoom: () => this.#fill(),
      onReturned: (jobs) => {
        this.#waiting = [...jobs, ...this.#waiting]
        this.#fill()
      },
    })
    this.#slots.push(slot)
    return slot
  }
}

function leastLoaded(slots: readonly ProcessSlot[]): ProcessSlot | null {
  const [first, ...others] = slots
  if (first === undefined) return null
  return others.reduce((best, slot) => (slot.load < best.load ? slot : best), first)
}
