/**
 * A stream of calls, such as a call stage, as far as batching knows it: whether it may still send rows that fill up a batch. It
 * goes with each call as `InvokeContext.source`, and begins active. A batch that is not full goes out once no source may add to it.
 */
export interface BatchSource {
  /** It reads its input: more rows may come. */
  active(): void
  /** It sends no more rows before the oldest batch that it has sent is done: its window is full. */
  idle(): void
  /** It sends no more rows at all. Must be called in the end, also when it fails. */
  end(): void
  /**
   * Rows may come although it is idle or has ended, until what this returns is called: for layers that look something up before
   * they pass a call on, such as a cache. A wait for another row of the source must not be announced so: each would wait for
   * the other until the batch's time is up.
   */
  expectRows(): () => void
  /**
   * Rows that the stream should have in flight, so that the functions with `maxBatchingSize: 'auto'` are kept busy: a window that
   * grows with what is measured. 0 where every size is fixed.
   */
  wantedRows(): number
}
