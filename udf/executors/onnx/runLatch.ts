const IDLE = 0
const BUSY = 1
const SHUT = 2

/**
 * Keeps a thread from ending inside onnxruntime. The runtime makes JavaScript values when a run ends; in a thread that is being
 * terminated that fails, which aborts the whole process. So the thread says when it is inside, and may only be terminated once
 * the latch is shut, after which it never goes in again.
 */
export class RunLatch {
  readonly memory: SharedArrayBuffer
  readonly #state: Int32Array

  /** `memory`: that of the latch on the other side. */
  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT)) {
    this.memory = memory
    this.#state = new Int32Array(memory)
  }

  /** In the thread: does work inside the runtime; never settles once the latch is shut. */
  async inside<Value>(work: () => Promise<Value>): Promise<Value> {
    if (Atomics.compareExchange(this.#state, 0, IDLE, BUSY) !== IDLE) return new Promise(() => {})
    Atomics.add(this.#state, 1, 1)
    try {
      return await work()
    } finally {
      Atomics.store(this.#state, 0, IDLE)
      Atomics.notify(this.#state, 0)
    }
  }

  /** How often the thread has been inside; null while it is. */
  get visits(): number | null {
    return Atomics.load(this.#state, 0) === BUSY ? null : Atomics.load(this.#state, 1)
  }

  /** Shuts it and says so; not while the thread is inside. */
  tryShut(): boolean {
    return Atomics.compareExchange(this.#state, 0, IDLE, SHUT) !== BUSY
  }

  /** Blocks until the thread is not inside, and shuts it. */
  shut(): void {
    while (!this.tryShut()) Atomics.wait(this.#state, 0, BUSY)
  }
}
