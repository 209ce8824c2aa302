import type { CallObserver } from '../callEvents.ts'

/** Whether more rows come: now, only once some that were sent are done, or none before those that wait are done. */
export type Outlook = 'more' | 'later' | 'none'

/** Decides how many rows go into the batches of a function, and how many batches are on their way at once. */
export interface BatchSizer {
  /** Whether another batch may be sent now; asked only when rows wait. */
  hasRoom(): boolean
  /** Rows of the next batch, where so many wait. */
  rows(waiting: number, outlook: () => Outlook): number
  /** A batch is about to be sent; null if nothing is learnt from it. `retries`: whether failed calls are made again anyway. */
  begin(rows: number, retries: boolean): BatchTrial | null
}

/** One batch from which a sizer learns. */
export interface BatchTrial {
  /** Hears what the calls of the batch tell, and passes it on. */
  observe(observer: CallObserver): CallObserver
  succeeded(): void
  /** Whether the rows are worth another call, perhaps in smaller batches. */
  failed(error: unknown): boolean
}

export function fixedSizer(rows: number): BatchSizer {
  return { hasRoom: () => true, rows: () => rows, begin: () => null }
}
