import type { ActiveRun } from './activeRun.ts'
import type { SessionState } from './sessionState.ts'

/** The run that all sessions of this process belong to, such as that of a script. */
export interface AmbientRun {
  readonly run: ActiveRun
  readonly state: SessionState
}

/** Kept with the process and not with this module, of which a script may load another copy. */
const place = Symbol.for('callplane.ambientRun')

export function ambientRun(): AmbientRun | null {
  const found: AmbientRun | null | undefined = Reflect.get(globalThis, place)
  return found ?? null
}

/** Sessions that are opened from now on belong to the run; null for none. */
export function setAmbientRun(run: AmbientRun | null): void {
  Reflect.set(globalThis, place, run)
}
