import type { ReplicaSlot } from './replicaSlot.ts'

/** The part of a slot that decides which one is taken, or given up. */
export type BalancedSlot = Pick<ReplicaSlot, 'state' | 'inFlight'>

/**
 * The slot with the least calls among those that are ready and have room; the first from place `from` on where several have as few.
 * Null if there is none.
 */
export function leastLoaded<Slot extends BalancedSlot>(
  slots: readonly Slot[],
  { from, callsMax }: { readonly from: number; readonly callsMax: number },
): Slot | null {
  let best: Slot | null = null
  let least = callsMax
  for (let step = 0; step < slots.length && least > 0; step++) {
    const slot = slots[(from + step) % slots.length]!
    if (slot.state !== 'ready' || slot.inFlight >= least) continue
    best = slot
    least = slot.inFlight
  }
  return best
}

/**
 * Those to do without so that `wanted` are left: first those that are of no use now, then those with the least calls, the newest of
 * them first. Those that start stay until they are ready, and those that drain are not counted.
 */
export function dispensable<Slot extends BalancedSlot>(
  slots: readonly Slot[],
  wanted: number,
): readonly Slot[] {
  const started = slots.filter(({ state }) => state !== 'starting' && state !== 'draining')
  return started
    .toReversed()
    .toSorted((a, b) => rank(a) - rank(b) || a.inFlight - b.inFlight)
    .slice(0, Math.max(0, started.length - wanted))
}

function rank({ state, inFlight }: BalancedSlot): number {
  if (state === 'backoff') return 0
  return state === 'ejected' && inFlight === 0 ? 1 : 2
}
