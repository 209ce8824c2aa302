import { describeExecutor, registered } from '../executor.conformance.ts'
import * as fixtures from '../fixtures/functions/conformance.ts'
import { FixtureExecutor } from './fixtureWorker.ts'

// Secrets are asked for by name where handlers run; these are of a caller.
const names = (Object.keys(fixtures) as (keyof typeof fixtures)[]).filter((name) => name !== 'tells')

for (const fault of [
  { kind: 'none' },
  { kind: 'delay', milliseconds: 2 },
  { kind: 'throttle', bytesPerSecond: 2_000_000 },
] as const) {
  const functions = names.map((name) => registered(name))
  const place = fault.kind === 'none' ? 'remote' : `remote (${fault.kind})`
  describeExecutor(place, () => new FixtureExecutor(functions, fault), { isElsewhere: true })
}
