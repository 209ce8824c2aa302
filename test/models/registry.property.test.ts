import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { ModelRegistry } from '../../catalog/models/modelRegistry.ts'
import { churnGraph, openRegistry } from './registryFolder.ts'

/** What the registry should know of one model and its groups. */
interface Expected {
  last: number
  versions: number[]
  readonly aliases: Map<string, number>
  /** Versions of revisions, by group. */
  readonly groups: Map<string, number[]>
}

type Act =
  | { readonly kind: 'register'; readonly aliases: readonly string[] }
  | { readonly kind: 'promote'; readonly alias: string; readonly version: number }
  | { readonly kind: 'delete'; readonly version: number }
  | { readonly kind: 'deploy'; readonly group: string; readonly version: number | string }
  | { readonly kind: 'rollback' | 'undeploy'; readonly group: string }

const alias = fc.constantFrom('prod', 'beta')
const group = fc.constantFrom('left', 'right')
const version = fc.integer({ min: 1, max: 5 })
const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({ kind: fc.constant('register' as const), aliases: fc.uniqueArray(alias) }),
  fc.record({ kind: fc.constant('promote' as const), alias, version }),
  fc.record({ kind: fc.constant('delete' as const), version }),
  fc.record({
    kind: fc.constant('deploy' as const),
    group,
    version: fc.oneof(version, alias, fc.constant('latest')),
  }),
  fc.record({ kind: fc.constantFrom('rollback' as const, 'undeploy' as const), group }),
)

/** Does the act to what is expected, and answers whether it should succeed. */
function expectAct(expected: Expected, done: Act): boolean {
  const { versions, aliases, groups } = expected
  switch (done.kind) {
    case 'register':
      versions.push(++expected.last)
      for (const name of done.aliases) aliases.set(name, expected.last)
      return true
    case 'promote':
      if (!versions.includes(done.version)) return false
      aliases.set(done.alias, done.version)
      return true
    case 'delete': {
      const used = [...aliases.values(), ...[...groups.values()].map((revisions) => revisions.at(-1))]
      if (!versions.includes(done.version) || used.includes(done.version)) return false
      expected.versions = versions.filter((own) => own !== done.version)
      return true
    }
    case 'deploy': {
      const { version: asked } = done
      const named = asked === 'latest' ? versions.at(-1) : aliases.get(String(asked))
      return expectRevision(expected, done.group, typeof asked === 'number' ? asked : named)
    }
    case 'rollback':
      return expectRevision(expected, done.group, groups.get(done.group)?.at(-2))
    case 'undeploy':
      return groups.delete(done.group)
  }
}

function expectRevision({ versions, groups }: Expected, name: string, served: number | undefined): boolean {
  if (served === undefined || !versions.includes(served)) return false
  groups.set(name, [...(groups.get(name) ?? []), served])
  return true
}

async function perform(registry: ModelRegistry, model: string, done: Act): Promise<unknown> {
  switch (done.kind) {
    case 'register':
      return registry.registerModelVersion({ name: 'churn', model, aliases: done.aliases })
    case 'promote':
      return registry.promote({ name: 'churn', alias: done.alias, version: done.version })
    case 'delete':
      return registry.deleteModel({ name: 'churn', version: done.version })
    case 'deploy':
      return registry.commitDeployment(
        await registry.planDeployment({ group: done.group, model: 'churn', version: done.version }),
      )
    case 'rollback':
      return registry.commitDeployment(await registry.planRollback(done.group))
    case 'undeploy':
      return registry.undeploy(done.group)
  }
}

/** The group that the act changes if it succeeds. */
function groupOf(done: Act): string | null {
  return 'group' in done ? done.group : null
}

async function performAll(registry: ModelRegistry, model: string, acts: readonly Act[]): Promise<Expected> {
  const expected: Expected = { last: 0, versions: [], aliases: new Map(), groups: new Map() }
  const revisions = new Set<string>()
  for (const done of acts) {
    const before = await registry.revision()
    const succeeds = expectAct(expected, done)
    const succeeded = await perform(registry, model, done).then(
      () => true,
      () => false,
    )
    expect(succeeded).toBe(succeeds)
    const changed = succeeds ? groupOf(done) : null
    expect((await registry.revision()) > before).toBe(changed !== null)
    if (changed === null || done.kind === 'undeploy') continue
    const revision = `${changed} ${(await registry.revisions(changed)).at(-1)?.revision}`
    expect(revisions.has(revision)).toBe(false)
    revisions.add(revision)
  }
  return expected
}

it('does with versions, aliases and revisions what lists of numbers would, and no revision comes twice', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 5, maxLength: 25 }), async (acts) => {
      const { registry, write } = openRegistry()
      const expected = await performAll(registry, write('churn.onnx', churnGraph), acts)
      const [summary] = await registry.list()
      expect(summary?.versions.map((own) => own.version) ?? []).toEqual(expected.versions)
      const latest = expected.versions.at(-1)
      const aliases = Object.fromEntries((summary?.aliases ?? []).map((own) => [own.alias, own.version]))
      expect(aliases).toEqual({
        ...(latest === undefined ? {} : { latest }),
        ...Object.fromEntries(expected.aliases),
      })
      const deployed = (await registry.deployments()).map(({ deployment }) => deployment)
      expect(deployed.map((own) => own.group)).toEqual([...expected.groups.keys()].toSorted())
      for (const [name, served] of expected.groups) {
        expect((await registry.revisions(name)).map((own) => own.version)).toEqual(served)
        expect(deployed.find((own) => own.group === name)?.version).toBe(served.at(-1))
      }
    }),
    { numRuns: 25 },
  )
})
