import { describeExecutor, registered } from '../executor.conformance.ts'
import * as fixtures from '../fixtures/functions/conformance.ts'
import { FixtureExecutor } from './fixtureWorker.ts'

// Secrets are asked for by name where handlers run; these are of a caller.
const names = (Object.keys(fixtures) as (keyof typeof fixtures)[]).filter((name) => name !== 'tells')

describeExecutor('remote', () => new FixtureExecutor(names.map((name) => registered(name))), {
  isElsewhere: true,
})
