import { expect, test } from 'vitest'
import { type CompletionNames, complete } from '../../src/cli/repl/completion.ts'

const names: CompletionNames = {
  keywords: ['as', 'from', 'group', 'name', 'select', 'where'],
  reserved: new Set(['as', 'from', 'group', 'select', 'where']),
  functions: ['extract_entities', 'text.upper'],
  tables: new Map([
    ['memos', ['id', 'memo', 'Grand Total']],
    ['people', ['id', 'name', 'group']],
  ]),
}

test.each<readonly [string, readonly string[], string]>([
  ['sel', ['select'], 'sel'],
  ['SEL', ['SELECT'], 'SEL'],
  ['Sel', ['SELECT'], 'Sel'],
  ['select ', [], ''],
  ['select ex', ['extract_entities('], 'ex'],
  ['select "me', ['"memo"', '"memos"'], '"me'],
  ['select m', ['memo', 'memos'], 'm'],
  ['select g', ['"Grand Total"', '"group"', 'group'], 'g'],
  ['select "gr', ['"Grand Total"', '"group"'], '"gr'],
  ['select * from ', ['memos', 'people'], ''],
  ['select * from m', ['memos'], 'm'],
  ['select * from memos join p', ['people'], 'p'],
  ['select 1 from people where n', ['name'], 'n'],
  ['select 1 from people where "n', ['"name"'], '"n'],
  ['select * from "p', ['"people"'], '"p'],
  ['select memos.', ['id', 'memo', '"Grand Total"'], ''],
  ['select * from people as p where p.n', ['name'], 'n'],
  ['select * from PEOPLE q where q.', ['id', 'name', '"group"'], ''],
  ['select nothing.x', [], 'x'],
  ['select text.u', ['upper('], 'u'],
  ["select catalog_call('", ['extract_entities', 'text.upper'], ''],
  ["select CATALOG_CALL( 'ext", ['extract_entities'], 'ext'],
  ["select catalog_call('extract_entities', me", ['memo', 'memos'], 'me'],
  ['select 1 +', [], ''],
])('%j', (text, candidates, replaced) => {
  expect(complete(text, names)).toEqual([candidates, replaced])
})
