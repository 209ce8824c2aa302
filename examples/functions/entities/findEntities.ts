import { findDates } from './dates.ts'
import type { Entity, EntityKind, Recogniser, Span } from './entity.ts'
import { findLinks } from './links.ts'
import { findMoney } from './money.ts'
import { findOrganisations } from './organisations.ts'
import { readPassage } from './passage.ts'
import { findPeople } from './people.ts'
import { findPlaces } from './places.ts'
import { findVersions } from './versions.ts'

const recognisers: readonly Recogniser[] = [
  findLinks,
  findDates,
  findMoney,
  findVersions,
  findOrganisations,
  findPeople,
  findPlaces,
]

/**
 * Kinds that have a form of their own come before those that go by names: a link may hold a name, never the other way round.
 * Within a row, the first one wins where two are equally long.
 */
const precedence: readonly (readonly EntityKind[])[] = [
  ['email', 'url'],
  ['date', 'money', 'version'],
  ['organisation', 'place', 'person'],
]

/** Everything in a text that can be named, in order and without overlap. The same text always gives the same entities. */
export function findEntities(text: string): Entity[] {
  const passage = readPassage(text)
  const spans = withoutOverlaps(recognisers.flatMap((recognise) => recognise(passage)))
  return spans.map(({ kind, start, end }) => ({ kind, text: text.slice(start, end), start, end }))
}

/** Of spans that overlap, keeps the one whose kind takes precedence, then the longest, then the first. In order. */
export function withoutOverlaps(spans: readonly Span[]): Span[] {
  if (spans.length < 2) return [...spans]
  const taken = new Uint8Array(spans.reduce((furthest, { end }) => Math.max(furthest, end), 0))
  const kept: Span[] = []
  for (const kinds of precedence) {
    const candidates = spans.filter(({ kind }) => kinds.includes(kind))
    candidates.sort(
      (a, b) =>
        b.end - b.start - (a.end - a.start) ||
        a.start - b.start ||
        kinds.indexOf(a.kind) - kinds.indexOf(b.kind),
    )
    for (const span of candidates) {
      if (taken.subarray(span.start, span.end).includes(1)) continue
      taken.fill(1, span.start, span.end)
      kept.push(span)
    }
  }
  return kept.toSorted((a, b) => a.start - b.start)
}
