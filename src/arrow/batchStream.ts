import type { Schema } from '../base/dataType.ts'
import type { Batch } from './column.ts'

/** Batches in order, pulled by their reader, who closes the stream wherever it stops. */
export interface BatchStream {
  readonly schema: Schema
  /** The next batch, or null at the end, after the number of rows was checked. One call at a time. */
  next(): Promise<Batch | null>
  /** Ends the work behind the stream and gives its resources back; safe to call twice. */
  close(): Promise<void>
}

/** All rows of a stream, which is closed whatever happens. */
export async function readAll(stream: BatchStream): Promise<Batch[]> {
  const batches: Batch[] = []
  try {
    for (let batch = await stream.next(); batch !== null; batch = await stream.next()) batches.push(batch)
  } finally {
    await stream.close()
  }
  return batches
}
