import { expect, test } from 'vitest'
import { addSetting, formatOfFile } from '../../src/cli/flags.ts'
import { chooseFormat } from '../../src/cli/outputFormat.ts'

test('a setting is a number or a boolean where it looks like one, and text otherwise', () => {
  const settings = ['threads=2', 'optimize=false', 'memoryLimit=4GB', 'route=staged', 'note=a=b c', 'empty=']
  const read = settings.reduce<ReturnType<typeof addSetting>>(
    (previous, text) => addSetting(text, previous),
    {},
  )
  expect(read).toEqual({
    threads: 2,
    optimize: false,
    memoryLimit: '4GB',
    route: 'staged',
    note: 'a=b c',
    empty: '',
  })
  expect(addSetting('threads=3', { threads: 2 })).toEqual({ threads: 3 })
  expect(() => addSetting('threads', {})).toThrow('Write it as key=value, such as threads=2.')
  expect(() => addSetting('=2', {})).toThrow('Write it as key=value, such as threads=2.')
})

test.each([
  ['out.csv', 'csv'],
  ['out.JSON', 'json'],
  ['a.b/out.jsonl', 'ndjson'],
  ['out.ndjson', 'ndjson'],
  ['out.arrow', 'arrow'],
  ['out.feather', 'arrow'],
  ['out.parquet', 'parquet'],
  ['out.txt', 'table'],
  ['out', null],
  ['csv', null],
])('%s is written as %s', (path, format) => expect(formatOfFile(path)).toBe(format))

test('a result is a table on a terminal, and NDJSON elsewhere', () => {
  expect(chooseFormat({}, true)).toEqual({ format: 'table', maxRows: 100 })
  expect(chooseFormat({}, false)).toEqual({ format: 'ndjson', maxRows: Infinity })
  expect(chooseFormat({ maxRows: 7 }, true)).toEqual({ format: 'table', maxRows: 7 })
  expect(chooseFormat({ output: 'a.csv' }, true)).toEqual({ format: 'csv', maxRows: Infinity })
  expect(chooseFormat({ output: 'a.csv', format: 'json' }, true)).toEqual({
    format: 'json',
    maxRows: Infinity,
  })
})

test('bytes are kept from a terminal, and a file has to say its format', () => {
  expect(() => chooseFormat({ format: 'parquet' }, true)).toThrow(
    'format parquet cannot be shown on a terminal\n  write it to a file with -o result.parquet, or send it to another program',
  )
  expect(chooseFormat({ format: 'parquet' }, false)).toMatchObject({ format: 'parquet' })
  expect(() => chooseFormat({ output: 'result' }, false)).toThrow(
    'the name of result does not say in which format to write it\n  add --format with one of table, json, ndjson, csv, arrow, parquet',
  )
})
