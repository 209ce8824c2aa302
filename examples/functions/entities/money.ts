import type { Recogniser, Span } from './entity.ts'
import { endOf } from './passage.ts'

const space = '[ \\u00a0\\u202f]'
const amount = new RegExp(
  `(?<!\\p{Nd}[.,٫٬'’])(?:\\p{Nd}{1,3}(?:[.,'’٬ \\u00a0\\u202f]\\p{Nd}{3}){1,6}(?:[.,٫]\\p{Nd}{1,2})?(?!\\p{Nd})` +
    `|\\p{Nd}{1,2}(?:,\\p{Nd}{2}){1,5},\\p{Nd}{3}(?:\\.\\p{Nd}{1,2})?(?!\\p{Nd})|\\p{Nd}{1,15}(?:[.,٫]\\p{Nd}{1,6})?(?!\\p{Nd}))`,
  'uy',
)

/** Codes in use, but for those that are words in capitals: ALL, TOP, AMD. */
const codes =
  'AED|ARS|AUD|BDT|BGN|BHD|BRL|CAD|CHF|CLP|CNY|COP|CZK|DKK|EGP|EUR|GBP|GEL|HKD|HRK|HUF|IDR|ILS|INR|IQD|IRR|ISK|JOD|JPY|KES|KRW|KWD|' +
  'KZT|LBP|LKR|MAD|MXN|MYR|NGN|NOK|NPR|NZD|OMR|PEN|PHP|PKR|PLN|QAR|RMB|RON|RSD|RUB|SAR|SEK|SGD|THB|TL|TND|TRY|TWD|UAH|USD|UYU|VND|ZAR|' +
  'BTC|ETH|USDT'
const short = 'kr\\.?|Kč|zł|Ft|lei|Rs\\.?|Rp\\.?|RM|Fr\\.|лв\\.?|руб\\.?|грн\\.?|р\\.|रु\\.?|ден\\.?'

/** Names of currencies, inflected as amounts ask for. */
const names = [
  '(?:US |U\\.S\\. |Canadian |Australian |Hong Kong |Singapore )?(?:dollars?|cents)',
  '(?:British )?pounds?(?: sterling)?',
  'euros?|Euros?|yen|yuan|renminbi|(?:Indian )?rupees?|ru?o?bles?|(?:Swiss )?francs?|Franken|pesos?|lir[aei]|reais|real|d[oó]lar(?:es)?',
  'Dollar|dollari|kronor|kroner?|korun[ay]?|złot(?:y|ych|e)|forint|shekels?|riyals?|dirhams?|dinars?|baht|won|đồng|rupiah',
  'руб(?:ль|ля|лей)|доллар(?:а|ов)?|долар(?:а|ів|и)?|евро|євро|грив(?:ня|ні|ень)|лев(?:а)?|динара?|тенге|ευρώ|δολάρια',
  'دولارا?|ريالا?|درهما?|جنيها?|يورو|دينارا?|تومان|ریال|شيكل|שקל(?:ים)?|ש[״"]ח|דולר(?:ים)?|יורו|रुपय[ेा]|रुपए|रु\\.?|डॉलर|টাকা',
].join('|')
/** Written onto the amount without a space, and onto the next word: no boundary is asked for. */
const suffixes =
  '人民币元?|美元|美金|欧元|歐元|日元|港币|港元|英镑|元|圓|円|块钱|ユーロ|ドル|ポンド|원|달러|유로|위안|엔|บาท|ดอลลาร์|ยูโร'
const multiples =
  'k|K|[mM]n?|bn|B|thousand|million|billion|trillion|Mio\\.?|Mrd\\.?|Millionen|Milliarden?|mill?i[oó]n(?:es|s|i)?|milliards?|mil(?: milh[õo]es)?|' +
  'тыс\\.?|млн\\.?|млрд\\.?|lakhs?|crores?|लाख|करोड़|مليون|مليار|ألف|מיליון|אלף'
const unspacedMultiples = '[百千]?[万萬億亿]|[백천]?[만억]|ล้าน|แสน|หมื่น'

const multiple = `(?:${space}?(?:(?:${multiples})(?![\\p{L}\\p{M}])|(?:${unspacedMultiples})))`
const currencyBefore = new RegExp(
  `(?:(?<![A-Za-z_])[A-Z]{0,3}\\p{Sc}|(?<![\\p{L}\\p{Nd}_])(?:${codes}|${short}))${space}?$`,
  'u',
)
const longestBefore = 8
const multipleAfter = new RegExp(multiple, 'uy')
const currencyAfter = new RegExp(
  `${multiple}?(?: de | d['’]| of )?(?:${space}?\\p{Sc}(?![{\\w]|${space}?\\p{Nd})|${space}?(?:${suffixes})|${space}?(?:${codes}|${short}|${names})(?![\\p{L}\\p{M}]|${space}?\\p{Nd}))`,
  'uy',
)

/** Amounts of money: a number with a currency's sign, code or name before or after it. */
export const findMoney: Recogniser = ({ text, numbers }) => {
  const spans: Span[] = []
  let counted = 0
  for (const start of numbers) {
    const end = start < counted ? null : endOf(amount, text, start)
    if (end === null) continue
    counted = end
    const before = currencyBefore.exec(text.slice(Math.max(0, start - longestBefore), start))
    const after = endOf(before === null ? currencyAfter : multipleAfter, text, end)
    if (before !== null || after !== null)
      spans.push({ kind: 'money', start: start - (before?.[0].length ?? 0), end: after ?? end })
  }
  return spans
}
