import { createRequire } from 'node:module'
import type compromise from 'compromise/two'
import { z } from 'zod'

/** Its CommonJS build is one file, its ES modules are three hundred, which every thread would have to find and read. */
const nlp: typeof compromise = createRequire(import.meta.url)('compromise/two')
const model = z.object({
  one: z.object({ lexicon: z.record(z.string(), z.union([z.string(), z.array(z.string())])) }),
})

/**
 * English words by what they are, from the lexicon of compromise. Its tagger would find names too, but takes 4 ms for a
 * kilobyte of text.
 */
const wordsByTag = new Map<string, Set<string>>()
for (const [word, tags] of Object.entries(model.parse(nlp.model()).one.lexicon)) {
  for (const tag of Array.isArray(tags) ? tags : [tags]) {
    const words = wordsByTag.get(tag) ?? new Set()
    wordsByTag.set(tag, words.add(word))
  }
}

/** All words, in lower case, that carry one of these tags. */
export function englishWords(...tags: readonly string[]): string[] {
  return tags.flatMap((tag) => [...(wordsByTag.get(tag) ?? [])])
}

/** Words that say nothing about names, though they may be capitalised where a sentence or a title begins. */
export const commonWords: ReadonlySet<string> = new Set([
  ...englishWords('Adjective', 'Adverb', 'Singular', 'Plural', 'Noun', 'Uncountable', 'Actor', 'Unit'),
  ...englishWords('Infinitive', 'PresentTense', 'PastTense', 'Gerund', 'Participle', 'Modal', 'Imperative'),
  ...englishWords('Preposition', 'Conjunction', 'Pronoun', 'Possessive', 'Determiner', 'QuestionWord'),
  ...englishWords('Comparative', 'Superlative', 'Expression', 'Copula', 'Negative', 'Demonym', 'Currency'),
  ...englishWords('Month', 'WeekDay', 'Duration', 'Ordinal', 'Cardinal', 'TextValue', 'Abbreviation'),
  // Missing from the lexicon, and common in documentation.
  ...(
    'api array async babel boolean browser bug build bun cache callback chalk chrome class cli client code commit config console copyright css ' +
    'data default deno docs error event example faq file firefox flag foundation function getting git guide hook html http https input ' +
    'install int java javascript jest json key license linux list log macos map markdown method mit module naming next node note null ' +
    'npm number object option options output package parser path plugin pnpm project promise python query readme regex release repo ' +
    'request response rust schema script server set shell socket sql stream string svg sync syntax system table test tests the this ' +
    'token tool type types typescript ubuntu unicode unix url usage user utf value version webpack windows xml yaml yarn'
  ).split(' '),
])
