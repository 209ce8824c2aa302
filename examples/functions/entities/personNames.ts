import { commonWords, englishWords } from './english.ts'
import { fold, stem } from './fold.ts'
import { placeNames } from './placeNames.ts'
import { familyNames, givenNames } from './worldNames.ts'

/** Three that the lexicon has as other things. */
const englishGiven = new Set([
  ...englishWords('FirstName', 'MaleName', 'FemaleName'),
  'austin',
  'jordan',
  'madison',
])
const worldGiven = wordsOf(givenNames())
const given = new Set([...englishGiven, ...worldGiven])
/** Words like "to" and "on behalf of" that are names too. */
for (const word of ['باسم', 'אל', 'של', 'לי', 'ש״ח']) given.delete(word)
const givenStems = stemsOf(given)
const family = new Set([...englishWords('LastName'), ...wordsOf(familyNames())])
const familyStems = stemsOf(family)

/** Given names that are places or programs as well: they need a family name that is known. */
const doubtful = new Set(
  (
    'angel april archer ash asia august ava axel babel basil bash chad chance chase china cliff crystal dash dean deno dev echo eden elm ember ' +
    'faith flow forest harmony hunter india iris israel ivy jade jasmine java jet jewel julia june karma kit lane luna major marvel may melody ' +
    'merit misty mocha nova olive page paris pascal patience pearl penny piper prince rain reed rich river rocky ruby rust rusty sage sandy ' +
    'san scala scout see sky sol star stone storm summer sun sunny swift tab trace trinity true violet wade will willow win woody zen zion'
  ).split(' '),
)
/** Given names that are words: alone, they are no person. */
const wordly = new Set(
  (
    'ace ali alma art bea bill blake bo brook bud carmen charity clay cody colt dale dallas dawn don drew duke eve frank gene ginger glen ' +
    'grace grant gray guy hope jack jay joy jules justice lee lily mark mason max mercy miles pat patsy ray robin rob rose roman sam sue ted ' +
    'terry tim ty van victor young'
  ).split(' '),
)

/** All three take folded words; Cyrillic and Greek ones in any grammatical case. */
export function isGiven(folded: string): boolean {
  return given.has(folded) || givenStems.has(stem(folded) ?? '')
}

export function isFamily(folded: string): boolean {
  return family.has(folded) || familyStems.has(stem(folded) ?? '')
}

/** Whether a word before another capitalised one is hardly ever anything but a given name. */
export function isSurelyGiven(folded: string): boolean {
  if (doubtful.has(folded) || commonWords.has(folded)) return false
  return englishGiven.has(folded) || (isGiven(folded) && !placeNames.has(folded))
}

/** Whether two sources know it, so that it may stand for a person without a family name. */
export function isFamiliar(folded: string): boolean {
  if (folded.length < 3 || wordly.has(folded) || placeNames.has(folded)) return false
  return englishGiven.has(folded) && worldGiven.has(folded) && isSurelyGiven(folded)
}

/** Folded names, and of names of several words each of them. */
function wordsOf(names: readonly string[]): Set<string> {
  const words = names.flatMap((name) => [fold(name), ...fold(name).split(' ')])
  return new Set(words.filter((word) => word.length > 1))
}

function stemsOf(names: ReadonlySet<string>): Set<string> {
  return new Set([...names].flatMap((name) => stem(name) ?? []))
}
