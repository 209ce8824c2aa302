/** Edits (insert, delete, replace, swap two neighbours) that make one text of the other, letter case aside. */
export function editDistance(left: string, right: string): number {
  const a = left.toLowerCase()
  const b = right.toLowerCase()
  let beforePrevious: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let i = 1; i <= a.length; i++) {
    const current = [i]
    for (let j = 1; j <= b.length; j++) {
      const replace = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      let least = Math.min((previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1, replace)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, (beforePrevious[j - 2] ?? 0) + 1)
      }
      current.push(least)
    }
    beforePrevious = previous
    previous = current
  }
  return previous[b.length] ?? 0
}

/** The candidates that a misspelt name may have meant, nearest first; at most three, none if none is near. */
export function nearestNames(name: string, candidates: Iterable<string>): readonly string[] {
  const mostEdits = Math.max(1, Math.floor(name.length / 3))
  return [...candidates]
    .map((candidate) => ({ candidate, edits: editDistance(name, candidate) }))
    .filter(({ edits }) => edits <= mostEdits)
    .toSorted((a, b) => a.edits - b.edits || (a.candidate < b.candidate ? -1 : 1))
    .slice(0, 3)
    .map(({ candidate }) => candidate)
}

const listedNames = 5

/**
 * What to append to a message about an unknown name: `did you mean 'a' or 'b'?`, or else the first names there are.
 * `place` says where the candidates come from (`the catalog`).
 */
export function suggestNames(name: string, candidates: Iterable<string>, place: string): string {
  const all = [...candidates]
  const near = nearestNames(name, all)
  if (near.length > 0) return `did you mean ${near.map((candidate) => `'${candidate}'`).join(' or ')}?`
  if (all.length === 0) return `${place} is empty`
  const listed = all.slice(0, listedNames).join(', ')
  const more = all.length - listedNames
  return more > 0 ? `${place} has ${listed} and ${more} more` : `${place} has ${listed}`
}
