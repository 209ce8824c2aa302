import { Cancellation } from '../../src/base/cancellation.ts'
import type { Clock } from '../clock.ts'

interface Alarm {
  readonly due: number
  readonly ring: () => void
}

/** A sleep ends with it: an error would cost more than all else that is done around a quick call. */
const over = 'nobody waits for an alarm'

const alarmsOf = new WeakMap<Clock, Alarms>()

/** Calls back once it is `due`, in milliseconds since 1970; returns what takes that back. */
export function ringAt(clock: Clock, due: number, ring: () => void): () => void {
  const alarms = alarmsOf.get(clock) ?? new Alarms(clock)
  alarmsOf.set(clock, alarms)
  return alarms.add({ due, ring })
}

/** Many alarms, hardly any of which ever rings, with one timer between them, and none while there are no alarms. */
class Alarms {
  readonly #clock: Clock
  readonly #alarms = new Set<Alarm>()
  #timer: Cancellation | null = null
  #wakesAt = Infinity

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(alarm: Alarm): () => void {
    this.#alarms.add(alarm)
    if (alarm.due < this.#wakesAt) this.#wakeAt(alarm.due)
    return () => {
      this.#alarms.delete(alarm)
      if (this.#alarms.size === 0) this.#rest()
    }
  }

  #rest(): void {
    this.#timer?.abort(over)
    this.#timer = null
    this.#wakesAt = Infinity
  }

  #wakeAt(due: number): void {
    this.#rest()
    const timer = new Cancellation()
    this.#timer = timer
    this.#wakesAt = due
    const ring = (): void => {
      if (this.#timer === timer) this.#ring()
    }
    this.#clock.sleep(Math.max(0, due - this.#clock.now()), timer).then(ring, () => undefined)
  }

  #ring(): void {
    this.#rest()
    const now = this.#clock.now()
    let next = Infinity
    for (const alarm of this.#alarms) {
      if (alarm.due > now) {
        next = Math.min(next, alarm.due)
        continue
      }
      this.#alarms.delete(alarm)
      alarm.ring()
    }
    if (next < this.#wakesAt) this.#wakeAt(next)
  }
}
