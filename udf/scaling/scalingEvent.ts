/** What becomes of a replica. Frozen plain data. */
export interface ScalingEvent {
  readonly kind:
    | 'started'
    | 'ready'
    /** It gets no calls for now. */
    | 'ejected'
    | 'readmitted'
    /** It said nothing and did nothing: its calls were given up, to be made elsewhere. */
    | 'abandoned'
    /** It ended unasked, or did not start: `detail` says why. */
    | 'failed'
    /** It gets no calls any more, and ends when those in flight are done. */
    | 'draining'
    | 'stopped'
  readonly group: string
  readonly revision: number
  /** Null for one that could not be started at all. */
  readonly replica: string | null
  readonly detail: string | null
}

export type ScalingLog = (event: ScalingEvent) => void
