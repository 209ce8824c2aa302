import type { Recogniser } from './entity.ts'
import { placeNames } from './placeNames.ts'

/** Countries, regions and towns by their names. */
export const findPlaces: Recogniser = (passage) =>
  placeNames.findAll(passage).map(({ start, end }) => ({ kind: 'place', start, end }))
