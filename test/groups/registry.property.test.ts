import fc from 'fast-check'
import { expect, it } from 'vitest'
import { ScalingGroup } from '../../catalog/groups/defineScalingGroup.ts'
import type { GroupRollout } from '../../catalog/groups/deployment.ts'
import type { GroupRegistry } from '../../catalog/groups/groupRegistry.ts'
import { repeats } from '../repeats.ts'
import { openGroups } from './groupFolder.ts'

/** What the registry should know of a group. */
interface Expected {
  last: number
  /** What tells definitions apart, by revision. */
  revisions: Map<number, number>
  /** Revisions that had all calls, the last one last. */
  completed: number[]
  rollout: GroupRollout | null
}

type Act =
  | { readonly kind: 'deploy'; readonly replicas: number; readonly share: number; readonly force: boolean }
  | { readonly kind: 'promote'; readonly share: number }
  | { readonly kind: 'rollback' | 'delete' }

const share = fc.constantFrom(1, 10, 50, 100)
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('deploy' as const),
      replicas: fc.integer({ min: 1, max: 3 }),
      share,
      force: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('promote' as const), share }) },
  { weight: 2, arbitrary: fc.constant<Act>({ kind: 'rollback' }) },
  { weight: 1, arbitrary: fc.constant<Act>({ kind: 'delete' }) },
)

/** Does the act to what is expected, and answers whether it should succeed. */
function expectAct(expected: Expected, done: Act): boolean {
  const { rollout, revisions } = expected
  if (done.kind === 'deploy') {
    const served = rollout === null ? [] : [rollout.revision, rollout.previous]
    const same = served.find((one) => one !== null && revisions.get(one) === done.replicas)
    const revision = done.force || same === undefined || same === null ? ++expected.last : same
    revisions.set(revision, done.replicas)
    shareOut(expected, revision, done.share)
    return true
  }
  if (rollout === null) return false
  switch (done.kind) {
    case 'promote':
      if (rollout.previous === null) return done.share === 100
      shareOut(expected, rollout.revision, done.share)
      return true
    case 'rollback': {
      const before = rollout.previous ?? expected.completed.findLast((one) => one !== rollout.revision)
      if (before === undefined) return false
      shareOut(expected, before, 100)
      return true
    }
    case 'delete':
      expected.rollout = null
      expected.revisions = new Map()
      expected.completed = []
      return true
  }
}

function shareOut(expected: Expected, revision: number, asked: number): void {
  const { rollout } = expected
  const proven = rollout === null ? revision : (rollout.previous ?? rollout.revision)
  const own = proven === revision ? 100 : asked
  const isSame = rollout?.revision === revision && rollout.share === own
  expected.rollout = { revision, share: own, previous: own === 100 ? null : proven }
  if (own < 100 || isSame) return
  expected.completed = [...expected.completed.filter((one) => one !== revision), revision]
}

async function carryOut(registry: GroupRegistry, done: Act): Promise<void> {
  switch (done.kind) {
    case 'deploy': {
      const { replicas, force } = done
      const definition = ScalingGroup({ name: 'texts', endpoints: `worker:${replicas}` })
      await registry.commit(await registry.plan(definition, { force }), done.share)
      return
    }
    case 'promote':
      await registry.promote('texts', done.share)
      return
    case 'rollback':
      await registry.commit(await registry.planRollback('texts'))
      return
    case 'delete':
      await registry.delete('texts')
  }
}

it('serves what it was told to, whatever comes after what', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 16 }), async (acts) => {
      const { registry } = await openGroups(':memory:')
      const expected: Expected = { last: 0, revisions: new Map(), completed: [], rollout: null }
      for (const done of acts) {
        const isDone = await carryOut(registry, done).then(
          () => true,
          () => false,
        )
        expect(isDone).toBe(expectAct(expected, done))
        const [deployed] = await registry.list()
        const rollout =
          deployed === undefined
            ? null
            : {
                revision: deployed.current.revision,
                share: deployed.share,
                previous: deployed.previous?.revision ?? null,
              }
        expect(rollout).toEqual(expected.rollout)
        if (deployed === undefined) continue
        const revisions = await registry.revisions('texts')
        expect(revisions.map(({ revision }) => revision)).toEqual(
          [...expected.revisions.keys()].toSorted((a, b) => a - b),
        )
        const completed = revisions
          .filter((one) => one.completed !== null)
          .toSorted((a, b) => (a.completed ?? 0) - (b.completed ?? 0))
        expect(completed.map(({ revision }) => revision)).toEqual(expected.completed)
      }
    }),
    { numRuns: repeats(60) },
  )
})
