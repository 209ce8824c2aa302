import type { Passage } from './passage.ts'

/** What {@link findEntities} tells apart. */
export const entityKinds = [
  'person',
  'place',
  'organisation',
  'money',
  'date',
  'url',
  'email',
  'version',
] as const

export type EntityKind = (typeof entityKinds)[number]

/** Where an entity stands: `text.slice(start, end)`, in UTF-16 units. */
export interface Span {
  readonly kind: EntityKind
  readonly start: number
  readonly end: number
}

export interface Entity extends Span {
  readonly text: string
}

/** Finds candidates, which may overlap one another and those of other recognisers. */
export type Recogniser = (passage: Passage) => Span[]
