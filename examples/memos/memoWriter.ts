import { easternLanguages } from './easternLanguages.ts'
import { amountFill, dateFill, type Fill, nameFill, placeFill } from './fills.ts'
import type { Language } from './language.ts'
import type { Random } from './random.ts'
import { westernLanguages } from './westernLanguages.ts'

/** UTF-16 units in a memo. */
export const shortestMemo = 40
export const longestMemo = 200
/** Details are added up to here at most, so that long memos are rarer than short ones. */
const mostWanted = 130

const emoji = '🙂 🎉 🍕 ☕️ 🏠 🚲 ✈️ 💶 💳 🎁 ❤️ 👍🏽 👩‍💻 👨‍👩‍👧‍👦 🇯🇵 🇧🇷 🇩🇪 🏳️‍🌈 🧾 🍜 🎸 🐕 🌧️ 1️⃣'.split(' ')
const referencePrefixes = ['INV-', 'R', '#', '']
const emojiShare = 0.15
/** Share of memos that name a person of another country. */
const foreignShare = 0.05

/** A phrase as text and slots in turn. */
type Phrase = readonly (string | Fill)[]

interface Voice {
  readonly openings: readonly Phrase[]
  readonly details: readonly Phrase[]
  readonly separator: string
  readonly name: Fill
}

/** Writes memos in some twenty languages and ten scripts, 40 to 200 UTF-16 units long. */
export function createMemoWriter(): (random: Random) => string {
  const voices = [...westernLanguages, ...easternLanguages].map(createVoice)
  const foreigner: Fill = (random) => random.pick(voices).name(random)
  return (random) => {
    const { openings, details, separator } = random.pick(voices)
    const memo = startText()
    write(memo, random.pick(openings), random)
    if (random.chance(foreignShare)) add(memo, ` (${foreigner(random)})`)
    const wanted = shortestMemo + random.below(mostWanted - shortestMemo)
    const first = random.below(details.length)
    for (let at = 0; memo.length < wanted && at < details.length; at++) {
      add(memo, separator)
      write(memo, details[(first + at) % details.length] ?? [], random)
    }
    if (random.chance(emojiShare)) add(memo, ` ${random.pick(emoji)}`)
    return memo.pieces.join('')
  }
}

/** A text in pieces: strings put together one by one would be kept as trees, which the collector copies node by node. */
interface Text {
  readonly pieces: string[]
  length: number
}

function startText(): Text {
  return { pieces: [], length: 0 }
}

function add(text: Text, piece: string): void {
  text.pieces.push(piece)
  text.length += piece.length
}

function write(text: Text, phrase: Phrase, random: Random): void {
  for (const part of phrase) add(text, typeof part === 'string' ? part : part(random))
}

function createVoice(language: Language): Voice {
  const fills: Readonly<Record<string, Fill>> = {
    name: nameFill(language),
    place: placeFill(language),
    org: (random) => random.pick(language.organisations),
    amount: amountFill(language),
    date: dateFill(language),
    ref: (random) => random.pick(referencePrefixes) + (100_000 + random.below(900_000)),
  }
  const parse = (phrase: string): Phrase =>
    phrase.split(/[{}]/).map((part, index) => (index % 2 === 0 ? part : (fills[part] ?? part)))
  return {
    openings: language.openings.map(parse),
    details: language.details.map(parse),
    separator: language.nameOrder === 'familygiven' ? '、' : ', ',
    name: nameFill(language),
  }
}
