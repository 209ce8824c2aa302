/** A counter, then for each thread its id and the task that keeps it from its event loop, 0 for none. */
const slots = 256
const bytes = (1 + 2 * slots) * Int32Array.BYTES_PER_ELEMENT

/** Memory in which pool threads say which task each works on right now; it can be read while a thread is stuck. */
export function createStatus(): SharedArrayBuffer {
  return new SharedArrayBuffer(bytes)
}

/** Claims a place for the thread; returns what to call with the id of a task as it begins, and with 0 as it pauses or ends. */
export function enterStatus(status: SharedArrayBuffer, thread: number): (task: number) => void {
  const cells = new Int32Array(status)
  const slot = 1 + 2 * (Atomics.add(cells, 0, 1) % slots)
  Atomics.store(cells, slot + 1, 0)
  Atomics.store(cells, slot, thread)
  return (task) => {
    Atomics.store(cells, slot + 1, task)
  }
}

/** The task that a thread works on; 0 if it says nothing of any. */
export function taskOf(status: SharedArrayBuffer, thread: number): number {
  const cells = new Int32Array(status)
  for (let slot = 1; slot < cells.length; slot += 2) {
    if (Atomics.load(cells, slot) === thread) return Atomics.load(cells, slot + 1)
  }
  return 0
}
