import { expect, test } from 'vitest'
import { findEntities } from '../examples/functions/entities/findEntities.ts'

/** Texts that make a careless pattern try every way to cut them. */
const seeds = [
  [
    'a',
    'A',
    '1',
    '1 ',
    '1.',
    '1,',
    '1-',
    '1/',
    'v1.',
    '1.1.1-a-',
    '1,000',
    '1 000 ',
    '$',
    '$1',
    'USD ',
    '1 USD ',
  ],
  [
    'A. ',
    'A-',
    "A'",
    '_A',
    '(',
    '\n',
    '@',
    'a@',
    '`a@b',
    'a@b.c',
    'http://',
    'http://a',
    'www.',
    'mailto:',
    '//',
    'https://x.y/((((',
  ],
  [
    'Bank ',
    'Bank of ',
    'University of Bank ',
    'John ',
    'John van der ',
    'John Smith ',
    'Foo, Inc, ',
    'S.A.',
    'St. ',
    'Al ',
    'New York ',
  ],
  ['May ', '3 May ', '2024 ', '2024 May 3 ', '1年', '2024年1月', '5 tháng ', 'version ', 'version 1'],
  ['Москва ', 'Αθήνα ', 'ООО «', 'محمد ', 'و', 'ליוסף ', '१,', 'É-', 'a\u0301', 'İ', 'ﷺ', '😀'],
  [
    '東',
    '東京',
    '田中さくら',
    '株式会社',
    '中国银行',
    '東http://a',
    '김민준 ',
    '은행',
    '주식회사',
    'ก',
    'นาย',
    'บริษัท ',
    'ธนาคาร',
  ],
].flat()
const units = 25_000

function milliseconds(text: string): number {
  const start = process.cpuUsage()
  findEntities(text)
  const { user, system } = process.cpuUsage(start)
  return (user + system) / 1000
}

/** Four times the text takes four times as long; if it were its square, sixteen. Less than 2 ms cannot be compared. */
function growsTooFast(text: string): boolean {
  return milliseconds(text.repeat(4)) > 9 * Math.max(2, milliseconds(text))
}

test('the time grows with the length of a text, not with its square', () => {
  const texts = seeds.map((seed) => seed.repeat(units / seed.length))
  // What is slow once may have been disturbed; what is slow again and again is slow.
  const slow = texts.filter((text) => [1, 2, 3, 4].every(() => growsTooFast(text)))
  expect(slow.map((text) => text.slice(0, 20))).toEqual([])
})

test('every prefix of a tricky text is read to its end', () => {
  const tricky =
    'Dr. A. B. van der O’Brien-Smith, S.A., v1.2.3-rc.1+x 3 May 2024 $1,000.50 million www.a.b/(c) x@y.zz 株式会社東京 김민준님'
  for (let length = 0; length <= tricky.length; length++)
    expect(() => findEntities(tricky.slice(0, length))).not.toThrow()
})
