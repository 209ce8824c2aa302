import { readFile, writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { generateFunctionNames } from './generateFunctionNames.ts'

const file = new URL('../../dataframe/functionNames.ts', import.meta.url)

/** `UPDATE_FUNCTION_NAMES=1 npx vitest run test/dataframe/functionNames.test.ts` writes the file anew. */
test('the names of functions are those of the DuckDB that is installed', async () => {
  const generated = await generateFunctionNames()
  if (process.env['UPDATE_FUNCTION_NAMES'] !== undefined) await writeFile(file, generated)
  expect(await readFile(file, 'utf8')).toBe(generated)
})
