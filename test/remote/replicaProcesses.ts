import { readScalingGroup } from '../../catalog/groups/readScalingGroup.ts'
import type { ScalingGroupSpec } from '../../catalog/groups/scalingGroup.ts'
import { type RegisteredFunction, registerFunction } from '../../catalog/registerFunction.ts'
import { createChannel } from '../../src/protocol/client.ts'
import { backgroundClock } from '../../udf/clock.ts'
import { RemoteExecutor } from '../../udf/executors/remote/remote.ts'
import { ProcessProvider } from '../../udf/scaling/providers/processProvider.ts'
import { ReplicaSet } from '../../udf/scaling/replicaSet.ts'
import { batchOf, valuesOf } from '../executor.conformance.ts'
import * as fixtures from '../fixtures/remote/functions.ts'
import { contextOf } from '../invocations.ts'
import { atGroup } from './replicas.ts'

const url = new URL('../fixtures/remote/functions.ts', import.meta.url).href
const cli = new URL('../../dist/src/cli/main.js', import.meta.url).pathname
const ROWS = 200

/** Workers in processes of their own that host `slow_upper`, and calls of them. */
export class ReplicaProcesses {
  readonly group: ScalingGroupSpec
  readonly replicas: ReplicaSet
  readonly executor: RemoteExecutor
  readonly #upper: RegisteredFunction

  constructor(replicas: number, options: object = {}) {
    this.group = readScalingGroup({
      name: 'killed',
      functions: [url],
      minReplicas: replicas,
      maxReplicas: replicas,
      maxConcurrentRequests: 4,
      ...options,
    })
    const { group } = this
    this.replicas = new ReplicaSet({
      group,
      revision: 1,
      provider: new ProcessProvider({ group, revision: 1, secrets: {}, stateDirectory: null, cli }),
      connect: (endpoint) => createChannel({ endpoint, tls: null, token: null }),
      clock: backgroundClock,
      random: Math.random,
      log: () => undefined,
    })
    this.executor = new RemoteExecutor({ replicasOf: () => this.replicas })
    this.#upper = atGroup(registerFunction(fixtures.slowUpper, { url, exportName: 'slowUpper' }), group)
  }

  /** Calls so many batches, as many at once as the executor wants, and gives the numbers of those whose rows came back wrong. */
  async call(batches: number): Promise<readonly number[]> {
    const wrong: number[] = []
    let next = 0
    const oneByOne = async (): Promise<void> => {
      for (let batch = next++; batch < batches; batch = next++) {
        const texts = Array.from({ length: ROWS }, (_, row) => `row ${row} of ${batch}`)
        const context = contextOf({ batch, firstRow: batch * ROWS })
        const result = await this.executor.invoke(this.#upper, batchOf(this.#upper, texts), context)
        const values = valuesOf(this.#upper, result)
        if (values.length !== ROWS || values.some((value, row) => value !== texts[row]!.toUpperCase())) {
          wrong.push(batch)
        }
      }
    }
    const atOnce = this.executor.concurrencyOf(this.#upper.signature)
    await Promise.all(Array.from({ length: atOnce }, oneByOne))
    return wrong
  }

  async close(): Promise<void> {
    await this.executor.close()
    await this.replicas.close()
  }
}
