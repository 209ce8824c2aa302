import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads'

const CHECK_INTERVAL_MS = 1000

/**
 * The next message of a port, for a thread that cannot await because DuckDB waits for its callback. Whoever posts to the port
 * adds one to `wake` and notifies afterwards; reading the counter before the port makes a lost wake-up impossible.
 */
export function receiveSleeping(port: MessagePort, wake: Int32Array): unknown {
  for (;;) {
    const seen = Atomics.load(wake, 0)
    const received = receiveMessageOnPort(port)
    if (received !== undefined) return received.message
    Atomics.wait(wake, 0, seen, CHECK_INTERVAL_MS)
  }
}

/** Wakes every callback that sleeps on this counter; each looks at its own port. */
export function wakeSleepers(wake: Int32Array): void {
  Atomics.add(wake, 0, 1)
  Atomics.notify(wake, 0)
}
