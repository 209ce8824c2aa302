import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { editDistance, nearestNames, suggestNames } from '../src/base/suggest.ts'

describe('editDistance', () => {
  it('counts inserts, deletes, replacements and swaps of neighbours, letter case aside', () => {
    expect(editDistance('extract_entites', 'extract_entities')).toBe(1)
    expect(editDistance('sentimnet', 'sentiment')).toBe(1)
    expect(editDistance('kitten', 'sitting')).toBe(3)
    expect(editDistance('Upper', 'uPPER')).toBe(0)
    expect(editDistance('', 'abc')).toBe(3)
  })

  it('is a distance: symmetric, zero for equal texts, at most the longer length', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 }), (a, b) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a))
        expect(editDistance(a, a)).toBe(0)
        expect(editDistance(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length) * 2)
      }),
    )
  })
})

describe('suggestions', () => {
  const names = ['extract_entities', 'extract_entity', 'sentiment', 'language', 'a1', 'a2', 'a3']

  it('gives near names, nearest first, at most three', () => {
    expect(nearestNames('extract_entites', names)).toEqual(['extract_entities', 'extract_entity'])
    expect(nearestNames('b9', names)).toEqual([])
    expect(nearestNames('a4x', ['a4', 'a4y', 'a4z', 'b4x'])).toEqual(['a4', 'a4y', 'a4z'])
  })

  it('writes a question, or what there is', () => {
    expect(suggestNames('sentimnet', names, 'the catalog')).toBe("did you mean 'sentiment'?")
    expect(suggestNames('extract_entites', names, 'the catalog')).toBe(
      "did you mean 'extract_entities' or 'extract_entity'?",
    )
    expect(suggestNames('zzzzzz', names, 'the catalog')).toBe(
      'the catalog has extract_entities, extract_entity, sentiment, language, a1 and 2 more',
    )
    expect(suggestNames('zzz', ['memo'], 'the table')).toBe('the table has memo')
    expect(suggestNames('zzz', [], 'the catalog')).toBe('the catalog is empty')
  })
})
