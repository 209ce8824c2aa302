/** How milliseconds are spread, as plain data. Quantiles are within 2 %. */
export interface Distribution {
  readonly count: number
  /** Milliseconds in all. */
  readonly total: number
  /** 0 where there are none. */
  readonly min: number
  readonly max: number
  readonly p50: number
  readonly p99: number
  /** Pairs of a bucket and how many lie in it, by ascending bucket. */
  readonly buckets: readonly (readonly [bucket: number, count: number])[]
}

/** Each bucket ends where its durations are so many times those at its beginning. */
const BUCKET_GROWTH = 1.039
const BUCKETS_MAX = 800
/** What is shorter is all alike. A microsecond: 800 buckets reach to 200 days. */
const SHORTEST_MS = 0.001

const logGrowth = Math.log(BUCKET_GROWTH)

/** Adds up durations in bounded memory. */
export class DurationHistogram {
  readonly #buckets = new Map<number, number>()
  #count = 0
  #total = 0
  #min = Infinity
  #max = 0

  get count(): number {
    return this.#count
  }

  get total(): number {
    return this.#total
  }

  /** `count` durations of so many milliseconds each; clocks that were set back make negative ones, which count as 0. */
  record(milliseconds: number, count = 1): void {
    const duration = Math.max(0, milliseconds)
    const bucket = bucketOf(duration)
    this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + count)
    this.#count += count
    this.#total += duration * count
    this.#min = Math.min(this.#min, duration)
    this.#max = Math.max(this.#max, duration)
  }

  merge({ count, total, min, max, buckets }: Distribution): void {
    if (count === 0) return
    this.#count += count
    this.#total += total
    this.#min = Math.min(this.#min, min)
    this.#max = Math.max(this.#max, max)
    for (const [bucket, inBucket] of buckets) {
      this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + inBucket)
    }
  }

  toJSON(): Distribution {
    const buckets = [...this.#buckets].toSorted(([a], [b]) => a - b)
    const min = this.#count === 0 ? 0 : this.#min
    const quantile = (share: number): number =>
      Math.min(this.#max, Math.max(min, middleOf(bucketAt(buckets, share))))
    return {
      count: this.#count,
      total: this.#total,
      min,
      max: this.#max,
      p50: quantile(0.5),
      p99: quantile(0.99),
      buckets,
    }
  }
}

/** Several as one. */
export function joinDistributions(distributions: readonly Distribution[]): Distribution {
  const joined = new DurationHistogram()
  for (const distribution of distributions) joined.merge(distribution)
  return joined.toJSON()
}

function bucketOf(milliseconds: number): number {
  if (milliseconds < SHORTEST_MS) return 0
  return Math.min(BUCKETS_MAX, 1 + Math.floor(Math.log(milliseconds / SHORTEST_MS) / logGrowth))
}

function middleOf(bucket: number): number {
  return bucket === 0 ? 0 : SHORTEST_MS * BUCKET_GROWTH ** (bucket - 0.5)
}

/** The bucket in which the given share of all is reached. */
function bucketAt(buckets: Distribution['buckets'], share: number): number {
  const wanted = share * buckets.reduce((sum, [, count]) => sum + count, 0)
  let seen = 0
  for (const [bucket, count] of buckets) {
    seen += count
    if (seen >= wanted) return bucket
  }
  return 0
}
