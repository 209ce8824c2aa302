import { describe, expect, test } from 'vitest'
import type { EntityKind } from '../examples/functions/entities/entity.ts'
import { findEntities, withoutOverlaps } from '../examples/functions/entities/findEntities.ts'

/** Sentences by kind, in which ⟦⟧ marks all that is of the kind. */
const gold: Readonly<Record<EntityKind, readonly string[]>> = {
  person: [
    'Dinner with ⟦Ada Lovelace⟧ and ⟦Grace Hopper⟧ in London',
    'Dr. ⟦Smith⟧ met Mrs. ⟦O’Brien⟧; ⟦Jean-Luc Picard⟧ did not come',
    'MIT © ⟦Isaac Z. Schlueter⟧ and ⟦Bart van der Schoor⟧, with help from ⟦Anna⟧',
    '⟦JOHN SMITH⟧ PAYMENT, but API and JSON are nobody',
    'Node and Babel run in Chrome. Will it rain in May? Mark this.',
    '⟦Jordan Harband⟧ went to Jordan in ⟦Emma Thompson⟧’s car',
    'Überweisung an ⟦Björn Müller⟧ für die Wohnung',
    'Pago a ⟦José García Márquez⟧ y a ⟦Lucía de la Vega⟧',
    'Zapłata dla ⟦Agnieszka Kowalska⟧, Kraków',
    'Fizetés ⟦Kovács János⟧ részére',
    'Ödeme ⟦Mehmet Yılmaz⟧ için',
    'Chuyển cho ⟦Nguyễn Minh Đan⟧ tiền thuê nhà',
    'Перевод ⟦Анне Ивановой⟧ и ⟦Сергею Петрову⟧ за аренду',
    'Оплата від ⟦Олександра Шевченка⟧',
    'Πληρωμή στη ⟦Μαρία Παπαδοπούλου⟧',
    'دفع إلى ⟦محمد الشريف⟧ و⟦أحمد الخليفي⟧ في القاهرة',
    'תשלום ל⟦יוסף כהן⟧ בתל אביב',
    '⟦अमित थापा⟧ को किराया',
    '向⟦张志强⟧支付房租',
    '⟦田中さくら⟧さんと⟦佐藤⟧さんに支払い',
    '⟦김민준⟧님에게 송금, ⟦이서연⟧에게도',
    'โอนเงินให้นาย⟦สมชาย ใจดี⟧ 500 บาท',
  ],
  place: [
    'From ⟦London⟧ and ⟦Paris⟧ to ⟦New York⟧, ⟦Rio de Janeiro⟧ and ⟦Tokyo⟧',
    '⟦Trinidad and Tobago⟧, the ⟦United States of America⟧ and ⟦LONDON⟧',
    'Reading a nice book is normal, to split it is not',
    'Wohnung in ⟦Köln⟧, ⟦Österreich⟧ und der ⟦Schweiz⟧',
    'loyer à ⟦Aix-en-Provence⟧, ⟦Allemagne⟧',
    'Mieszkanie, ⟦Kraków⟧; byt, ⟦Praha⟧; lakás, ⟦Budapest⟧',
    '⟦İstanbul⟧’da kira',
    'tiền nhà ở ⟦Hà Nội⟧',
    'в ⟦Москве⟧, ⟦Казани⟧ и ⟦Санкт-Петербург⟧; ⟦Россия⟧',
    'στην ⟦Αθήνα⟧, ⟦Ελλάδα⟧',
    'شقة في ⟦القاهرة⟧ ب⟦بيروت⟧',
    'דירה ב⟦תל אביב⟧ או ⟦חיפה⟧',
    '⟦भारत⟧ और ⟦काठमाडौं⟧ में',
    '我在⟦北京⟧和⟦上海⟧',
    '⟦東京⟧から⟦大阪⟧まで、⟦フランス⟧',
    '⟦서울⟧에서 ⟦독일⟧까지, 고성능 서버',
    'ห้องที่ ⟦กรุงเทพมหานคร⟧ และ ⟦เชียงราย⟧',
  ],
  organisation: [
    '⟦Apple Inc.⟧ bought ⟦Beats Electronics LLC⟧; ⟦Microsoft⟧ and ⟦IBM⟧ did not',
    '⟦Stanford University⟧, the ⟦Bank of England⟧ and the ⟦University of Cape Town⟧',
    'the ⟦Apache Software Foundation⟧ and the ⟦Ministry of Defence⟧',
    'We visit the bank, the home depot of new shoes, and ford the river',
    '⟦Müller & Söhne GmbH⟧ und die ⟦Deutsche Bank AG⟧',
    '⟦Fiat S.p.A.⟧ e ⟦Banco Santander⟧',
    '⟦Piekarnia Łódź Sp. z o.o.⟧',
    'Оплата, ⟦ООО «Ромашка»⟧ и ⟦Сбербанк⟧',
    '⟦Φούρνος Αιγαίου Α.Ε.⟧ και ⟦ΔΕΗ⟧',
    'من ⟦شركة النور⟧ و ⟦جامعة القاهرة⟧',
    'דרך ⟦בנק הפועלים⟧',
    'द्वारा ⟦हिमालय ट्रेडिंग लिमिटेड⟧',
    '我在⟦中国银行⟧和⟦东方科技有限公司⟧',
    '⟦株式会社山田商事⟧と⟦東京大学⟧、⟦任天堂⟧',
    '⟦삼성전자⟧와 ⟦국민은행⟧에서',
    'ผ่าน ⟦บริษัท สยามการค้า จำกัด⟧',
  ],
  money: [
    '⟦$45.50⟧, ⟦US$5 million⟧, ⟦£3.2m⟧ and ⟦$3bn⟧',
    '⟦EUR 5⟧, ⟦5 EUR⟧, ⟦€5⟧, ⟦5€⟧, ⟦CHF 20⟧.-, ⟦30 dollars⟧',
    'on 2024-05-03 ⟦EUR 50⟧ for 20 days, TOP 10 of ALL 5, abc$5, [31m${x}',
    '⟦1.250,00 EUR⟧ und ⟦2,5 Mio. €⟧',
    '⟦1 500,50 €⟧ et ⟦99,90 euros⟧',
    '⟦200 zł⟧, ⟦500 Kč⟧, ⟦25 000 Ft⟧, ⟦200 kr⟧, ⟦kr 200⟧, ⟦1.000 TL⟧',
    '⟦1 500 руб.⟧, ⟦₽300⟧ и ⟦500 грн⟧',
    '⟦120 ευρώ⟧',
    '⟦500 دولار⟧ أو ⟦٢٥٠ ريال⟧',
    '⟦120 ₪⟧ או ⟦₪1,000.50⟧',
    '⟦₹1,50,000⟧, ⟦5,000 रुपये⟧ and ⟦3 crore rupees⟧',
    '⟦5000元⟧、金额⟦¥35,063.97⟧、⟦100万元⟧',
    '家賃⟦15,000円⟧、⟦3億ドル⟧',
    '⟦50,000원⟧ 또는 ⟦₩50,000⟧, ⟦10만원⟧',
    '⟦500 บาท⟧ หรือ ⟦฿1,000⟧',
  ],
  date: [
    'on ⟦3 May 2024⟧, ⟦May 3, 2024⟧, ⟦May 3rd⟧, ⟦Sept. 5, 2023⟧ and in ⟦March 2024⟧',
    '⟦2024-05-03⟧ ⟦2024-05-03T10:00:00Z⟧ ⟦03.05.2024⟧ ⟦5/3/24⟧',
    'not 2024-13-03, 31.02.2024, 5 may, version 2024.5.3, 31 April or 10 Downing',
    'am ⟦3. Mai⟧ und im ⟦März 2024⟧',
    'le ⟦12 avril 2023⟧ et le ⟦1er août⟧',
    'el ⟦3 de marzo de 2024⟧',
    '⟦3 maja 2024⟧, ⟦3. května 2024⟧, ⟦2024. május 3.⟧, ⟦3 Mayıs 2024⟧',
    'ngày ⟦3 tháng 5 năm 2024⟧',
    '⟦3 мая 2024⟧ и ⟦12 травня 2024⟧',
    '⟦3 Μαΐου 2024⟧',
    'يوم ⟦15 مايو 2024⟧ و ⟦١٥ مايو ٢٠٢٤⟧',
    'ביום ⟦3 במאי 2024⟧',
    '⟦3 मई 2024⟧',
    '⟦2024年5月3日⟧、⟦5月3日⟧、⟦2024年5月⟧',
    '⟦2024년 5월 3일⟧까지',
    'วันที่ ⟦3 พฤษภาคม 2567⟧',
  ],
  url: [
    'See ⟦https://example.com/a_(b)⟧.',
    '[docs](⟦https://example.com/x?y=1&z=2#top⟧), <⟦http://localhost:3000/⟧>',
    'visit ⟦www.example.org/x⟧! not example.com, README.md or index.ts',
    '"homepage": "⟦https://github.com/a/b#readme⟧"',
    'http: is a scheme, https:// too, //comment',
    '⟦http://пример.рф/путь⟧ по-русски',
    '⟦https://例え.jp/テスト⟧。',
    '见⟦https://example.cn/路径⟧，谢谢',
    '⟦http://192.168.0.1:8080/x⟧ and ⟦https://[::1]/y⟧',
    '⟦https://user@example.com/😀⟧',
  ],
  email: [
    'mail ⟦bob@example.org⟧ or <⟦x.y@z.co.uk⟧>',
    '⟦first+tag@sub.domain.io⟧, mailto:⟦ada@example.com⟧',
    'not left-pad@1.3.0, @scope/name, a@b or npm@^10',
    '`⟦quoted@example.com⟧`',
    'Ada Lovelace <⟦ada@lovelace.name⟧>',
    'почта ⟦info@example.ru⟧.',
    'メール: ⟦info@example.jp⟧',
    '邮箱: ⟦support@example.cn⟧。',
    'כתבו אל ⟦info@example.co.il⟧',
    'راسلنا ⟦info@example.com⟧',
  ],
  version: [
    'node ⟦v20.19.0⟧ and npm@⟦10.8.2⟧',
    '"^⟦1.2.3-beta.1+build.5⟧", "~⟦2.0.0⟧", ">=⟦3.1.4⟧ <⟦4.0.0-0⟧"',
    '⟦v1⟧, ⟦v2.1⟧, version ⟦3⟧, Version ⟦4.5⟧ and ver. ⟦1.5⟧',
    'not 192.168.0.1, 10.5, 1.2, 2024-05-03, 03.05.2024, 1,000,000 or 3.5.x',
    'ab-⟦1.2.3⟧.tgz',
    'версия ⟦2.1⟧, версии ⟦3.0⟧',
    'versión ⟦2⟧, versão ⟦2.5⟧, έκδοση ⟦3⟧',
    '版本⟦3.2⟧、バージョン ⟦2.0⟧',
    '버전 ⟦2⟧ เวอร์ชัน ⟦5⟧',
    'الإصدار ⟦4⟧ גרסה ⟦2.2⟧ संस्करण ⟦1⟧',
  ],
}

describe.each(Object.entries(gold))('%s', (kind, sentences) => {
  test.each(sentences)('%s', (marked) => {
    const text = marked.replace(/[⟦⟧]/g, '')
    const found = findEntities(text).filter((entity) => entity.kind === kind)
    let shown = text
    for (const { start, end } of found.toReversed())
      shown = `${shown.slice(0, start)}⟦${shown.slice(start, end)}⟧${shown.slice(end)}`
    expect(shown).toBe(marked)
  })
})

test('entities come in order with their spans in UTF-16 units', () => {
  expect(findEntities('👍🏽 $5 to Ada Lovelace in Köln')).toEqual([
    { kind: 'money', text: '$5', start: 5, end: 7 },
    { kind: 'person', text: 'Ada Lovelace', start: 11, end: 23 },
    { kind: 'place', text: 'Köln', start: 27, end: 31 },
  ])
  expect(findEntities('')).toEqual([])
})

describe('of entities that overlap', () => {
  test('a link wins over what it holds', () => {
    expect(kinds('https://example.com/London/v1.2.3?mail=a@b.org')).toEqual(['url'])
  })
  test('the longest name wins', () => {
    expect(kinds('University of Cape Town')).toEqual(['organisation'])
    expect(kinds('New York')).toEqual(['place'])
  })
  test('a date wins over a version and an amount of the same length', () => {
    expect(kinds('03.05.2024')).toEqual(['date'])
  })
  test('whatever the order of the candidates', () => {
    const spans = [
      { kind: 'place', start: 0, end: 5 },
      { kind: 'person', start: 0, end: 5 },
      { kind: 'organisation', start: 3, end: 9 },
      { kind: 'money', start: 8, end: 10 },
    ] as const
    expect(withoutOverlaps(spans)).toEqual([spans[0], spans[3]])
    expect(withoutOverlaps(spans.toReversed())).toEqual([spans[0], spans[3]])
  })
})

function kinds(text: string): EntityKind[] {
  return findEntities(text).map(({ kind }) => kind)
}
