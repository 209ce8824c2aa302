import { describe, expect, test } from 'vitest'
import { mentionsCalls, rewriteCalls } from '../../sql/calls.ts'
import { catalogOf, signature } from './duckdbBinder.ts'

const catalog = catalogOf(
  signature('extract', [['memo', 'VARCHAR']], 'VARCHAR[]'),
  signature(
    'score',
    [
      ['memo', 'VARCHAR'],
      ['weight', 'DOUBLE'],
      ['limit', 'INTEGER'],
    ],
    'DOUBLE',
  ),
  signature('text.clean', [['memo', 'VARCHAR']], 'VARCHAR'),
  signature('now_as', [], 'VARCHAR'),
  signature('tagged', [['metadata', 'VARCHAR']], 'VARCHAR'),
)

function rewritten(text: string): string {
  return rewriteCalls(text, catalog).text
}

describe('calls in any statement', () => {
  test.each([
    ["UPDATE t SET a = catalog_call('extract', memo)", 'UPDATE t SET a = "extract"(memo)'],
    ["SELECT CATALOG_CALL ( 'EXTRACT' , memo ) x", 'SELECT "extract"(memo) x'],
    ['SELECT "catalog_call"(\'extract\', $$a,b)$$)', 'SELECT "extract"($$a,b)$$)'],
    ['SELECT catalog_call(\'now_as\'), now_as(), "NOW_AS"()', 'SELECT "now_as"(), "now_as"(), "now_as"()'],
    [
      "SELECT catalog_call('score', weight => 2, memo => m /* why */ || '!', \"LIMIT\" := f(1, 2))",
      'SELECT "score"(m /* why */ || \'!\', 2, f(1, 2))',
    ],
    ['SELECT score(m, "limit" => [1, 2][1], weight => (3))', 'SELECT "score"(m, (3), [1, 2][1])'],
    [
      "SELECT catalog_call('extract', catalog_call('text.clean', memo => a), metadata => {'model': 'x', n: 1})",
      'SELECT "extract"("text.clean"(a), CAST(to_json({\'model\': \'x\', n: 1}) AS VARCHAR))',
    ],
    ["SELECT tagged(metadata => 'x')", 'SELECT "tagged"(\'x\')'],
    [
      'SELECT text.clean(memo), "text"."clean"(memo), clean(memo)',
      'SELECT "text.clean"(memo), "text.clean"(memo), clean(memo)',
    ],
    ['SELECT list_transform(xs, x -> extract(x))', 'SELECT list_transform(xs, x -> "extract"(x))'],
    ["CREATE MACRO m(x) AS catalog_call('extract', x)", 'CREATE MACRO m(x) AS "extract"(x)'],
    [
      'CREATE VIEW v AS SELECT extract(memo) AS e FROM t',
      'CREATE VIEW v AS SELECT "extract"(memo) AS e FROM t',
    ],
    [
      'MERGE INTO t USING u ON extract(t.a) = extract(u.a) WHEN MATCHED THEN DELETE',
      'MERGE INTO t USING u ON "extract"(t.a) = "extract"(u.a) WHEN MATCHED THEN DELETE',
    ],
  ])('%s', (text, expected) => {
    expect(rewritten(text)).toBe(expected)
  })

  test.each([
    'SELECT \'catalog_call(1)\', "catalog_call", catalog_call FROM t -- catalog_call(1)',
    'SELECT extract, t.extract, memo.extract() FROM extract',
    'CREATE TABLE extract(memo VARCHAR, n INTEGER)',
    'CREATE TABLE IF NOT EXISTS extract(a INTEGER, b INTEGER)',
    'INSERT INTO extract(a, b) VALUES (1, 2)',
    'CREATE MACRO extract(a, b) AS a + b',
    'WITH extract(a, b) AS (SELECT 1, 2), score(a, b) AS (SELECT 1, 2) SELECT * FROM extract',
    'SELECT * FROM (SELECT 1, 2) extract(a, b), (SELECT 1, 2) AS score(a, b), t score(a, b)',
    'CREATE INDEX i ON extract(a, b)',
    'SELECT other.extract(a, b), catalog_call',
  ])('leave %s alone', (text) => {
    expect(rewriteCalls(text, catalog)).toEqual({ text, calls: [] })
  })

  test('are listed with their places', () => {
    const text = "DELETE FROM t WHERE extract(catalog_call('text.clean', a)) = []"
    expect(rewriteCalls(text, catalog).calls).toEqual([
      { function: 'extract', options: null, outcome: 'value', position: 20 },
      { function: 'text.clean', options: null, outcome: 'value', position: 28 },
    ])
  })

  test.each([
    ["SELECT catalog_call('extract', a)", true],
    ['SELECT EXTRACT (a)', true],
    ['SELECT text.clean(a)', true],
    ['SELECT a.clean()', true],
    ["SELECT 'extract(a)', extract FROM t", false],
  ])('%s may call: %s', (text, expected) => {
    expect(mentionsCalls(text, catalog)).toBe(expected)
  })
})

describe('mistakes in calls show their place', () => {
  test.each([
    [
      'UPDATE t SET a = catalog_call(name, memo)',
      'CATALOG_CALL_INVALID',
      `catalog_call needs the name of the function first, as a string: catalog_call('name', …)
  LINE 1: UPDATE t SET a = catalog_call(name, memo)
                           ^`,
    ],
    [
      "SELECT catalog_call('a' || 'b')",
      'CATALOG_CALL_INVALID',
      `catalog_call needs the name of the function first, as a string: catalog_call('name', …)
  LINE 1: SELECT catalog_call('a' || 'b')
                 ^`,
    ],
    [
      "DELETE FROM t\nWHERE catalog_call('extrakt', memo) = []\nRETURNING 1",
      'UNKNOWN_FUNCTION',
      `unknown catalog function 'extrakt': did you mean 'extract'?
  LINE 2: WHERE catalog_call('extrakt', memo) = []
                ^`,
    ],
    [
      'SELECT extract(a, b)',
      'WRONG_ARGUMENTS',
      `function 'extract' takes 1 argument, got 2
  LINE 1: SELECT extract(a, b)
                 ^
  extract(memo VARCHAR) → VARCHAR[]`,
    ],
    [
      'SELECT 1, score(a, wait => 2)',
      'WRONG_ARGUMENTS',
      `function 'score' has no argument 'wait': it has memo, weight, limit
  LINE 1: SELECT 1, score(a, wait => 2)
                    ^
  score(memo VARCHAR, weight DOUBLE, limit INTEGER) → DOUBLE`,
    ],
    [
      'SELECT score(a, memo => 2)',
      'WRONG_ARGUMENTS',
      `function 'score' got argument 'memo' twice
  LINE 1: SELECT score(a, memo => 2)
                 ^
  score(memo VARCHAR, weight DOUBLE, limit INTEGER) → DOUBLE`,
    ],
    [
      'SELECT score(a, weight => 1, weight => 2)',
      'WRONG_ARGUMENTS',
      `function 'score' got argument 'weight' twice
  LINE 1: SELECT score(a, weight => 1, weight => 2)
                 ^
  score(memo VARCHAR, weight DOUBLE, limit INTEGER) → DOUBLE`,
    ],
  ])('%s', (text, code, message) => {
    expect(() => rewriteCalls(text, catalog)).toThrow(expect.objectContaining({ code, message }))
  })

  test('long lines are cut around it', () => {
    const text = `SELECT ${'a, '.repeat(60)}extract() ${', b'.repeat(60)}`
    expect(() => rewriteCalls(text, catalog)).toThrow(`function 'extract' takes 1 argument, got 0
  LINE 1: …${text.slice(137, 237)}…
           ${' '.repeat(50)}^
  extract(memo VARCHAR) → VARCHAR[]`)
  })
})
