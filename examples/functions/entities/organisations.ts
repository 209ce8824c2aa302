import { englishWords } from './english.ts'
import type { Recogniser, Span } from './entity.ts'
import { Gazetteer } from './gazetteer.ts'
import { adjoins, endOf, type Passage, type Word } from './passage.ts'
import { findUnspacedOrganisations } from './unspacedOrganisations.ts'

/** Organisations of the lexicon that are more often a word. */
const ambiguous = new Set(
  (
    'abba altair amt argos avis avon ayer banana republic baxter blockbuster video brexiteers dea dell eurosceptics fiat ford ghq green day ' +
    'home depot ing jsa labour party mitas mobil notre dame nwa old navy premier league prudential roman empire safeway seagate sears ' +
    'the guess who the who ups visa westfield lexis motley crue new kids on the block red lobster destiny child macs milk'
  ).split(' '),
)
const known = new Gazetteer([
  ...englishWords('Organization').filter((name) => !ambiguous.has(name)),
  ...(
    'Amazon|Apple Inc|OpenAI|Anthropic|Mozilla|Red Hat|Oracle|GitLab|Netlify|Vercel|Meta Platforms|Alibaba|Huawei|W3C|IETF|WHATWG|OpenJS Foundation|' +
    'Unicode Consortium|Stripe|Shopify|Spotify|SAP|Bosch|Deutsche Bahn|Air France|Santander|BBVA|Orange SA|Airbus|Газпром|Сбербанк|Яндекс|Роснефть|' +
    'Лукойл|ПриватБанк|ΔΕΗ|ΟΤΕ|أرامكو|الأمم المتحدة|טבע|אל על|टाटा|रिलायंस|삼성전자|삼성|현대자동차|네이버|카카오|롯데|トヨタ自動車|トヨタ|ソニー|任天堂|楽天|' +
    '三菱商事|日本銀行|みずほ銀行|阿里巴巴|腾讯|华为|百度|联合国|京东|小米'
  ).split('|'),
])

/** A legal form after a name; its points make it more than a word. */
const legalForm =
  /,? (?:Inc\.?|Incorporated|L\.?L\.?C\.?|Ltd\.?|Limited|LLP|GmbH(?: & Co\. KG)?|mbH|AG|KG|SE|PLC|plc|Corp\.?|Corporation|Co\.(?:,? Ltd\.?)?|Pty\.?(?: Ltd\.?)?|S\.A\.(?:S\.)?|SA|SAS|SARL|S\.p\.A\.?|SpA|S\.r\.l\.?|Srl|S\.L\.|Ltda\.?|B\.V\.|BV|N\.V\.|NV|Oyj?|AB|A\/S|ASA|AS|ApS|Kft\.?|Zrt\.?|Nyrt\.?|Bt\.|s\.r\.o\.|a\.s\.|d\.o\.o\.|Sp\. z o\.o\.|A\.Ş\.|Α\.?Ε\.?|Ε\.?Π\.?Ε\.?|בע[״"]מ|लिमिटेड|लि\.|প্রাঃ লিঃ)(?![\p{L}\p{Nd}])/uy
/** Legal forms that come before a name, and what comes after them: `ООО «Ромашка»`, `PT Astra`. */
const formsFirst = new Set(['ооо', 'оао', 'зао', 'пао', 'ао', 'тов', 'прат', 'еоод', 'pt'])
const formedName = / (?:[«„“"][^«»„“”"\n]{1,60}[»“”"]|\p{Lu}[\p{L}-]{1,30}(?: \p{Lu}[\p{L}-]{1,30}){0,3})/uy

/** What an organisation is called after: `Deutsche Bank`, `Stanford University`. */
const lastWords = new Set(
  (
    'bank university foundation institute association ministry committee airlines airways hospital college museum consortium federation ' +
    'holdings technologies laboratories academy universität hochschule sparkasse stiftung versicherung verein universiteit yliopisto ' +
    'universitet egyetem üniversitesi bankası pankki banka банк университет университета институт академия фонд банка університет ' +
    'τραπεζα πανεπιστημιο बैंक विश्वविद्यालय संस्थान'
  ).split(' '),
)
/** What an organisation's name begins with: `University of Oslo`, `Banco de España`, `جامعة القاهرة`. */
const firstWords = new Set(
  (
    'bank university ministry department institute museum federation academy college universidad université università universidade ' +
    'universität banco banca banque caisse ministerio ministère ministero ministério instituto fundación fondation fondazione institut банк ' +
    'университет министерство банка университета τραπεζα πανεπιστημιο υπουργειο شركه بنك مصرف جامعه وزاره مؤسسه בנק אוניברסיטת משרד חברת'
  ).split(' '),
)
const uncasedFirst = /^[\u0590-\u06ff]/
const linking = /^ (?:of|of the|for|de|de la|del|du|des|di|della|do|da|für|der|des|voor|van|og|for) $/
const longestLinking = 8
const mostWords = 5

/** Words that begin a sentence rather than a name. */
const openers = new Set(
  'the a an our your my this that see by from in to for and with at on if when all any each der die das le la les el los il द्वारा को में के से का की और و في من إلى של את על עם'.split(
    ' ',
  ),
)

/** Companies, authorities, universities and the like: by name, by legal form, or by what they call themselves. */
export const findOrganisations: Recogniser = (passage) => [
  ...findKnown(passage),
  ...findLegalForms(passage),
  ...findCalled(passage),
  ...(passage.eastern ? findUnspacedOrganisations(passage.text) : []),
]

/** Short names must be in capitals: `IBM`, `EU`, but not `Esa`. */
function findKnown(passage: Passage): Span[] {
  return known.findAll(passage).flatMap(({ start, end }) => {
    const name = passage.text.slice(start, end)
    return name.length <= 4 && name !== name.toUpperCase() ? [] : [organisation(start, end)]
  })
}

function findLegalForms({ text, words }: Passage): Span[] {
  return words.flatMap((word, at): Span[] => {
    const after = endOf(legalForm, text, word.end)
    if (after !== null) return [organisation(words[runStart(text, words, at)]?.start ?? word.start, after)]
    const name = formsFirst.has(word.folded) ? endOf(formedName, text, word.end) : null
    return name === null ? [] : [organisation(word.start, name)]
  })
}

function findCalled({ text, words }: Passage): Span[] {
  return words.flatMap((word, at): Span[] => {
    const isLast = lastWords.has(word.folded)
    const first = isLast ? words[runStart(text, words, at)] : undefined
    const start = first ?? word
    const end = firstWords.has(word.folded) ? runEnd(text, words, at) : word.end
    return start === word && end === word.end ? [] : [organisation(start.start, end)]
  })
}

/** Index of the first word of the capitalised run that ends with a word. */
function runStart(text: string, words: readonly Word[], last: number): number {
  let start = last
  while (start > 0 && last - start < mostWords - 1) {
    const [left, right] = [words[start - 1], words[start]]
    if (left === undefined || right === undefined || openers.has(left.folded) || !isLinked(text, left, right))
      break
    start--
  }
  return start
}

function isLinked(text: string, left: Word, right: Word): boolean {
  return adjoins(text, left, right) || text.slice(left.end, Math.min(right.start, left.end + 4)) === ' & '
}

/** Where a name ends that begins with `University`, say: after `of Oslo`, or the capitalised words beside it. */
function runEnd(text: string, words: readonly Word[], at: number): number {
  const [word, next] = [words[at], words[at + 1]]
  if (word === undefined) return 0
  if (next === undefined) return word.end
  const gap = next.start - word.end
  const isOf = gap > 2 && gap <= longestLinking && linking.test(text.slice(word.end, next.start))
  const isBeside = adjoins(text, word, next) && !lastWords.has(next.folded)
  if (!isOf && !isBeside) return word.end
  if (uncasedFirst.test(word.text)) return next.end
  let end = at + 1
  while (end - at < mostWords - 1) {
    const [left, right] = [words[end], words[end + 1]]
    if (left === undefined || right === undefined || !adjoins(text, left, right)) break
    end++
  }
  return words[end]?.end ?? next.end
}

function organisation(start: number, end: number): Span {
  return { kind: 'organisation', start, end }
}
