/** Letters that writers use for one another, one for one, so that folding keeps offsets. */
const interchangeable: Readonly<Record<string, string>> = {
  ά: 'α',
  έ: 'ε',
  ή: 'η',
  ί: 'ι',
  ό: 'ο',
  ύ: 'υ',
  ώ: 'ω',
  ς: 'σ',
  ё: 'е',
  أ: 'ا',
  إ: 'ا',
  آ: 'ا',
  ى: 'ي',
  ة: 'ه',
}
const letters = new RegExp(`[${Object.keys(interchangeable).join('')}]`)
const everyLetter = new RegExp(letters, 'g')

/** What spellings of one name have in common: letter case, Greek accents and Arabic hamzas aside. */
export function fold(text: string): string {
  const lower = text.toLowerCase()
  return letters.test(lower)
    ? lower.replace(everyLetter, (letter) => interchangeable[letter] ?? letter)
    : lower
}

const cyrillicEnding = /(?:ого|его|ому|ему|ами|ями|ой|ей|ою|ею|ом|ем|ым|им|ах|ях|[аяоеиыуюьйіїє])$/
const greekEnding = /(?:ουσ|ου|οσ|ασ|ησ|εσ|οι|ων|[αηοει])$/

/** What the grammatical cases of a folded Cyrillic or Greek word have in common; null for other scripts. */
export function stem(folded: string): string | null {
  const first = folded.charCodeAt(0)
  const cyrillic = first >= 0x0400 && first <= 0x04ff
  if (!cyrillic && (first < 0x0370 || first > 0x03ff)) return null
  const shortened = folded.replace(cyrillic ? cyrillicEnding : greekEnding, '')
  return shortened.length < 3 ? folded : shortened
}
