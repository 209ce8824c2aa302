import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { type ErrorCode, errorCodes } from '../../src/base/errorCodes.ts'
import { EngineError } from '../../src/base/errors.ts'
import { exitCodeOf, exitCodes } from '../../src/cli/exitCode.ts'

const codes = Object.keys(errorCodes) as ErrorCode[]

test('every error has the exit code of who has to act', () => {
  const found = new Map<number, string[]>()
  for (const code of codes) {
    const exitCode = exitCodeOf(new EngineError(code, ''))
    found.set(exitCode, [...(found.get(exitCode) ?? []), code])
  }
  expect(found.get(2)).toEqual(['CONFIG_INVALID', 'USAGE_INVALID'])
  expect(found.get(130)).toEqual(['CANCELLED'])
  for (const [exitCode, kinds] of [
    [1, ['user', 'function']],
    [4, ['unavailable']],
    [5, ['limit']],
    [6, ['internal']],
  ] as const) {
    const others = new Set(['CONFIG_INVALID', 'USAGE_INVALID', 'CANCELLED'])
    const expected = codes.filter(
      (code) => kinds.some((kind) => kind === errorCodes[code].kind) && !others.has(code),
    )
    expect(found.get(exitCode)).toEqual(expected)
  }
})

test('docs/cli.md lists every exit code', () => {
  const documented = [...readFileSync('docs/cli.md', 'utf8').matchAll(/^\| (\d+) \|/gm)].map(([, code]) =>
    Number(code),
  )
  expect(documented).toEqual(Object.values(exitCodes))
})
