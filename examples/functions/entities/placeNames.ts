import { commonWords, englishWords } from './english.ts'
import { fold } from './fold.ts'
import { Gazetteer } from './gazetteer.ts'
import { countryNames, townNames, zoneCities } from './worldNames.ts'

/** What is more often a word, a given name or a file than a place. */
const ambiguous = new Set(
  (
    'al ana bar best bor cal chad charlotte cork cruz darwin davis de di essen florence fr id im in is it basque jan java kent la lima mali man my nancy nice ok ' +
    'orange pa page porto pula regina republic rod ruby sale san santa sofia south split swift to troy ut van victoria wa west east north'
  ).split(' '),
)

/** Towns and countries of the world, the larger ones, each in the languages that were at hand. */
export const placeNames: Gazetteer = new Gazetteer([
  ...englishWords('City', 'Region', 'Country').filter((name) => !ambiguous.has(name)),
  ...[...countryNames(), ...zoneCities(), ...townNames()].filter(isTelling),
  'United Kingdom',
  'UK',
  'USA',
  'U.S.A',
  'UAE',
])

function isTelling(name: string): boolean {
  const folded = fold(name)
  const shortest = /[\u0e00-\u0e7f]/.test(name) ? 5 : /[\u3040-\u9fff\uac00-\ud7af]/.test(name) ? 2 : 4
  return (
    name.length >= shortest && !/[\d(),/]/.test(name) && !commonWords.has(folded) && !ambiguous.has(folded)
  )
}
