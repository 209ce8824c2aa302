import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { findEntities } from '../examples/functions/entities/findEntities.ts'
import { memoBatches } from '../examples/memos/memoBatches.ts'
import { repeats } from './repeats.ts'

const pieces = [
  [
    ' ',
    '  ',
    '\n',
    '\t',
    '\u00a0',
    ',',
    '.',
    '-',
    '/',
    ':',
    '(',
    ')',
    '"',
    "'",
    '’',
    '@',
    '$',
    '€',
    '₹',
    '%',
    '_',
    'v',
    's',
  ],
  [
    'Ada',
    'Smith',
    'JOHN',
    'O’Brien',
    'May',
    'London',
    'New York',
    'Bank',
    'of',
    'University',
    'Inc.',
    'S.A.',
    'GmbH',
    'Dr.',
    'van',
    'de',
  ],
  [
    '2024',
    '05',
    '3',
    '1,000',
    '1.2.3',
    'EUR',
    'million',
    'dollars',
    'https://',
    'www.',
    'example.com',
    'a@b.org',
    'mailto:',
  ],
  ['Москве', 'Анна', 'ООО «', '»', 'Αθήνα', 'محمد', 'القاهرة', 'ב', 'תל אביב', 'अमित', 'थापा', '₪', '٣'],
  [
    '北京',
    '张',
    '志强',
    '田中',
    'さくら',
    'さん',
    '株式会社',
    '公司',
    '年',
    '月',
    '日',
    '円',
    '元',
    '김민준',
    '서울',
    '에서',
    '원',
    'นาย',
    'กรุงเทพมหานคร',
    'จำกัด',
  ],
  ['👍🏽', '👨‍👩‍👧', '🇯🇵', 'e\u0301', 'İ', 'ß', 'ﷺ', '\u200d'],
].flat()
const text = fc.oneof(
  fc.array(fc.constantFrom(...pieces), { maxLength: 40 }).map((parts) => parts.join('')),
  fc.array(fc.constantFrom(...pieces), { maxLength: 40 }).map((parts) => parts.join(' ')),
  fc.string({ unit: 'grapheme', maxLength: 120 }),
  fc.string({ unit: 'binary', maxLength: 120 }),
)

describe('whatever the text', () => {
  test('spans lie inside it, slice to the entity, and follow one another', () => {
    fc.assert(
      fc.property(text, (value) => {
        let previous = 0
        for (const { text: found, start, end } of findEntities(value)) {
          expect(start).toBeGreaterThanOrEqual(previous)
          expect(end).toBeGreaterThan(start)
          expect(end).toBeLessThanOrEqual(value.length)
          expect(value.slice(start, end)).toBe(found)
          previous = end
        }
      }),
      { numRuns: repeats(2000) },
    )
  })

  test('no entity ends in the middle of a character', () => {
    fc.assert(
      fc.property(text, (value) => {
        for (const { text: found } of findEntities(value)) expect(encodeURIComponent(found)).not.toBe('')
      }),
      { numRuns: repeats(1000) },
    )
  })

  test('it gives the same entities again, whatever came between', () => {
    fc.assert(
      fc.property(text, text, (value, other) => {
        const first = findEntities(value)
        findEntities(other)
        expect(findEntities(value)).toEqual(first)
      }),
      { numRuns: repeats(500) },
    )
  })
})

test('most memos name whom they are to or from, when, where or how much', () => {
  const [batch] = memoBatches({ rows: 2000, nulls: 0, duplicates: 0 })
  const memos = batch?.memo ?? []
  const found = memos.filter((memo) => findEntities(memo ?? '').length >= 2)
  expect(found.length / memos.length).toBeGreaterThan(0.9)
})
