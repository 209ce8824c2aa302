import ts from 'typescript'
import { beforeAll, expect, test } from 'vitest'

const root = new URL('../../', import.meta.url).pathname
const catalogFile = `${root}test/dataframe/catalog.d.ts`
const userFile = `${root}test/dataframe/user.ts`

/** What `callplane types` writes. */
const catalog = `
export {}
declare module 'callplane' {
  interface CatalogFunctions {
    /** People, places and sums of money in a text. */
    extract_entities: { args: [memo: string | null]; result: { kind: string; text: string }[] | null }
    score: { args: [amount: number | bigint | null, day: number | Date | null]; result: number | null }
  }
}
`
const head = `
import { DataFrame, F, _ } from 'callplane'
const memos = DataFrame.scan('memos.parquet', { schema: { memo: 'VARCHAR', amount: 'DOUBLE' } })
`

let text = ''
let version = 0
let service: ts.LanguageService

/** The compiler over a file of a user that exists only here, beside a catalog.d.ts. */
beforeAll(() => {
  const { options } = ts.parseJsonConfigFileContent(
    {
      compilerOptions: {
        strict: true,
        noUncheckedIndexedAccess: true,
        noPropertyAccessFromIndexSignature: true,
      },
    },
    ts.sys,
    root,
  )
  const files: Readonly<Record<string, () => string>> = {
    [catalogFile]: () => catalog,
    [userFile]: () => text,
  }
  const read = (path: string): string | undefined => files[path]?.() ?? ts.sys.readFile(path)
  service = ts.createLanguageService({
    getCompilationSettings: () => ({
      ...options,
      noEmit: true,
      skipLibCheck: true,
      allowImportingTsExtensions: true,
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.NodeNext,
      lib: ['lib.es2023.d.ts'],
      types: ['node'],
      paths: { callplane: [`${root}dist/src/index.d.ts`] },
    }),
    getCurrentDirectory: () => root,
    getDefaultLibFileName: (settings) => ts.getDefaultLibFilePath(settings),
    getScriptFileNames: () => [catalogFile, userFile],
    getScriptVersion: (path) => (path === userFile ? String(version) : '1'),
    getScriptSnapshot: (path) => {
      const found = read(path)
      return found === undefined ? undefined : ts.ScriptSnapshot.fromString(found)
    },
    fileExists: (path) => path in files || ts.sys.fileExists(path),
    readFile: read,
    directoryExists: (path) => ts.sys.directoryExists(path),
    getDirectories: (path) => ts.sys.getDirectories(path),
  })
})

/** What the compiler says of a line of a user's code. */
function errorsOf(line: string): string[] {
  text = head + line
  version += 1
  return service
    .getSemanticDiagnostics(userFile)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n').split('\n')[0] ?? '')
}

/** What an editor offers where the line has a bar. */
function completions(line: string): string[] {
  const position = head.length + line.indexOf('|')
  text = head + line.replace('|', '')
  version += 1
  return service.getCompletionsAtPosition(userFile, position, {})?.entries.map(({ name }) => name) ?? []
}

test('calls are checked against the catalog.d.ts that a user has', () => {
  expect(errorsOf(`memos.project((c) => ({ e: F.catalogCall('extract_entities', c.memo) }))`)).toEqual([])
  expect(errorsOf(`memos.project({ e: F.catalogCall('extract_entities', _.memo) })`)).toEqual([])
  expect(errorsOf(`F.catalogCall('extract_entites', _.memo)`)).toEqual([
    `Argument of type '"extract_entites"' is not assignable to parameter of type '"extract_entities" | "score"'.`,
  ])
  expect(errorsOf(`F.catalogCall('extract_entities')`)).toEqual(['Expected 2 arguments, but got 1.'])
  expect(errorsOf(`F.catalogCall('extract_entities', _.memo, 1)`)).toEqual([
    'Expected 2 arguments, but got 3.',
  ])
  expect(errorsOf(`F.catalogCall('extract_entities', 1)`)).toEqual([
    `Argument of type '1' is not assignable to parameter of type 'Argument<string | null>'.`,
  ])
  expect(errorsOf(`memos.project((c) => ({ e: F.catalogCall('extract_entities', c.amount) }))`)).toHaveLength(
    1,
  )
  expect(errorsOf(`memos.project((c) => ({ x: c.amont }))`)).toEqual([
    `Property 'amont' does not exist on type '{ readonly memo: Column<string | null>; readonly amount: Column<number | null>; }'. Did you mean 'amount'?`,
  ])
})

test('the result of a call is known', () => {
  expect(
    errorsOf(
      `const rows: { e: { kind: string; text: string }[] | null }[] = await memos.project((c) => ({ e: F.catalogCall('extract_entities', c.memo) })).toRows()`,
    ),
  ).toEqual([])
})

test('the editor completes functions of the catalog, columns, methods and functions of DuckDB', () => {
  expect(completions(`F.catalogCall('|')`)).toEqual(['extract_entities', 'score'])
  expect(completions('memos.project((c) => ({ x: c.| }))')).toEqual(['amount', 'memo'])
  expect(completions('memos.project((c) => ({ x: c.memo.| }))')).toEqual(
    expect.arrayContaining(['upper', 'split', 'cast']),
  )
  expect(completions(`memos.select('|')`)).toEqual(expect.arrayContaining(['memo', 'amount']))
  expect(completions('F.|')).toEqual(
    expect.arrayContaining(['catalogCall', 'listDistinct', 'regexpExtractAll', 'sum']),
  )
  expect(completions(`F.col('x').|`)).toEqual(expect.arrayContaining(['plus', 'isNull', 'over']))
})
