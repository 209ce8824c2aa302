import type { Span } from './entity.ts'

/** Characters of sentences rather than of names, so that a name ends before them. */
const chinese =
  '(?![在向从從由给給到和与與及的是付转轉于於为為经經至収])[\\u3400-\\u9fff\\u30a1-\\u30ffA-Za-z0-9・]'
const patterns: readonly RegExp[] = [
  // 北京科技有限公司, 中国银行, 東京大学, 山田商事株式会社
  new RegExp(
    `(?:${chinese}){1,12}?(?:股份有限公司|有限责任公司|有限公司|株式会社|合同会社|集团公司|公司|银行|銀行|大学院大学|大学|大學|集团|协会|協会)`,
    'gu',
  ),
  new RegExp(`(?:株式会社|合同会社|有限会社)(?:${chinese}){1,16}`, 'gu'),
  /(?:주식회사|㈜|\(주\)) ?[\uac00-\ud7afA-Za-z0-9]{1,12}?(?=(?:에서|에게|에|의|은|는|이|가|을|를|와|과|로|으로)?(?![\uac00-\ud7afA-Za-z0-9]))/gu,
  /(?<![\uac00-\ud7afA-Za-z0-9])[\uac00-\ud7afA-Za-z0-9]{1,10}?(?:은행|대학교|전자|그룹|증권|주식회사)(?=(?:에서|에게|에|의|은|는|이|가|을|를|와|과|로|으로)?(?![\uac00-\ud7afA-Za-z0-9]))/gu,
  /บริษัท ?[\u0e00-\u0e7fA-Za-z0-9. ]{2,40}? ?จำกัด(?: \(มหาชน\))?/gu,
  /(?:ธนาคาร|มหาวิทยาลัย|กระทรวง)[\u0e00-\u0e7f]{2,24}/gu,
]

/** Organisations in Chinese, Japanese, Korean and Thai, by the word that says what they are. */
export function findUnspacedOrganisations(text: string): Span[] {
  return patterns.flatMap((pattern) =>
    [...text.matchAll(pattern)].map(
      ({ index, 0: found }): Span => ({
        kind: 'organisation',
        start: index,
        end: index + found.length,
      }),
    ),
  )
}
