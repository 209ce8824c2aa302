/**
 * Signals within the planner that a part of a statement cannot be taken apart with certainty; its calls then stay in place.
 * It never leaves this folder.
 */
export class NotLiftable extends Error {
  override readonly name = 'NotLiftable'
  readonly reason: string

  constructor(reason: string) {
    super(reason)
    this.reason = reason
  }
}
