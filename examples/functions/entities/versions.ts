import type { Recogniser, Span } from './entity.ts'
import { endOf } from './passage.ts'

const identifier = '[0-9A-Za-z](?:[0-9A-Za-z-]{0,40}[0-9A-Za-z])?'
const identifiers = `${identifier}(?:\\.${identifier}){0,6}`

/** `1.2.3`, `v1.2`, `2.0.0-rc.1+build.5`; four numbers without a `v` are rather a network address. */
const candidate = new RegExp(
  `(?<!\\p{Nd}[.,])(?:(?<=v)\\d{1,9}(?:\\.\\d{1,9}){0,3}|\\d{1,9}(?:\\.\\d{1,9}){0,2})(?!\\.?\\d)` +
    `(?:-${identifiers})?(?:\\+${identifiers})?(?![\\p{L}\\p{Nd}_])`,
  'uy',
)
const threeNumbers = /^\d+\.\d+\.\d/
const lead =
  /(?<!\p{L})(?:versions?|ver\.|vers[iã]ón?|versão|versione|versiunea|verzi[aeóo]|wersj[ai]|versie|sürüm|версі[яїю]|верси[яию]|έκδοση|(?:ال)?[إا]صدار|גרסה|संस्करण|版本|バージョン|버전|เวอร์ชัน)[ :]{0,2}$/iu
const longestLead = 14

/** Version numbers of software: three numbers, or fewer after a `v` or a word for version. */
export const findVersions: Recogniser = ({ text, numbers }) => {
  const spans: Span[] = []
  for (const number of numbers) {
    const end = endOf(candidate, text, number)
    if (end === null) continue
    const start = text[number - 1] === 'v' ? number - 1 : number
    const isVersion =
      start < number ||
      threeNumbers.test(text.slice(number, end)) ||
      lead.test(text.slice(Math.max(0, start - longestLead), start))
    if (isVersion) spans.push({ kind: 'version', start, end })
  }
  return spans
}
