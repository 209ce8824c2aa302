import type { ActiveRun } from './activeRun.ts'
import type { SessionState } from './sessionState.ts'

/** The run that all sessions of this process belong to, such as that of a script. */
export interface AmbientRun {
  readonly run: ActiveRun
  readonly state: SessionState
}

let ambient: AmbientRun | null = null

export function ambientRun(): AmbientRun | null {
  return ambient
}

/** Sessions that are opened from now on belong to the run; null for none. */
export function setAmbientRun(run: AmbientRun | null): void {
  ambient = run
}
