import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { callPlace, snakeCase } from '../../catalog/policy/place.ts'
import { optionNames, readCallOptions } from '../../catalog/policy/readOptions.ts'
import { definitionPolicyNames } from '../../catalog/policy/readPolicies.ts'
import { callMethods } from '../../dataframe/columnMethods/calls.ts'

const page = readFileSync('docs/calls.md', 'utf8')

test('docs/calls.md names every option of a definition, of a column and of a call in SQL', () => {
  for (const name of definitionPolicyNames) expect(page, name).toContain(`\`${name}\``)
  for (const name of Object.values(optionNames)) expect(page, name).toContain(`\`${snakeCase(name)}\``)
  const methods = Object.keys(callMethods).filter((name) => name !== 'withMetadata')
  for (const name of methods) expect(page, name).toContain(`\`${name}(`)
})

test('every option of a call site can be given alone', () => {
  const place = callPlace('f')
  for (const name of Object.values(optionNames)) {
    const value = ['cache', 'dedupe', 'circuitBreaker'].includes(name)
      ? true
      : name === 'onError'
        ? 'null'
        : 1
    expect(readCallOptions({ [name]: value }, place), name).not.toBeNull()
  }
})
