/** People, money, dates, places, references and e-mail addresses; all of ASCII, so that their length is the same in SQL. */
const patterns = [
  /\b[A-Z][a-z]+(?: [A-Z][a-z]+)+\b/g,
  /(?:\$|\b(?:USD|EUR|GBP|CHF) ?)\d[\d,]*(?:\.\d\d)?/g,
  /\b(?:\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]\d{4}|\d{1,2} (?:January|February|March|April|May|June|July) \d{4})\b/g,
  /\b(?:from|in|at|near) (?:the )?[A-Z][a-z]+\b/g,
  /\b(?:ref|invoice|order) #?\d+\b|\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g,
]

/** What the patterns find, each followed by `|`. */
export function extractEntities(text: string): string {
  let found = ''
  for (const pattern of patterns) {
    for (const match of text.match(pattern) ?? []) found += `${match}|`
  }
  return found
}
