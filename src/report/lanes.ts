/** What stands on a lane from its start to its end. */
export interface Interval {
  readonly started: number
  readonly milliseconds: number
}

/** Starts are known to the millisecond only: one that follows another may seem to begin before its end. */
const OVERLAP_MS_MAX = 1

/** Gives each interval the first lane that is free when it starts. `intervals`: by ascending start. */
export function assignLanes(intervals: readonly Interval[]): {
  readonly lanes: readonly number[]
  readonly count: number
} {
  const ends: number[] = []
  const lanes = intervals.map(({ started, milliseconds }) => {
    const free = ends.findIndex((end) => end <= started)
    const lane = free === -1 ? ends.length : free
    ends[lane] = started + milliseconds - Math.min(OVERLAP_MS_MAX, milliseconds / 10)
    return lane
  })
  return { lanes, count: ends.length }
}
