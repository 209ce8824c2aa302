import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { ScalingGroup } from '../../catalog/groups/defineScalingGroup.ts'
import { functionsOfGroup, placeDefinitions } from '../../catalog/groups/hostedFunctions.ts'
import { loadDefinitions } from '../../catalog/loadModules.ts'
import type { RegisteredFunction } from '../../catalog/registerFunction.ts'

const fixtures = fileURLToPath(new URL('../fixtures/groups', import.meta.url))

function namesOf(functions: readonly RegisteredFunction[]): readonly string[] {
  return functions.map(({ signature }) => signature.name)
}

it('puts functions in the groups that they name, and leaves the others of their modules where they are', async () => {
  const groups = [ScalingGroup({ name: 'texts' })]
  const { functions } = await loadDefinitions(['mixed.ts'], fixtures)
  const placed = await placeDefinitions({ functions, groups }, fixtures)
  expect(placed.groups.map((group) => namesOf(group.functions))).toEqual([['shout']])
  expect(placed.groups[0]?.spec.source).toMatchObject({
    kind: 'functions',
    modules: [expect.stringMatching(/mixed\.ts$/)],
  })
  expect(namesOf(placed.local)).toEqual(['nearby'])
  expect(namesOf(placed.homeless)).toEqual(['whisper'])
})

it('takes of modules what names the group, or else what names none', async () => {
  const { functions } = await loadDefinitions(['mixed.ts', 'stamp.ts'], fixtures)
  expect(namesOf(functionsOfGroup(functions, 'TEXTS'))).toEqual(['shout', 'stamp'])
  expect(namesOf(functionsOfGroup(functions, 'stamps'))).toEqual(['nearby', 'stamp'])
})
