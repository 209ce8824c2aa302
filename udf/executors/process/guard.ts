import { Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { workerData } from 'node:worker_threads'
import { type GuardData, ORPHAN_MS_MAX, WORDS_FD } from './childMessages.ts'

/** A thread of its own in each child: what it watches for may happen while a handler never comes back. */
const CHECK_MS = 20
const ORPHAN_GRACE_MS = 100

const { memoryLimit }: GuardData = workerData
const words = new Socket({ fd: WORDS_FD, readable: true, writable: true })

function end(): void {
  process.kill(process.pid, 'SIGKILL')
}

words.on('error', () => undefined)
// The parent never says anything: its end of the line closes when it is gone.
words.on('close', () => {
  void setTimeout(ORPHAN_MS_MAX + ORPHAN_GRACE_MS).then(end)
})
words.resume()

if (memoryLimit !== null) {
  setInterval(() => {
    const memory = process.memoryUsage.rss()
    if (memory > memoryLimit) words.write(`m${memory}\n`, end)
  }, CHECK_MS)
}
