import { expect, test } from 'vitest'
import { findEntities } from '../examples/functions/entities/findEntities.ts'

/** Texts that make a careless pattern try every way to cut them. */
const seeds = [
  ...[
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
  ...[
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
  ...[
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
  ...['May ', '3 May ', '2024 ', '2024 May 3 ', '1年', '2024年1月', '5 tháng ', 'version ', 'version 1'],
  ...['Москва ', 'Αθήνα ', 'ООО «', 'محمد ', 'و', 'ליוסף ', '१,', 'É-', 'a\u0301', 'İ', 'ﷺ', '😀'],
  ...[
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
]
const units = 30_000

function seconds(text: string): number {
  const start = performance.now()
  findEntities(text)
  return (performance.now() - start) / 1000
}

test('the time grows with the length of a text, not with its square', () => {
  for (const seed of seeds) {
    const text = seed.repeat(units / seed.length)
    const tries = [1, 2, 3].map(() => seconds(text + text + text + text) / seconds(text))
    // Four times the text takes four times as long; if it were its square, sixteen. The best of three, as machines are shared.
    expect(Math.min(...tries), `growth for ${JSON.stringify(seed)}`).toBeLessThan(9)
  }
})

test('a hundred kilobytes take less than a second, whatever they are', () => {
  for (const seed of seeds) {
    const text = seed.repeat(102_400 / seed.length)
    expect(Math.min(seconds(text), seconds(text)), JSON.stringify(seed)).toBeLessThan(1)
  }
})

test('every prefix of a tricky text is read to its end', () => {
  const tricky =
    'Dr. A. B. van der O’Brien-Smith, S.A., v1.2.3-rc.1+x 3 May 2024 $1,000.50 million www.a.b/(c) x@y.zz 株式会社東京 김민준님'
  for (let length = 0; length <= tricky.length; length++)
    expect(() => findEntities(tricky.slice(0, length))).not.toThrow()
})
